// The sweep: its ids, that every case is the trigger that it says, in the state that it says; and all of it on the fake
// target.
#include "harness/explore/sweep.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>

#include "harness/explore/played_test.hpp"
#include "harness/model/hypothesis.hpp"
#include "harness/model/requirement.hpp"
#include "harness/model/rule.hpp"

namespace finwait::explore {
namespace {

using model::State;
using model::Trigger;
using run::Verdict;

TEST(Sweep, HasThousandsOfCasesWithRegularIds) {
  const std::regex regular("sweep/[a-z0-9-]+/[a-z0-9-]+(/[a-z0-9-]+)?(/timestamps)?");
  std::set<std::string> ids;
  for (const run::Case& c : sweep_chapter()) {
    EXPECT_TRUE(ids.insert(c.id).second) << c.id << " is there twice";
    EXPECT_TRUE(std::regex_match(c.id, regular)) << c.id;
    EXPECT_FALSE(c.covers.empty()) << c.id;
    for (const auto& id : c.covers) EXPECT_NE(model::find_requirement(id), nullptr) << c.id << ": " << id;
  }
  EXPECT_GT(run::instances({&sweep_chapter()}).size(), 4000U);
  EXPECT_TRUE(ids.contains("sweep/fin-wait-2/rst-in-window"));
  EXPECT_TRUE(ids.contains("sweep/fin-wait-2/rst-outside/seq-one-below/timestamps"));
}

TEST(Sweep, HasEveryTriggerOfEveryStateThatCanBeReached) {
  std::set<std::pair<State, Trigger>> has;
  for (const Trial& trial : trials()) has.emplace(trial.place.state, trial.stimulus.trigger);
  // Nobody calls these: a listener is shared, in SYN-SENT each API does something else, and it picks its own port.
  const auto no_call = [](State state, Trigger trigger) {
    const bool opening =
        state == State::listen || (state == State::syn_sent && (trigger == Trigger::send || trigger == Trigger::recv));
    const bool keepalive = trigger == Trigger::timer_keepalive_idle && (opening || state == State::syn_sent);
    return trigger == Trigger::open || keepalive || (opening && model::info(trigger).group == model::TriggerGroup::app);
  };
  for (const State state : model::kAllStates) {
    for (const auto& trigger : model::all_triggers()) {
      const auto rows = model::rules_for(state, trigger.trigger);
      const bool can_be =
          std::ranges::any_of(rows, [](const auto* rule) { return rule->reply != model::Reply::not_applicable; });
      if (!can_be || no_call(state, trigger.trigger)) continue;
      EXPECT_TRUE(has.contains({state, trigger.trigger})) << to_string(state) << " " << trigger.id;
    }
  }
}

/// What the model takes the connection for, by the numbers that we know.
model::Hypothesis seen_from_here(const Place& place, const run::Peer& peer) {
  model::Hypothesis h;
  h.state = place.state;
  h.iss_known = true;
  h.iss = h.irs = {};
  h.iss = peer.irs();
  h.snd_una = place.state == State::syn_sent || place.state == State::syn_received ? peer.irs() : peer.acked();
  h.snd_nxt = peer.rcv_nxt();
  h.max_snd_wnd = peer.max_rcv_wnd();
  h.irs = peer.iss();
  h.rcv_nxt = peer.snd_una();
  h.rcv_edge = peer.snd_una() + peer.snd_wnd();
  h.fin_sent =
      model::kLate.contains(place.state) || place.state == State::fin_wait_1 || place.state == State::fin_wait_2;
  h.peer_fin = model::kAfterPeerFin.contains(place.state);
  h.timestamps = peer.timestamps();
  h.ts_recent = peer.ts_sent();
  return h;
}

/// The last segment to the target.
wire::Segment last_sent(run::Scenario& s) {
  const auto& entries = s.transcript().entries();
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    if (entry->kind == run::Entry::Kind::sent) return wire::parse(s.transcript().octets(*entry))->segment;
  }
  return {};
}

/// Triggers that are not in a segment's numbers: urgent data is text to the other checks, what opens the window is an
/// ACK, and whether a SYN was an old duplicate only the peer can tell.
bool told_by_numbers(Trigger trigger) {
  return model::info(trigger).group == model::TriggerGroup::segment && trigger != Trigger::urgent &&
         trigger != Trigger::window_opens && trigger != Trigger::syn_old_duplicate &&
         trigger != Trigger::keepalive_probe;
}

TEST(Sweep, FiresTheTriggerThatItSaysInTheStateThatItSays) {
  for (const Trial& trial : trials()) {
    if (!trial.stimulus.sysctls.empty()) continue;
    const auto played = play_body([&trial](run::Scenario& s) -> Task<> {
      auto reaching = reach(s, trial, wire::Family::ipv4);
      Subject subject = co_await reaching;
      subject.peer.oracle().finish(s.loop().now());
      const bool at_listener = trial.place.state == State::closed && trial.place.app;  // where another may come
      const State state = at_listener ? State::listen : trial.place.state;
      EXPECT_EQ(subject.peer.oracle().states(), model::StateSet{state}) << trial.id;
      if (!told_by_numbers(trial.stimulus.trigger)) co_return;
      const auto h = seen_from_here(trial.place, subject.peer);
      for (const Action& action : trial.stimulus.actions) {
        co_await perform(subject, action);
        if (std::holds_alternative<Send>(action)) break;
      }
      EXPECT_EQ(model::to_string(model::classify(h, last_sent(s))), model::to_string(trial.stimulus.trigger))
          << trial.id;
    });
    EXPECT_NE(played.verdict, Verdict::error) << trial.id << ": " << played.finding.summary;
  }
}

class Verdicts : public run::Observer {
 public:
  void case_finished(run::CaseResult& result) override {
    if (result.verdict == Verdict::pass) return;
    other.push_back(result.instance->id + ": " + (result.finding ? result.finding->summary : ""));
  }
  std::vector<std::string> other;
};

TEST(Sweep, FindsNothingOnACorrectTcp) {
  const auto plan = run::instances({&sweep_chapter()});
  testing::FakeLab lab;
  Verdicts verdicts;
  run::Runner runner(lab, {}, {&verdicts}, {});
  const auto totals = runner.run(plan, {});
  ASSERT_TRUE(totals);
  EXPECT_THAT(verdicts.other, ::testing::IsEmpty());
  EXPECT_LT(totals->elapsed, model::linux_profile({}).two_msl + std::chrono::seconds(20));
}

}  // namespace
}  // namespace finwait::explore
