#include "harness/model/profile.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
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

TEST(TimerWindow, OfAValueOfTheProfileSaysWhoseItIs) {
  const auto window = find_profile("textbook")->timer(&Profile::two_msl);
  EXPECT_EQ(window.nominal, 240s);
  ASSERT_NE(window.figure, nullptr);
  EXPECT_EQ(window.figure->name, "time-wait");
  EXPECT_EQ(
      window.why,
      "the profile textbook has time-wait = 240 s (2 MSL of 120 s; RFC 9293 3.4.2); timers of textbook are exact");
}

TEST(Profile, JudgedByAnotherOneATargetsTimersAreItsOwn) {
  const Profile mixed = find_profile("textbook")->with_timers_of(linux_profile(4ms));
  EXPECT_EQ(mixed.name, "textbook");
  EXPECT_EQ(mixed.two_msl, 240s);
  EXPECT_EQ(mixed.granularity, Granularity::linux_wheel);
  EXPECT_EQ(mixed.tick, 4ms);
}

TEST(Compare, LinuxWithTheStandard) {
  std::string differs, follows, free;
  const Profile p = linux_profile(4ms);
  for (const Comparison& one : compare(p)) {
    auto& list = one.conformity == Conformity::differs   ? differs
                 : one.conformity == Conformity::follows ? follows
                                                         : free;
    list += fmt::format("{} {} ({}); ", one.figure->name, one.value, one.asked);
  }
  EXPECT_EQ(
      differs,
      "time-wait 60 s (240 s); fin-wait-2-orphan 60 s (never ends); r2-syn 127 s (at least 180 s); r2-syn-ack 63 s "
      "(at least 180 s); rto-min 200 ms (at least 1 s); ");
  EXPECT_EQ(follows,
            "r2 100 s (at least 100 s); rto-initial 1 s (at least 1 s); rto-max 120 s (at least 60 s); keepalive-idle "
            "7200 s (at least 7200 s); ");
  EXPECT_EQ(free,
            "challenge-throttle 500 ms (); tail-loss-probe yes (); keepalive-interval 75 s (); keepalive-count 9 (); ");
}

TEST(Compare, WhatAProfileDoesNotStateIsNeitherThisNorThat) {
  const Profile& zephyr = *find_profile("zephyr");
  for (const Comparison& one : compare(zephyr)) {
    if (one.figure->name == "time-wait") continue;
    EXPECT_EQ(one.stated, nullptr);
    EXPECT_EQ(one.value, "");
    EXPECT_NE(one.standard, nullptr) << "listed because the standard has it: " << one.figure->name;
  }
}

TEST(Settings, ChangeTheValueAndItsSource) {
  Profile p = linux_profile(4ms);
  EXPECT_TRUE(p.apply_setting("net.ipv4.tcp_fin_timeout", "2"));
  EXPECT_EQ(p.fin_wait_2_orphan, 2s);
  EXPECT_EQ(p.find_stated(*find_figure("fin-wait-2-orphan"))->source, "set: net.ipv4.tcp_fin_timeout = 2");
  EXPECT_TRUE(p.apply_setting("net.ipv4.tcp_keepalive_time", "100"));
  EXPECT_TRUE(p.apply_setting("net.ipv4.tcp_keepalive_intvl", "10"));
  EXPECT_TRUE(p.apply_setting("net.ipv4.tcp_keepalive_probes", "3"));
  EXPECT_EQ(p.keepalive_idle + p.keepalive_count * p.keepalive_interval, 130s);
  EXPECT_TRUE(p.apply_setting("net.ipv4.tcp_invalid_ratelimit", "0"));
  EXPECT_EQ(p.challenge_throttle, 0s);
  EXPECT_EQ(value_text(p, *find_figure("challenge-throttle")), "none");
}

// The sums that the kernel's documentation gives for its defaults, and what they are for fewer retries.
TEST(Settings, RetriesAreTheLeastTimeTheyTake) {
  struct Row {
    const char *name, *value;
    Duration Profile::*field;
    Duration expected;
  };
  for (const Row& row :
       {Row{"net.ipv4.tcp_syn_retries", "6", &Profile::r2_syn, 127s},
        Row{"net.ipv4.tcp_syn_retries", "1", &Profile::r2_syn, 3s},
        Row{"net.ipv4.tcp_synack_retries", "5", &Profile::r2_syn_ack, 63s},
        Row{"net.ipv4.tcp_synack_retries", "0", &Profile::r2_syn_ack, 1s},
        Row{"net.ipv4.tcp_retries2", "15", &Profile::r2, 100s}, Row{"net.ipv4.tcp_retries2", "3", &Profile::r2, 3s},
        Row{"net.ipv4.tcp_orphan_retries", "0", &Profile::r2, 100s},
        Row{"net.ipv4.tcp_orphan_retries", "1", &Profile::r2, 600ms}}) {
    Profile p = linux_profile(4ms);
    EXPECT_TRUE(p.apply_setting(row.name, row.value));
    EXPECT_EQ(p.*row.field, row.expected) << row.name << " = " << row.value;
  }
  Profile p = linux_profile(4ms);
  p.r2 = 10000s;
  p.apply_setting("net.ipv4.tcp_retries2", "15");
  EXPECT_EQ(p.r2, 924600ms);
  p.apply_setting("net.ipv4.tcp_orphan_retries", "0");
  EXPECT_EQ(p.r2, 102200ms);
}

TEST(Settings, ChangeAxes) {
  Profile p = linux_profile(4ms);
  EXPECT_TRUE(p.apply_setting("net.ipv4.tcp_rfc1337", "1"));
  EXPECT_TRUE(p.apply_setting("net.ipv4.tcp_timestamps", "0"));
  EXPECT_THAT(p.choices.to_string(), ::testing::HasSubstr("rst-in-time-wait=ignore "));
  EXPECT_THAT(p.choices.to_string(), ::testing::HasSubstr("timestamps=off "));
  EXPECT_EQ(p.axis_sources.at(static_cast<std::size_t>(Axis::timestamps)), "set: net.ipv4.tcp_timestamps = 0");
}

TEST(Settings, OthersChangeNothing) {
  Profile p = linux_profile(4ms);
  EXPECT_FALSE(p.apply_setting("net.ipv4.tcp_tw_reuse", "1"));
  EXPECT_FALSE(p.apply_setting("net.ipv4.tcp_fin_timeout", "soon"));
  EXPECT_FALSE(p.apply_setting("net.ipv4.tcp_fin_timeout", "-1"));
  EXPECT_FALSE(p.apply_setting("net.ipv4.tcp_fin_timeout", ""));
  EXPECT_EQ(p.fin_wait_2_orphan, 60s);
}

}  // namespace
}  // namespace finwait::model
