// Spec: a segment with holes. What is left unsaid is filled in when it is sent, and when it is matched it is either
// what the standard asks for at this point (sequence and acknowledgment numbers) or free (window, PSH, options ...).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/wire/patch.hpp"
#include "harness/wire/segment.hpp"

namespace finwait::wire {

/// Use the makers below: `fin()`, `data("hello").seq(peer.snd_nxt() + 5)`, `ack().window(0)`.
class Spec {
 public:
  Spec() = default;
  explicit Spec(Flags flags) : flags_(flags) {}

  Spec& seq(SeqNum n) { return set(seq_, n); }
  Spec& ack(SeqNum n) { return set(ack_, n); }
  Spec& window(std::uint16_t octets) { return set(window_, octets); }
  Spec& urgent(std::uint16_t pointer) { return set(urgent_, pointer); }
  Spec& options(OptionList list) { return set(options_, list); }
  Spec& hop_limit(std::uint8_t hops) { return set(hop_limit_, hops); }
  Spec& payload(Bytes octets) { return set(payload_, std::move(octets)); }
  Spec& with(Flags more) { return flags_ = flags_ | more, *this; }
  Spec& without(Flags less) { return flags_ = flags_ & ~less, *this; }
  /// Sending only: overwrite fields after the packet has been crafted.
  Spec& patch(Patch p) { return patch_ = std::move(p), *this; }
  /// Matching only: do not compare.
  Spec& any_seq() { return any_seq_ = true, *this; }
  Spec& any_ack() { return any_ack_ = true, *this; }
  Spec& any_payload() { return any_payload_ = true, *this; }
  /// Matching only: these bits may be set or clear.
  Spec& maybe(Flags bits) { return maybe_ = maybe_ | bits, *this; }

  [[nodiscard]] Flags flags() const { return flags_; }
  [[nodiscard]] const std::optional<SeqNum>& seq() const { return seq_; }
  [[nodiscard]] const std::optional<SeqNum>& ack() const { return ack_; }
  [[nodiscard]] const std::optional<std::uint16_t>& window() const { return window_; }
  [[nodiscard]] const std::optional<std::uint16_t>& urgent() const { return urgent_; }
  [[nodiscard]] const std::optional<OptionList>& options() const { return options_; }
  [[nodiscard]] const std::optional<std::uint8_t>& hop_limit() const { return hop_limit_; }
  [[nodiscard]] const std::optional<Bytes>& payload() const { return payload_; }
  [[nodiscard]] const Patch& patch() const { return patch_; }
  [[nodiscard]] bool any_seq_allowed() const { return any_seq_; }
  [[nodiscard]] bool any_ack_allowed() const { return any_ack_; }
  [[nodiscard]] bool any_payload_allowed() const { return any_payload_; }
  [[nodiscard]] Flags maybe() const { return maybe_; }

 private:
  template <class T>
  Spec& set(std::optional<T>& field, T value) {
    field = std::move(value);
    return *this;
  }

  Flags flags_;
  Flags maybe_ = kPsh | kEce | kCwr;
  std::optional<SeqNum> seq_, ack_;
  std::optional<std::uint16_t> window_, urgent_;
  std::optional<OptionList> options_;
  std::optional<std::uint8_t> hop_limit_;
  std::optional<Bytes> payload_;
  Patch patch_;
  bool any_seq_ = false, any_ack_ = false, any_payload_ = false;
};

inline Spec syn() { return Spec(kSyn); }
inline Spec syn_ack() { return Spec(kSyn | kAck); }
inline Spec ack() { return Spec(kAck); }
inline Spec fin() { return Spec(kFin | kAck); }
/// A reset. Matching accepts it with and without the ACK bit, since stacks differ and RFC 9293 3.10.5 leaves room.
inline Spec rst() { return Spec(kRst).maybe(kAck | kPsh); }
inline Spec data(std::string_view text) { return Spec(kAck | kPsh).payload(to_bytes(text)); }
inline Spec data(Bytes octets) { return Spec(kAck | kPsh).payload(std::move(octets)); }

/// What the two ends have agreed on so far, from the side that looks: it fills the holes of a Spec.
struct Expected {
  SeqNum seq;         ///< the sequence number the next segment has to carry
  SeqNum ack;         ///< the acknowledgment number it has to carry
  SeqNum sender_iss;  ///< only for relative numbers in texts
  SeqNum receiver_iss;
};

/// One line of a comparison; `same` is false where the segment is not what the spec asks for.
struct FieldDiff {
  std::string field, expected, actual;
  bool same = true;
};

/// Field by field, in the order of the header; fields that the spec leaves free say "any" and are the same.
std::vector<FieldDiff> diff(const Spec& spec, const Expected& expected, const Segment& actual);
/// The same question without texts: true when no line of diff() differs.
bool matches(const Spec& spec, const Expected& expected, const Segment& actual);
/// Aligned columns, the differing lines marked with '>'.
std::string render(const std::vector<FieldDiff>& lines);
/// The spec in words: "F. seq 1 ack 1 len 0".
std::string describe(const Spec& spec, const Expected& expected);

}  // namespace finwait::wire
