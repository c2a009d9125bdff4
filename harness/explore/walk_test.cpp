// Random walks: the same seed is the same walk, wherever; and what a correct TCP does in them is explained.
#include "harness/explore/walk.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "harness/explore/played_test.hpp"
#include "harness/testing/fake_target.hpp"

namespace finwait::explore {
namespace {

using run::Verdict;

TEST(WalkId, IsWrittenAndRead) {
  EXPECT_EQ(to_string(WalkId{7, 20, 12}), "walk/7/20/12");
  EXPECT_EQ(parse_walk_id("walk/7/20/12"), (WalkId{7, 20, 12}));
  EXPECT_EQ(parse_walk_id("walk/7/20/12/ipv6"), (WalkId{7, 20, 12}));
  for (const auto* wrong :
       {"walk", "walk/7", "walk/7/20", "walk/7/20/x", "walk/7/20/12/ipv5", "walks/7/20/12", "walk/**"}) {
    EXPECT_EQ(parse_walk_id(wrong), std::nullopt) << wrong;
  }
}

TEST(Walk, IsMadeFromItsNumbersAlone) {
  EXPECT_EQ(random_script({7, 20, 12}), random_script({7, 20, 12}));
  EXPECT_NE(random_script({7, 20, 12}), random_script({7, 20, 13}));
  EXPECT_NE(random_script({7, 20, 12}), random_script({8, 20, 12}));
  const Script longer = random_script({7, 40, 12});
  const Script shorter = random_script({7, 20, 12});
  EXPECT_EQ(shorter.start, longer.start);
  EXPECT_TRUE(std::equal(shorter.steps.begin(), shorter.steps.end(), longer.steps.begin()));
}

TEST(Walk, IsTheSameOnEveryMachine) {
  std::string text;
  for (const Step& step : random_script({1, 8, 0}).steps) text += describe(step.action) + "\n";
  EXPECT_EQ(text,
            "20 ms pass\n"
            "a RST with ACK at R - 100000, ACK = S - 1, window 0\n"
            "a RST at R + 5\n"
            "urgent text at R, ACK = U\n"
            "text without ACK at R + W\n"
            "an ACK at R + W + 1, ACK = S\n"
            "an ACK at R + W - 1, ACK = U\n"
            "text at R, ACK = S\n");
}

TEST(Walk, MakesNoCallOnASocketThatItHasClosed) {
  for (std::size_t i = 0; i < 300; i++) {
    const Script script = random_script({2, 30, i});
    const Opening how = script.start.opening;
    bool open = how == Opening::passive || how == Opening::active || how == Opening::calling;
    for (const Step& step : script.steps) {
      const auto* call = std::get_if<AppCall>(&step.action);
      if (call == nullptr) continue;
      EXPECT_TRUE(open) << to_string(WalkId{2, 30, i});
      if (*call == AppCall::close || *call == AppCall::abort) open = false;
    }
  }
}

TEST(Walk, SendsTheSamePacketsEachTime) {
  for (std::size_t i = 0; i < 20; i++) {
    const Script script = random_script({9, 20, i});
    const auto body = [&script](run::Scenario& s) { return play(s, script); };
    const auto first = play_body(body, {}, script.start.family);
    const auto second = play_body(body, {}, script.start.family);
    EXPECT_EQ(first.sent, second.sent) << i;
    EXPECT_EQ(first.verdict, second.verdict) << i;
  }
}

TEST(Walk, OfACorrectTcpIsExplained) {
  constexpr std::size_t kWalks = 1000;
  testing::FakeLab lab;
  std::vector<Script> scripts;
  for (std::size_t i = 0; i < kWalks; i++) scripts.push_back(random_script({4, 20, i}));
  const auto outcomes = play_all(lab, scripts, "walk/4/20", {});
  ASSERT_EQ(outcomes.size(), kWalks);
  for (std::size_t i = 0; i < kWalks; i++) {
    EXPECT_EQ(outcomes[i].verdict, Verdict::pass) << to_string(WalkId{4, 20, i}) << ": " << outcomes[i].summary;
  }
}

TEST(WalkFindings, AreGroupedByWhatTheyBreakAndHow) {
  const Outcome one{Verdict::fail, "RFC9293-MUST-13", "too early"};
  const Outcome other{Verdict::deviation, "RFC6298-2.4", "too early"};
  const auto findings = group_findings({{{1, 20, 0}, one}, {{1, 20, 3}, other}, {{1, 20, 5}, other}});
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0].outcome, other);
  EXPECT_THAT(findings[0].walks, ::testing::ElementsAre(WalkId{1, 20, 3}, WalkId{1, 20, 5}));
  EXPECT_EQ(findings[1].outcome, one);
}

}  // namespace
}  // namespace finwait::explore
