// A script printed as a case: what was pasted here compiles, is what to_case() prints, and finds what it was found
// with.
#include "harness/explore/script.hpp"

#include <gtest/gtest.h>

#include "cases/steps.hpp"
#include "harness/explore/perform.hpp"
#include "harness/explore/played_test.hpp"
#include "harness/explore/walk.hpp"

// Keeps the text of what it holds: with every run of white space as one space, as the preprocessor has it.
#define PASTED(name, ...) \
  __VA_ARGS__             \
  static constexpr const char* name = #__VA_ARGS__;

namespace finwait {

FINWAIT_CHAPTER(pasted)

// clang-format off
PASTED(kPassive,
CASE(walk_7_12, "walk/7/12", "an acknowledgment came that nothing allows here",
     Covers{{"RFC9293-3.10.7.4-RST-OTW"}}, Needs{{Capability::half_close, Capability::abort}}, Lasts{3s}, run::Unscripted{}) {
  auto [peer, app] = co_await s.established();
  co_await explore::settle(peer);
  (void)app.try_shutdown(How::wr);
  peer.take_all();
  peer.send(rst().seq(peer.snd_una() + peer.snd_wnd()));
  co_await explore::settle(peer);
  co_await s.pause(600ms);
  co_await explore::settle(peer);
  app.abort();
  co_await explore::settle(peer, 700ms);
}
)

PASTED(kStamped,
CASE(stamped, "walk/7/13", "the same with timestamps", Covers{{"RFC9293-3.10.7.4-RST-OTW"}}, Lasts{1s}, run::Unscripted{}) {
  Peer& peer = s.new_peer();
  peer.send(syn().options(wire::OptionList().mss(1220).timestamps(peer.ts_now(), peer.ts_seen())));
  co_await peer.expect(syn_ack(), within(900ms));
  peer.send(ack());
  [[maybe_unused]] App& app = (co_await s.accept(peer)).app;
  peer.take_all();
  peer.send(rst().seq(peer.snd_una() - 1));
  co_await explore::settle(peer, 700ms);
}
)

PASTED(kActive,
CASE(active, "walk/7/14", "the same of an active open", Covers{{"RFC9293-3.10.7.4-RST-OTW"}}, Needs{{Capability::active}}, Lasts{1s}, run::Unscripted{}) {
  auto opening = co_await s.opening();
  Peer& peer = opening.peer;
  peer.send(syn_ack().options(wire::OptionList().mss(1220).timestamps(peer.ts_now(), peer.ts_seen())));
  co_await peer.expect(ack(), within(900ms));
  [[maybe_unused]] App& app = opening.app;
  peer.take_all();
  peer.send(rst().seq(peer.snd_una() - 1));
  co_await explore::settle(peer, 700ms);
}
)
// clang-format on

namespace explore {
namespace {

using run::Verdict;
using testing::Defect;

std::string one_line(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool space = c == ' ' || c == '\n';
    if (!space) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  while (out.ends_with(' ')) out.pop_back();
  return out;
}

Script passive_script() {
  return {
      {},
      {{AppCall::shut_wr}, {Send{.kind = Kind::rst, .seq = SeqAt::right}, true}, {Wait::throttle}, {AppCall::abort}}};
}

Script one_reset(Opening opening) {
  return {{.opening = opening, .timestamps = true}, {{Send{.kind = Kind::rst, .seq = SeqAt::below}, true}}};
}

TEST(PrintedCase, IsWhatWasPasted) {
  const std::string requirement = "RFC9293-3.10.7.4-RST-OTW";
  EXPECT_EQ(one_line(to_case(passive_script(), {"walk_7_12", "walk/7/12",
                                                "an acknowledgment came that nothing allows here", requirement})),
            kPassive);
  EXPECT_EQ(
      one_line(to_case(one_reset(Opening::passive), {"stamped", "walk/7/13", "the same with timestamps", requirement})),
      kStamped);
  EXPECT_EQ(
      one_line(to_case(one_reset(Opening::active), {"active", "walk/7/14", "the same of an active open", requirement})),
      kActive);
}

std::vector<Played> run_pasted(const testing::Defects& defects) {
  testing::FakeLab lab(defects);
  Watch watch;
  run::Runner runner(lab, {}, {&watch}, {});
  (void)runner.run(run::instances({&pasted_chapter()}), {});
  return std::move(watch.all);
}

TEST(PrintedCase, PassesOnACorrectTcpAndFailsOnOneThatIsNot) {
  const auto good = run_pasted({});
  const auto bad = run_pasted({Defect::rst_outside_acked});
  ASSERT_EQ(good.size(), 6U);
  ASSERT_EQ(bad.size(), 6U);
  for (const Played& played : good) EXPECT_EQ(played.verdict, Verdict::pass) << played.finding.summary;
  for (const Played& played : bad) EXPECT_EQ(played.finding.violated, "RFC9293-3.10.7.4-RST-OTW");
}

TEST(PrintedCase, DoesWhatTheScriptDoes) {
  const Script script = passive_script();
  const auto played = play_body([&](Scenario& s) { return play(s, script); });
  const auto pasted = play_body([&](Scenario& s) { return walk_7_12(s); });
  EXPECT_EQ(played.sent.size(), pasted.sent.size());
  EXPECT_EQ(played.duration, pasted.duration);
}

}  // namespace
}  // namespace explore
}  // namespace finwait
