// Axes: where standards leave a stack a choice, and the values it can have there. A profile declares them; what it
// leaves open is found out from behaviour, by `finwait detect` or, connection by connection, by the oracle.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace finwait::model {

enum class Axis : std::uint8_t {
  hardening,  ///< RST and SYN inside the window
  ack_range,  ///< an ACK from before SND.UNA - MAX.SND.WND
  rst_in_time_wait,
  syn_in_time_wait,
  timestamps,
  close,  ///< what close() means
  keepalive,
  orphan_fin_wait_2,
};
inline constexpr std::size_t kAxes = 8;

// In the order of the table in axes.cpp; the values of one axis stand together.
enum class Choice : std::uint8_t {
  rfc793,   ///< any RST, any SYN in the window resets
  rfc5961,  ///< challenge ACKs
  any_old_ack,
  rfc5961_ack,        ///< RFC 5961 5.2, MAY-12
  sent_ack,           ///< the same, and what was never sent at all
  tw_rst_deletes,     ///< RFC 9293 3.10.7.4
  tw_rst_ignored,     ///< RFC 1337 F1
  tw_rst_ignored_2s,  ///< RFC 1337 F2
  tw_no_reuse,
  tw_reuse_by_seq,  ///< RFC 9293 MAY-2
  tw_reuse_rfc6191,
  ts_off,
  ts_strict,  ///< RFC 7323: a segment without the option is dropped
  ts_lenient,
  simplex_close,      ///< RFC 9293 3.6
  half_duplex_close,  ///< RFC 9293 MAY-1, SHLD-3: text that nobody can read draws a reset
  no_keepalive,
  keepalive_off,  ///< there, and off until asked for (MUST-25)
  keepalive_on,
  no_orphan_timer,
  orphan_timer,
};
inline constexpr std::size_t kChoices = 21;

struct AxisInfo {
  Axis axis;
  std::string_view name;      ///< "rst-in-time-wait", as a profile writes it
  std::string_view question;  ///< one line
  std::string_view detect;    ///< the probe that tells
};
struct ChoiceInfo {
  Choice choice;
  Axis axis;
  std::string_view name;     ///< "rfc5961", as a profile writes it
  std::string_view meaning;  ///< one line
};

std::span<const AxisInfo> all_axes();
std::span<const ChoiceInfo> all_choices();
const AxisInfo& info(Axis axis);
const ChoiceInfo& info(Choice choice);
std::optional<Axis> find_axis(std::string_view name);
std::optional<Choice> find_choice(Axis axis, std::string_view name);

/// A set of choices, of any axes. As the state of knowledge about a stack: what is still possible on each axis.
class Choices {
 public:
  constexpr Choices() = default;
  constexpr Choices(std::initializer_list<Choice> some) {
    for (const Choice choice : some) bits_ |= bit(choice);
  }
  /// Nothing is known.
  static constexpr Choices all() {
    Choices every;
    every.bits_ = (1U << kChoices) - 1;
    return every;
  }
  /// The choices of one axis.
  static Choices of(Axis axis);

  [[nodiscard]] constexpr bool contains(Choice choice) const { return (bits_ & bit(choice)) != 0; }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
  /// As a number, for those who hand it on; bits that are no choice are dropped.
  [[nodiscard]] constexpr std::uint32_t bits() const { return bits_; }
  static constexpr Choices from_bits(std::uint32_t bits) {
    Choices some;
    some.bits_ = bits & all().bits_;
    return some;
  }
  constexpr bool operator==(const Choices&) const = default;
  friend constexpr Choices operator|(Choices a, Choices b) { return a.bits_ |= b.bits_, a; }
  friend constexpr Choices operator&(Choices a, Choices b) { return a.bits_ &= b.bits_, a; }

  /// On the axis of `choice` nothing but it stays.
  [[nodiscard]] Choices with(Choice choice) const;
  /// On every axis that `needed` speaks of only its choices stay; nullopt when that leaves an axis without any.
  [[nodiscard]] std::optional<Choices> narrowed(Choices needed) const;
  /// "rfc5961", "half-duplex": in the order of the table.
  [[nodiscard]] std::vector<std::string_view> names() const;
  /// "hardening=rfc5961 close=half-duplex|simplex": the axes that are not wholly open.
  [[nodiscard]] std::string to_string() const;

 private:
  static constexpr std::uint32_t bit(Choice choice) { return 1U << static_cast<unsigned>(choice); }
  std::uint32_t bits_ = 0;
};

}  // namespace finwait::model
