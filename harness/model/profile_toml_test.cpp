#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/model/profile.hpp"

namespace finwait::model {
namespace {

using namespace std::chrono_literals;
using ::testing::StartsWith;

constexpr std::string_view kGood = R"(title = "A stack"
notes = "for the reader"
[timers]
granularity = "linux-wheel"
note = "late"
[values.time-wait]
is = "2 min"
source = "its manual"
verified = "partly"
note = "or so"
[values.fin-wait-2-orphan]
is = "never ends"
source = "its manual"
verified = "yes"
[values.rto-min]
is = "250 ms"
source = "its manual"
verified = "yes"
[values.keepalive-count]
is = 5
source = "its manual"
verified = "no"
[values.tail-loss-probe]
is = true
source = "its manual"
verified = "yes"
[axes]
hardening = "rfc5961"
keepalive = ["off", "absent"]
[axis-sources]
hardening = "its source"
)";

TEST(ParseProfile, ReadsAllThereIs) {
  const auto p = parse_profile(kGood, "some/where/stack.toml");
  ASSERT_TRUE(p) << p.error();
  EXPECT_EQ(p->name, "stack");
  EXPECT_EQ(p->title, "A stack");
  EXPECT_EQ(p->notes, "for the reader");
  EXPECT_EQ(p->granularity, Granularity::linux_wheel);
  EXPECT_EQ(p->granularity_note, "late");
  EXPECT_EQ(p->two_msl, 120s);
  EXPECT_EQ(p->fin_wait_2_orphan, 0s);
  EXPECT_EQ(p->rto_min, 250ms);
  EXPECT_EQ(p->keepalive_count, 5);
  EXPECT_TRUE(p->tail_loss_probe);
  const Stated* stated = p->find_stated(*find_figure("time-wait"));
  ASSERT_NE(stated, nullptr);
  EXPECT_EQ(stated->source, "its manual");
  EXPECT_EQ(stated->verified, Verified::partly);
  EXPECT_EQ(stated->note, "or so");
  EXPECT_EQ(p->choices.to_string(), "hardening=rfc5961 keepalive=absent|off");
  EXPECT_EQ(p->axis_sources.at(0), "its source");
}

TEST(ParseProfile, WhatIsNotStatedHasTheStandardsValue) {
  const auto p = parse_profile("title = \"nothing but a title\"\n", "x.toml");
  ASSERT_TRUE(p) << p.error();
  EXPECT_EQ(p->two_msl, 240s);
  EXPECT_EQ(p->r2, 100s);
  EXPECT_EQ(p->rto_min, 1s);
  EXPECT_EQ(p->keepalive_interval, 75s) << "no RFC has one: the textbook's";
  EXPECT_EQ(p->choices, Choices::all());
  EXPECT_TRUE(p->stated.empty());
}

struct Bad {
  const char* toml;
  const char* error;
};
class ParseProfileError : public ::testing::TestWithParam<Bad> {};

TEST_P(ParseProfileError, NamesFileLineAndWhatIsWrong) {
  const auto p = parse_profile(GetParam().toml, "my.toml");
  ASSERT_FALSE(p) << GetParam().error;
  EXPECT_THAT(p.error(), StartsWith(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    All, ParseProfileError,
    ::testing::Values(
        Bad{"notes = \"x\"\n", "my.toml:1: 'title' is missing"},
        Bad{"title = \"x\"\ntitel = \"y\"\n", "my.toml:2: unknown key 'titel' in a profile: there are title, notes,"},
        Bad{"title = 1\n", "my.toml:1: 'title' has to be a string"},
        Bad{"title = \"x\"\nvalues = \"y\"\naxes = 3\n", "my.toml:3: 'axes' has to be a table"},
        Bad{"title = = 1\n", "my.toml:1: "},
        Bad{"title = \"x\"\n[values.time_wait]\nis = \"1 s\"\n",
            "my.toml:2: unknown value 'time_wait': there are time-wait, fin-wait-2-orphan,"},
        Bad{"title = \"x\"\n[values]\ntime-wait = \"60 s\"\n", "my.toml:3: 'time-wait' has to be a table"},
        Bad{"title = \"x\"\n[values.time-wait]\nsource = \"y\"\n", "my.toml:2: 'is' is missing"},
        Bad{"title = \"x\"\n[values.time-wait]\nis = 60\n", "my.toml:3: 'is' has to be a string"},
        Bad{"title = \"x\"\n[values.time-wait]\nis = \"60\"\n", "my.toml:3: '60' is no duration: write a number,"},
        Bad{"title = \"x\"\n[values.time-wait]\nis = \"60s\"\n", "my.toml:3: '60s' is no duration"},
        Bad{"title = \"x\"\n[values.time-wait]\nis = \"60 sec\"\n", "my.toml:3: '60 sec' is no duration"},
        Bad{"title = \"x\"\n[values.time-wait]\nis = \"-60 s\"\n", "my.toml:3: '-60 s' is no duration"},
        Bad{"title = \"x\"\n[values.time-wait]\nis = \"99999999999 s\"\n", "my.toml:3: '99999999999 s' is no duration"},
        Bad{"title = \"x\"\n[values.time-wait]\nis = \"never ends\"\n", "my.toml:3: 'never ends' is no duration"},
        Bad{"title = \"x\"\n[values.keepalive-count]\nis = \"5\"\n", "my.toml:3: 'is' has to be a number"},
        Bad{"title = \"x\"\n[values.keepalive-count]\nis = -5\n", "my.toml:3: 'is' has to be a number"},
        Bad{"title = \"x\"\n[values.keepalive-count]\nis = 5000000000\n", "my.toml:3: 'is' has to be a number"},
        Bad{"title = \"x\"\n[values.tail-loss-probe]\nis = 1\n", "my.toml:3: 'is' has to be true or false"},
        Bad{"title = \"x\"\n[values.r2]\nis = \"1 h\"\n", "my.toml:2: 'source' is missing: where is the value from?"},
        Bad{"title = \"x\"\n[values.r2]\nis = \"1 h\"\nsource = \"y\"\n",
            "my.toml:2: 'verified' has to be one of yes,"},
        Bad{"title = \"x\"\n[values.r2]\nis = \"1 h\"\nsource = \"y\"\nverified = \"maybe\"\n",
            "my.toml:5: 'verified' has to be one of yes, partly, no, not 'maybe'"},
        Bad{"title = \"x\"\n[values.r2]\nis = \"1 h\"\nbound = \"exactly\"\n",
            "my.toml:4: unknown key 'bound' in [values.r2]: there are is, source, verified, note"},
        Bad{"title = \"x\"\n[axes]\nhardness = \"rfc5961\"\n",
            "my.toml:3: unknown axis 'hardness': there are hardening, ack-range,"},
        Bad{"title = \"x\"\n[axes]\nhardening = \"rfc5962\"\n",
            "my.toml:3: 'rfc5962' is no value of hardening: there are rfc793, rfc5961"},
        Bad{"title = \"x\"\n[axes]\nhardening = 5961\n", "my.toml:3: this is no value of hardening"},
        Bad{"title = \"x\"\n[axes]\nkeepalive = [\n\"off\",\n\"of\"]\n", "my.toml:5: 'of' is no value of keepalive"},
        Bad{"title = \"x\"\n[axes]\nkeepalive = []\n", "my.toml:3: keepalive: an axis that is open is left out"},
        Bad{"title = \"x\"\n[axis-sources]\nhardness = \"y\"\n", "my.toml:3: unknown axis 'hardness'"},
        Bad{"title = \"x\"\n[timers]\ngranularity = \"wheel\"\n",
            "my.toml:3: 'granularity' has to be one of exact, linux-wheel, ticks, not 'wheel'"},
        Bad{"title = \"x\"\n[timers]\nstep = \"4 ms\"\n", "my.toml:3: unknown key 'step' in [timers]"},
        Bad{"title = \"x\"\n[timers]\ngranularity = \"ticks\"\ntick = \"soon\"\n",
            "my.toml:4: 'soon' is no duration: write a number"}));

TEST(ParseProfile, TicksAreOneEarlyOrTwoLate) {
  const auto p = parse_profile("title = \"x\"\n[timers]\ngranularity = \"ticks\"\ntick = \"500 ms\"\n", "my.toml");
  ASSERT_TRUE(p) << p.error();
  const TimerWindow window = p->timer(std::chrono::seconds(20));
  EXPECT_EQ(window.earliest, std::chrono::milliseconds(19500));
  EXPECT_EQ(window.latest, std::chrono::milliseconds(21050));
  EXPECT_EQ(window.why, "20.000 s in ticks of 500 ms: one less to two more, + 50 ms to react");
}

TEST(ParseProfile, OnlyTheStandardBinds) {
  constexpr std::string_view kBound =
      "title = \"x\"\n[values.r2]\nis = \"1 h\"\nsource = \"y\"\nverified = \"yes\"\nrequirement = \"RFC9293-NONE\"\n";
  EXPECT_EQ(parse_profile(kBound, "rfc9293.toml").error(), "rfc9293.toml:6: there is no requirement 'RFC9293-NONE'");
}

TEST(BuiltInProfiles, AreAllThereAndEachIsRead) {
  const auto names = profile_names();
  for (const char* wanted : {"rfc9293", "textbook", "linux", "freebsd", "openbsd", "netbsd", "macos", "windows", "lwip",
                             "gvisor", "smoltcp", "solaris", "zephyr", "freertos", "netxduo"}) {
    EXPECT_THAT(names, ::testing::Contains(wanted));
  }
  for (const auto name : names) {
    const Profile* p = find_profile(name);
    ASSERT_NE(p, nullptr);
    EXPECT_EQ(p->name, name);
    EXPECT_FALSE(p->title.empty()) << name;
    EXPECT_FALSE(p->stated.empty()) << name;
    EXPECT_FALSE(p->granularity_note.empty()) << name << " does not say how exact its timers are";
    for (const AxisInfo& axis : all_axes()) {
      const Choices all = Choices::of(axis.axis);
      const bool open = (p->choices & all) == all;
      EXPECT_EQ(p->axis_sources.at(static_cast<std::size_t>(axis.axis)).empty(), open) << name << " " << axis.name;
    }
  }
  EXPECT_EQ(find_profile("beos"), nullptr);
}

TEST(BuiltInProfiles, Linux) {
  const Profile p = linux_profile(4ms);
  EXPECT_EQ(p.tick, 4ms);
  EXPECT_EQ(p.granularity, Granularity::linux_wheel);
  EXPECT_EQ(p.two_msl, 60s);
  EXPECT_EQ(p.fin_wait_2_orphan, 60s);
  EXPECT_EQ(p.r2, 100s);
  EXPECT_EQ(p.r2_syn, 127s);
  EXPECT_EQ(p.r2_syn_ack, 63s);
  EXPECT_EQ(p.challenge_throttle, 500ms);
  EXPECT_TRUE(p.tail_loss_probe);
  EXPECT_EQ(p.rto_initial, 1s);
  EXPECT_EQ(p.rto_min, 200ms);
  EXPECT_EQ(p.rto_max, 120s);
  EXPECT_EQ(p.keepalive_idle, 7200s);
  EXPECT_EQ(p.keepalive_interval, 75s);
  EXPECT_EQ(p.keepalive_count, 9);
  EXPECT_EQ(p.reaction, 50ms);
  EXPECT_EQ(p.choices.to_string(),
            "hardening=rfc5961 ack-range=sent rst-in-time-wait=delete syn-in-time-wait=rfc6191 timestamps=lenient "
            "close=half-duplex keepalive=off orphan-fin-wait-2=timer");
  EXPECT_EQ(p.stated.size(), figures().size()) << "Linux documents all of them";
}

TEST(BuiltInProfiles, TheStandard) {
  const Profile p = rfc9293_profile();
  EXPECT_EQ(p.two_msl, 240s);
  EXPECT_EQ(p.fin_wait_2_orphan, 0s);
  EXPECT_EQ(p.r2, 100s);
  EXPECT_EQ(p.r2_syn, 180s);
  EXPECT_EQ(p.challenge_throttle, 5s);
  EXPECT_FALSE(p.tail_loss_probe);
  EXPECT_EQ(p.rto_initial, 1s);
  EXPECT_EQ(p.rto_min, 1s);
  EXPECT_EQ(p.rto_max, 60s);
  EXPECT_EQ(p.keepalive_idle, 7200s);
  EXPECT_EQ(p.keepalive_interval, 75s);
  EXPECT_EQ(p.keepalive_count, 10);
  EXPECT_EQ(p.granularity, Granularity::exact);
}

// When an idle connection with keepalive dies whose peer has vanished, as the sources of the profiles add it up.
TEST(BuiltInProfiles, KeepalivesEnd) {
  const std::vector<std::pair<const char*, Duration>> expected{
      {"textbook", 7950s}, {"netxduo", 7950s}, {"linux", 7875s},  {"lwip", 7875s},  {"gvisor", 7875s},
      {"freebsd", 7800s},  {"openbsd", 7800s}, {"netbsd", 7800s}, {"macos", 7800s}, {"windows", 7210s}};
  for (const auto& [name, end] : expected) {
    const Profile& p = *find_profile(name);
    EXPECT_EQ(p.keepalive_idle + p.keepalive_count * p.keepalive_interval, end) << name;
  }
}

}  // namespace
}  // namespace finwait::model
