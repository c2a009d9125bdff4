#include "harness/model/profile.hpp"

#include <fmt/format.h>

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

TimerWindow Profile::timer(Duration nominal) const {
  if (granularity == Granularity::exact) {
    return {nominal, nominal, nominal + reaction, fmt::format("timers of {} are exact", name)};
  }
  const Duration step = linux_wheel_step(nominal, tick);
  return {nominal, nominal - tick, nominal + step + tick + reaction,
          fmt::format("{:.3f} s + one step of the timer wheel, {:.3f} s at {} Hz, +- one tick, + {} ms to react",
                      seconds(nominal), seconds(step), 1s / tick, reaction / 1ms)};
}

Profile linux_profile(Duration tick) {
  return {.name = "linux",
          .choices = Choices::all(),
          .two_msl = 60s,
          .fin_wait_2_orphan = 60s,
          .r2 = 100s,
          .r2_syn = 60s,
          .challenge_throttle = 500ms,
          .tail_loss_probe = true,
          .rto_initial = 1s,
          .rto_min = 200ms,
          .rto_max = 120s,
          .keepalive_idle = 7200s,
          .keepalive_interval = 75s,
          .keepalive_count = 9,
          .granularity = Granularity::linux_wheel,
          .tick = tick,
          .reaction = 50ms};
}

Profile rfc9293_profile() {
  return {.name = "rfc9293",
          .choices = Choices::all(),
          .two_msl = 240s,
          .fin_wait_2_orphan = Duration{0},
          .r2 = 100s,
          .r2_syn = 180s,
          .challenge_throttle = 5s,
          .tail_loss_probe = false,
          .rto_initial = 1s,
          .rto_min = 1s,
          .rto_max = 60s,
          .keepalive_idle = 7200s,
          .keepalive_interval = 75s,
          .keepalive_count = 10,
          .granularity = Granularity::exact,
          .tick = Duration{0},
          .reaction = 50ms};
}

}  // namespace finwait::model
