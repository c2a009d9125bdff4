// Window: when, after some event, something has to happen.
#pragma once

#include <optional>
#include <string>

#include "harness/model/profile.hpp"
#include "harness/time.hpp"

namespace finwait::run {

struct Window {
  Duration earliest{};
  Duration latest{};
  std::string why;                        ///< where the edges come from; may be empty
  std::optional<Instant> after;           ///< counted from here; by default from the connection's last event
  const model::Figure* figure = nullptr;  ///< the profile's value that it rests on; nullptr: none

  Window(Duration e, Duration l, std::string w = {}) : earliest(e), latest(l), why(std::move(w)) {}
  /// Counts from this instant (that of an earlier segment, say) and not from the last event.
  Window& since(Instant instant) { return after = instant, *this; }

  /// Its instant follows from this timer of the profile.
  Window& because_of(const model::TimerWindow& timer) { return why = timer.why, figure = timer.figure, *this; }

  /// "within 0.100 s", "75.000 .. 77.102 s".
  [[nodiscard]] std::string to_string() const;
  /// The same, and why.
  [[nodiscard]] std::string explained() const { return to_string() + (why.empty() ? "" : " (" + why + ")"); }
};

/// From at once to `latest`.
inline Window within(Duration latest) { return {Duration{0}, latest}; }
inline Window within(Duration earliest, Duration latest) { return {earliest, latest}; }
/// When a timer of the target is due.
inline Window due(const model::TimerWindow& timer) { return Window(timer.earliest, timer.latest).because_of(timer); }

}  // namespace finwait::run
