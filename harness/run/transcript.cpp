#include "harness/run/transcript.hpp"

namespace finwait::run {

std::size_t Transcript::push(Entry entry) {
  entries_.push_back(std::move(entry));
  return entries_.size() - 1;
}

std::size_t Transcript::packet(link::Direction direction, std::uint32_t connection, Instant at, wire::ByteView octets) {
  if (octets_.size() + octets.size() > kMostOctets) {
    dropped_++;
    return kNotKept;
  }
  Entry entry;
  entry.kind = direction == link::Direction::to_target ? Entry::Kind::sent : Entry::Kind::received;
  entry.connection = connection;
  entry.offset = static_cast<std::uint32_t>(octets_.size());
  entry.length = static_cast<std::uint32_t>(octets.size());
  entry.at = at;
  octets_.insert(octets_.end(), octets.begin(), octets.end());
  return push(std::move(entry));
}

std::size_t Transcript::app(std::uint32_t connection, Instant at, std::string text) {
  Entry entry;
  entry.kind = Entry::Kind::app;
  entry.connection = connection;
  entry.at = at;
  entry.text = std::move(text);
  return push(std::move(entry));
}

std::size_t Transcript::note(Instant at, std::string text) {
  Entry entry;
  entry.at = at;
  entry.text = std::move(text);
  return push(std::move(entry));
}

void Transcript::annotate(std::size_t entry, std::string_view text) {
  if (entry == kNotKept) return;
  auto& all = entries_.at(entry).text;
  if (!all.empty()) all += "; ";
  all += text;
}

void Transcript::mark_unexplained(std::size_t entry) {
  if (entry != kNotKept) entries_.at(entry).unexplained = true;
}

}  // namespace finwait::run
