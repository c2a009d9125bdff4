#include "harness/model/profile.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace finwait::model {

using namespace std::chrono_literals;

Duration linux_wheel_step(Duration nominal, Duration tick) {
  // Level n holds timers of fewer than 63 * 8^n ticks beyond those of level n - 1 and has slots of 8^n ticks.
  constexpr int kDeepest = 8;
  auto step = tick;
  auto limit = 63 * tick;
  for (int level = 0; level < kDeepest && nominal >= limit; level++) {
    step *= 8;
    limit *= 8;
  }
  return step;
}

TimerBounds Profile::bounds(Duration nominal) const {
  if (granularity == Granularity::exact) return {nominal, nominal + reaction};
  if (granularity == Granularity::ticks) return {std::max(nominal - tick, Duration{0}), nominal + 2 * tick + reaction};
  return {nominal - tick, nominal + linux_wheel_step(nominal, tick) + tick + reaction};
}

TimerWindow Profile::timer(Duration nominal) const {
  const auto [earliest, latest] = bounds(nominal);
  if (granularity == Granularity::exact) {
    return {nominal, earliest, latest, fmt::format("timers of {} are exact", name)};
  }
  if (granularity == Granularity::ticks) {
    return {nominal, earliest, latest,
            fmt::format("{:.3f} s in ticks of {} ms: one less to two more, + {} ms to react", seconds(nominal),
                        tick / 1ms, reaction / 1ms)};
  }
  const Duration step = linux_wheel_step(nominal, tick);
  return {nominal, earliest, latest,
          fmt::format("{:.3f} s + one step of the timer wheel, {:.3f} s at {} Hz, +- one tick, + {} ms to react",
                      seconds(nominal), seconds(step), 1s / tick, reaction / 1ms)};
}

TimerWindow Profile::timer(Duration Profile::*field) const {
  TimerWindow window = timer(this->*field);
  for (const Figure& figure : figures()) {
    const auto* own = std::get_if<Duration Profile::*>(&figure.field);
    if (own == nullptr || *own != field) continue;
    window.figure = &figure;
    window.why = citation(*this, figure) + "; " + window.why;
  }
  return window;
}

Profile Profile::with_timers_of(const Profile& target) const {
  Profile mixed = *this;
  mixed.granularity = target.granularity;
  mixed.granularity_note = target.granularity_note;
  mixed.tick = target.tick;
  mixed.reaction = target.reaction;
  return mixed;
}

}  // namespace finwait::model
