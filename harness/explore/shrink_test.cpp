// Shrinking: with conditions that are written down, and with defects of the fake target.
#include "harness/explore/shrink.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "harness/explore/walk.hpp"
#include "harness/model/requirement.hpp"
#include "harness/testing/fake_target.hpp"

namespace finwait::explore {
namespace {

using testing::Defect;

std::size_t place_of(const Script& script, const Action& action) {
  const auto found = std::ranges::find(script.steps, action, &Step::action);
  return static_cast<std::size_t>(found - script.steps.begin());
}

TEST(Shrink, KeepsWhatIsNeededInItsOrderAndNothingElse) {
  Script script = random_script({3, 40, 0});
  script.steps[7] = {AppCall::shut_wr, true};
  script.steps[29] = {Icmp::hard, true};
  const auto holds = [](const Script& s) {
    const auto shut = place_of(s, AppCall::shut_wr);
    const auto hard = place_of(s, Icmp::hard);
    return shut < hard && hard < s.steps.size();
  };
  const auto shrunk = shrink(script, [&](const std::vector<Script>& all) {
    std::vector<bool> fails;
    for (const Script& one : all) fails.push_back(holds(one));
    return fails;
  });
  EXPECT_EQ(shrunk.script.steps, (std::vector<Step>{{AppCall::shut_wr, false}, {Icmp::hard, false}}));
  EXPECT_EQ(shrunk.script.start, Start{});
  EXPECT_LT(shrunk.tried, 400U);
}

TEST(Shrink, MakesWhatIsLeftAsPlainAsItCanBe) {
  Script script{
      {.opening = Opening::active, .timestamps = true, .family = wire::Family::ipv6},
      {{Send{.kind = Kind::text_fin, .seq = SeqAt::beyond, .ack = AckAt::far_old, .zero_window = true}, true}}};
  const auto shrunk = shrink(script, [](const std::vector<Script>& all) {
    std::vector<bool> fails;
    for (const Script& one : all) {  // it takes text or a FIN outside the window, and timestamps
      const auto* send = one.steps.empty() ? nullptr : std::get_if<Send>(&one.steps[0].action);
      fails.push_back(one.start.timestamps && send != nullptr && send->seq >= SeqAt::right);
    }
    return fails;
  });
  EXPECT_EQ(shrunk.script, (Script{{.timestamps = true}, {{Send{.kind = Kind::fin, .seq = SeqAt::right}, false}}}));
}

TEST(Shrink, StopsWhenNothingIsAnsweredAnyMore) {
  const auto shrunk = shrink(random_script({1, 20, 0}), [](const std::vector<Script>&) { return std::vector<bool>{}; });
  EXPECT_TRUE(shrunk.interrupted);
  EXPECT_EQ(shrunk.script, random_script({1, 20, 0}));
}

/// What most walks show of this defect, shrunk.
std::optional<Shrunk> shrunk_with(Defect defect) {
  testing::FakeLab lab({defect});
  constexpr std::size_t kWalks = 300;
  std::vector<Script> scripts;
  for (std::size_t i = 0; i < kWalks; i++) scripts.push_back(random_script({5, 20, i}));
  std::vector<std::pair<WalkId, Outcome>> failed;
  for (const Outcome& outcome : play_all(lab, scripts, "walk/5/20", {})) {
    const auto number = failed.size();
    failed.emplace_back(WalkId{5, 20, number}, outcome);
  }
  std::erase_if(failed, [](const auto& one) { return !one.second.violated(); });
  const auto findings = group_findings(failed);
  if (findings.empty()) return std::nullopt;
  return shrink_walk(lab, findings[0].walks[0], findings[0].outcome, {});
}

struct Minimum {
  Defect defect;
  std::size_t steps;
};

TEST(Shrink, FindsTheLeastThatShowsADefect) {
  const std::vector<Minimum> all{
      {Defect::rst_outside_acked, 1},          // a reset outside the window
      {Defect::rst_in_window_silent, 1},       // a reset in the window
      {Defect::syn_silent, 1},                 // a SYN
      {Defect::out_of_window_silent, 1},       // a segment outside the window
      {Defect::fin_ack_missing, 1},            // a FIN
      {Defect::shutdown_wr_no_fin, 1},         // a shutdown
      {Defect::data_after_close_silent, 2},    // a close, and text
      {Defect::dup_fin_close_wait_silent, 2},  // a FIN, and once more
  };
  for (const Minimum& one : all) {
    const auto& defect = testing::info(one.defect);
    const auto shrunk = shrunk_with(one.defect);
    ASSERT_TRUE(shrunk) << defect.name << ": no walk fails";
    EXPECT_LE(shrunk->script.steps.size(), one.steps) << defect.name;
    EXPECT_FALSE(shrunk->interrupted);
  }
}

}  // namespace
}  // namespace finwait::explore
