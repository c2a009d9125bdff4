// Segment: one TCP segment with its IP header, as a plain value. Cases and the engine use this; only codec.cpp knows
// libtins.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/wire/address.hpp"
#include "harness/wire/options.hpp"
#include "harness/wire/seq.hpp"

namespace finwait::wire {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

inline Bytes to_bytes(std::string_view text) { return {text.begin(), text.end()}; }

/// The control bits (RFC 9293 3.1), with the ECN bits of RFC 3168.
struct Flags {
  std::uint8_t bits = 0;

  [[nodiscard]] constexpr bool has(Flags other) const { return (bits & other.bits) == other.bits; }
  [[nodiscard]] constexpr bool any(Flags other) const { return (bits & other.bits) != 0; }
  constexpr bool operator==(const Flags&) const = default;
  friend constexpr Flags operator|(Flags a, Flags b) { return {static_cast<std::uint8_t>(a.bits | b.bits)}; }
  friend constexpr Flags operator&(Flags a, Flags b) { return {static_cast<std::uint8_t>(a.bits & b.bits)}; }
  friend constexpr Flags operator~(Flags a) { return {static_cast<std::uint8_t>(~a.bits)}; }
};
inline constexpr Flags kFin{0x01}, kSyn{0x02}, kRst{0x04}, kPsh{0x08}, kAck{0x10}, kUrg{0x20}, kEce{0x40}, kCwr{0x80};

/// "S", "S.", "F.", "R", "P." as tcpdump writes them; "none" without any.
std::string to_string(Flags flags);

struct Segment {
  Address source;
  Address destination;
  Port source_port{};
  Port destination_port{};
  SeqNum seq;
  SeqNum ack;  ///< meaningful only with the ACK bit; carried as it is otherwise too
  Flags flags;
  std::uint8_t reserved = 0;  ///< the four bits between data offset and CWR
  std::uint16_t window = 0;   ///< as on the wire, not scaled
  std::uint16_t urgent = 0;
  OptionList options;
  Bytes payload;

  std::uint8_t hop_limit = 64;       ///< IPv4 TTL or IPv6 hop limit
  std::uint8_t traffic_class = 0;    ///< DSCP and ECN
  std::uint16_t identification = 0;  ///< IPv4 only
  bool dont_fragment = true;         ///< IPv4 only
  std::uint32_t flow_label = 0;      ///< IPv6 only, 20 bits

  /// SEG.LEN: the octets of text, counting SYN and FIN (RFC 9293 3.4).
  [[nodiscard]] std::uint32_t length() const {
    return static_cast<std::uint32_t>(payload.size()) + (flags.any(kSyn) ? 1U : 0U) + (flags.any(kFin) ? 1U : 0U);
  }
  bool operator==(const Segment&) const = default;
};

/// The distance from `base`, negative for a number before it; the number itself when `base` is SeqNum{0}.
std::string relative(SeqNum number, SeqNum base);

/// One line in the manner of tcpdump, with numbers relative to the two initial sequence numbers, for instance
/// "F. 1:6 ack 1 win 65535 <nop>" ; pass SeqNum{0} twice for absolute numbers.
std::string describe(const Segment& segment, SeqNum source_iss, SeqNum destination_iss);

}  // namespace finwait::wire
