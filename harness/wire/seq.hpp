// Sequence numbers: the only place where arithmetic modulo 2^32 is written (RFC 9293 section 3.4).
#pragma once

#include <cstdint>

namespace finwait::wire {

/// A TCP sequence number. Distances are signed and taken the short way round; there is no `<`, because the order of
/// sequence numbers is not transitive: use before() and after().
class SeqNum {
 public:
  constexpr SeqNum() = default;
  constexpr explicit SeqNum(std::uint32_t value) : value_(value) {}

  [[nodiscard]] constexpr std::uint32_t value() const { return value_; }
  constexpr SeqNum& operator+=(std::uint32_t octets) {
    value_ += octets;
    return *this;
  }
  constexpr bool operator==(const SeqNum&) const = default;

  friend constexpr SeqNum operator+(SeqNum s, std::uint32_t octets) { return SeqNum(s.value_ + octets); }
  friend constexpr SeqNum operator-(SeqNum s, std::uint32_t octets) { return SeqNum(s.value_ - octets); }
  /// Octets from b to a; negative when a lies before b.
  friend constexpr std::int32_t operator-(SeqNum a, SeqNum b) { return static_cast<std::int32_t>(a.value_ - b.value_); }

 private:
  std::uint32_t value_ = 0;
};

constexpr bool before(SeqNum a, SeqNum b) { return a - b < 0; }
constexpr bool after(SeqNum a, SeqNum b) { return a - b > 0; }
/// left =< seq < left + size (modulo 2^32); an empty window holds nothing.
constexpr bool in_window(SeqNum seq, SeqNum left, std::uint32_t size) { return seq.value() - left.value() < size; }

}  // namespace finwait::wire
