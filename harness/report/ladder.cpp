#include "harness/report/ladder.hpp"

#include <fmt/format.h>

#include "harness/wire/codec.hpp"

namespace finwait::report {

namespace {

constexpr std::size_t kMostLines = 60;  // of which half stand before the gap and half after it
constexpr std::size_t kSegmentColumn = 46;

std::string line(const run::Transcript& transcript, const run::Entry& entry, TimePoint origin) {
  using Kind = run::Entry::Kind;
  const double at = seconds(entry.shown() - origin);
  const char* mark = entry.unexplained ? "  <- not explained" : "";
  const std::string note = entry.text.empty() || entry.kind == Kind::app ? "" : "  " + entry.text;
  const std::string connection =
      transcript.connections().size() > 1 ? fmt::format("#{} ", entry.connection + 1) : std::string();
  switch (entry.kind) {
    case Kind::sent:
      return fmt::format("{:12.6f}  {}peer ->          {:<{}}{}{}", at, connection, packet_text(transcript, entry),
                         kSegmentColumn, note, mark);
    case Kind::received:
      return fmt::format("{:12.6f}  {}     -> peer     {:<{}}{}{}", at, connection, packet_text(transcript, entry),
                         kSegmentColumn, note, mark);
    case Kind::app:
      return fmt::format("{:12.6f}  {}app: {}{}", at, connection, entry.text, mark);
    case Kind::note:
      break;
  }
  return fmt::format("{:12.6f}  {}-- {}{}", at, connection, entry.text, mark);
}

}  // namespace

std::string packet_text(const run::Transcript& transcript, const run::Entry& entry) {
  const auto octets = transcript.octets(entry);
  const auto parsed = wire::parse(octets);
  if (!parsed) return fmt::format("{} octets: {}", octets.size(), parsed.error().message);
  const auto& ends = transcript.connection(entry.connection);
  const bool ours = entry.kind == run::Entry::Kind::sent;
  return wire::describe(parsed->segment, ours ? ends.peer_iss : ends.target_iss,
                        ours ? ends.target_iss : ends.peer_iss);
}

std::string ladder(const run::Transcript& transcript, TimePoint origin, std::size_t indent) {
  const auto& entries = transcript.entries();
  std::string out;
  const std::string margin(indent, ' ');
  for (std::size_t i = 0; i < entries.size(); i++) {
    if (entries.size() > kMostLines && i == kMostLines / 2) {
      const std::size_t skipped = entries.size() - kMostLines;
      out += fmt::format("{}        ...   {} more lines; the capture has them all\n", margin, skipped);
      i += skipped;
    }
    std::string text = line(transcript, entries[i], origin);
    text.erase(text.find_last_not_of(' ') + 1);
    out += margin + text + "\n";
  }
  if (transcript.dropped() > 0) {
    out += fmt::format("{}        ...   and {} packets that were too many to keep\n", margin, transcript.dropped());
  }
  return out;
}

}  // namespace finwait::report
