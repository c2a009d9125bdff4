// What connections tell about a target's choices, joined over a run.
#include "harness/report/consistency.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace finwait::report {
namespace {

using model::Axis;
using model::Choice;
using model::Choices;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class OneProfile : public ::testing::Test {
 protected:
  void told(const char* id, std::vector<Choices> connections) {
    run::Instance instance;
    instance.definition = &definition_;
    instance.id = id;
    run::CaseResult result;
    result.instance = &instance;
    result.choices = std::move(connections);
    consistency_.add(result);
  }
  static Choices with(std::initializer_list<Choice> some) { return *Choices::all().narrowed(Choices(some)); }

  run::Case definition_;
  Consistency consistency_;
};

TEST_F(OneProfile, ExplainsConnectionsThatTellNothing) {
  told("a/ipv4", {Choices::all(), Choices::all()});
  EXPECT_THAT(consistency_.contradictions(), IsEmpty());
  EXPECT_EQ(consistency_.common(), Choices::all());
  EXPECT_EQ(consistency_.text(), "");
}

TEST_F(OneProfile, IsWhatAllConnectionsHaveInCommon) {
  told("a/ipv4", {with({Choice::ts_off, Choice::ts_strict})});
  told("b/ipv4", {with({Choice::ts_strict, Choice::ts_lenient}), with({Choice::tw_rst_ignored})});
  EXPECT_THAT(consistency_.contradictions(), IsEmpty());
  EXPECT_THAT((consistency_.common() & Choices::of(Axis::timestamps)).names(), ElementsAre("strict"));
  EXPECT_THAT((consistency_.common() & Choices::of(Axis::rst_in_time_wait)).names(), ElementsAre("ignore"));
}

TEST_F(OneProfile, IsNotThereWhenConnectionsContradictEachOther) {
  told("time-wait/rst/ipv4", {with({Choice::tw_rst_deletes}), with({Choice::tw_rst_deletes})});
  told("time-wait/rst/ipv6", {with({Choice::tw_rst_ignored, Choice::tw_rst_ignored_2s})});
  ASSERT_THAT(consistency_.contradictions(), SizeIs(1));
  EXPECT_EQ(consistency_.text(),
            "inconsistent with any single profile: rst-in-time-wait\n"
            "  delete in 2 connections, as in time-wait/rst/ipv4\n"
            "  ignore or ignore-2s in 1 connection, as in time-wait/rst/ipv6\n");
}

// Three of which any two go together.
TEST_F(OneProfile, IsLookedForOverAllConnectionsAndNotInPairs) {
  told("a/ipv4", {with({Choice::ts_off, Choice::ts_strict})});
  told("b/ipv4", {with({Choice::ts_strict, Choice::ts_lenient})});
  told("c/ipv4", {with({Choice::ts_off, Choice::ts_lenient})});
  ASSERT_THAT(consistency_.contradictions(), SizeIs(1));
  EXPECT_THAT(consistency_.contradictions().front().told, SizeIs(3));
}

TEST_F(OneProfile, IsNotAskedOfACaseThatChangesTheSettings) {
  definition_.sysctls = {{"net.ipv4.tcp_rfc1337", "1"}};
  told("a/ipv4", {with({Choice::tw_rst_ignored})});
  definition_.sysctls.clear();
  told("b/ipv4", {with({Choice::tw_rst_deletes})});
  EXPECT_THAT(consistency_.contradictions(), IsEmpty());
}

}  // namespace
}  // namespace finwait::report
