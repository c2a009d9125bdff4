#include "harness/model/profile.hpp"

#include <gtest/gtest.h>

namespace finwait::model {
namespace {

using namespace std::chrono_literals;

// Steps measured on real kernels in virtual time, at three tick rates.
TEST(WheelStep, MatchesTheKernelAtEveryTickRate) {
  EXPECT_EQ(linux_wheel_step(7200s, 10ms), 327680ms);
  EXPECT_EQ(linux_wheel_step(7200s, 4ms), 131072ms);
  EXPECT_EQ(linux_wheel_step(7200s, 1ms), 262144ms);
  EXPECT_EQ(linux_wheel_step(60s, 10ms), 5120ms);
  EXPECT_EQ(linux_wheel_step(60s, 4ms), 2048ms);
  EXPECT_EQ(linux_wheel_step(60s, 1ms), 4096ms);
  EXPECT_EQ(linux_wheel_step(75s, 4ms), 2048ms);
  EXPECT_EQ(linux_wheel_step(1s, 4ms), 32ms);
  EXPECT_EQ(linux_wheel_step(200ms, 4ms), 4ms);
}

TEST(TimerWindow, IsNeverEarlyByMoreThanATickAndSaysWhyItIsWide) {
  const auto window = linux_profile(4ms).timer(60s);
  EXPECT_EQ(window.nominal, 60s);
  EXPECT_EQ(window.earliest, 60s - 4ms);
  EXPECT_EQ(window.latest, 60s + 2048ms + 4ms + 50ms);
  EXPECT_EQ(window.why, "60.000 s + one step of the timer wheel, 2.048 s at 250 Hz, +- one tick, + 50 ms to react");
}

TEST(TimerWindow, OfAnExactStackStartsAtTheNominalTime) {
  const auto window = rfc9293_profile().timer(240s);
  EXPECT_EQ(window.earliest, 240s);
  EXPECT_EQ(window.latest, 240s + 50ms);
}

}  // namespace
}  // namespace finwait::model
