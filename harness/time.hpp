// Time in finwait: a nanosecond count on a clock that somebody injects. There is deliberately no now() here.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace finwait {

using Duration = std::chrono::nanoseconds;

/// Tag of the one time line a run uses. The loop says what time it is (engine/loop.hpp); nobody else does.
struct Timeline {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<Timeline, Duration>;
  static constexpr bool is_steady = true;
};
using TimePoint = Timeline::time_point;

/// When something happened, as far as it can be known: not before `earliest` and not after `latest`.
/// A send is bracketed by the clock before and after the system call; an arrival by the kernel's own stamp, or, without
/// one, by the last moment the queue was seen empty and the moment of the read.
struct Instant {
  TimePoint earliest{};
  TimePoint latest{};

  [[nodiscard]] Duration uncertainty() const { return latest - earliest; }
  bool operator==(const Instant&) const = default;
};

/// A delay between two instants, as far as it can be known.
struct Elapsed {
  Duration least{};
  Duration most{};
};
inline Elapsed between(const Instant& from, const Instant& to) {
  return {std::max(Duration{0}, to.earliest - from.latest), to.latest - from.earliest};
}

inline double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

}  // namespace finwait
