// Transcript: all that one case saw and did, in order: every packet of its connections, every app call, every note.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/link/link.hpp"

namespace finwait::run {

/// The two ends of one connection of a case, for relative numbers in texts.
struct ConnectionInfo {
  wire::Endpoint peer, target;
  wire::SeqNum peer_iss, target_iss;
};

struct Entry {
  enum class Kind : std::uint8_t { sent, received, app, note };
  Kind kind = Kind::note;
  bool unexplained = false;      ///< the packet that nothing allowed
  std::uint32_t connection = 0;  ///< index into connections()
  std::uint32_t offset = 0, length = 0;
  Instant at;
  std::string text;  ///< beside a packet: what it is; for the others: what happened

  /// The one time to show: when it was handed over, or when it came.
  [[nodiscard]] TimePoint shown() const { return kind == Kind::received ? at.latest : at.earliest; }
};

class Transcript {
 public:
  /// Past this many octets of packets, further ones are counted and not kept: a flooding target must not take all
  /// memory.
  static constexpr std::size_t kMostOctets = std::size_t{64} << 20;

  std::uint32_t add_connection(ConnectionInfo info) {
    connections_.push_back(info);
    return static_cast<std::uint32_t>(connections_.size() - 1);
  }
  ConnectionInfo& connection(std::uint32_t index) { return connections_[index]; }
  [[nodiscard]] const ConnectionInfo& connection(std::uint32_t index) const { return connections_[index]; }
  [[nodiscard]] const std::vector<ConnectionInfo>& connections() const { return connections_; }

  static constexpr std::size_t kNotKept = static_cast<std::size_t>(-1);

  /// Returns the entry's index, or kNotKept.
  std::size_t packet(link::Direction direction, std::uint32_t connection, Instant at, wire::ByteView octets);
  std::size_t app(std::uint32_t connection, Instant at, std::string text);
  std::size_t note(Instant at, std::string text);
  /// Adds to the text beside an entry.
  void annotate(std::size_t entry, std::string_view text);
  void mark_unexplained(std::size_t entry);

  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  [[nodiscard]] wire::ByteView octets(const Entry& entry) const {
    return {octets_.data() + entry.offset, entry.length};
  }
  [[nodiscard]] std::size_t dropped() const { return dropped_; }
  void drop(std::size_t packets) { dropped_ += packets; }

 private:
  std::size_t push(Entry entry);

  std::vector<ConnectionInfo> connections_;
  std::vector<Entry> entries_;
  wire::Bytes octets_;
  std::size_t dropped_ = 0;
};

}  // namespace finwait::run
