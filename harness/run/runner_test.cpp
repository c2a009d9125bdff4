// The runner and what a case can await, against the fake target: what leads to which verdict.
#include "harness/run/runner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <vector>

#include "cases/steps.hpp"
#include "harness/testing/fake_target.hpp"

namespace finwait::run {
namespace {

using testing::Defect;
using testing::Defects;
using ::testing::HasSubstr;

struct Outcome {
  Verdict verdict = Verdict::error;
  Finding finding;
  int attempts = 0;
  Duration duration{};
  std::size_t packets = 0;
  Basis basis = Basis::standard;
};

class Watch : public Observer {
 public:
  void case_finished(CaseResult& r) override {
    outcomes.push_back({r.verdict, r.finding.value_or(Finding{}), r.attempts, r.duration,
                        r.transcript == nullptr ? 0 : r.transcript->entries().size(), r.basis});
  }
  std::vector<Outcome> outcomes;
};

Case make(Task<> (*body)(Scenario&)) {
  Case c;
  c.id = "test/case";
  c.covers = {"RFC9293-MUST-13"};
  c.families = {wire::Family::ipv4};
  c.body = body;
  return c;
}

std::vector<Outcome> run_all(const std::vector<Case>& cases, target::Lab& lab, RunOptions options = {}) {
  const Chapter chapter(cases);
  Watch watch;
  Runner runner(lab, {}, {&watch}, std::move(options));
  const auto plan = instances({&chapter});
  EXPECT_TRUE(runner.run(plan, {}));
  return watch.outcomes;
}

Outcome run_one(Task<> (*body)(Scenario&), const Defects& defects = {}) {
  testing::FakeLab lab(defects);
  return run_all({make(body)}, lab).at(0);
}

Task<> clean_release(Scenario& s) {
  auto [peer, app] = co_await s.established();
  co_await last_ack(peer, app);
  peer.send(ack());
}

TEST(Runner, ACleanReleasePasses) {
  const Outcome outcome = run_one(clean_release);
  EXPECT_EQ(outcome.verdict, Verdict::pass) << outcome.finding.summary;
  EXPECT_GT(outcome.packets, 6U);
}

TEST(Runner, ASegmentThatNothingAskedForAfterTheEndFails) {
  const Outcome outcome = run_one(clean_release, {Defect::rst_after_clean_close});
  EXPECT_EQ(outcome.verdict, Verdict::fail);
  EXPECT_EQ(outcome.finding.summary, "a reset came that nothing allowed");
  EXPECT_THAT(outcome.finding.seen, HasSubstr("R"));
}

TEST(Runner, AnotherSegmentThanExpectedFailsAndShowsTheFields) {
  const Outcome outcome = run_one([](Scenario& s) -> Task<> {
    auto [peer, app] = co_await s.established();
    app.close();
    co_await peer.expect(rst(), within(100ms), "RFC9293-3.10.5-ABORT-SYNC");
  });
  EXPECT_EQ(outcome.verdict, Verdict::fail);
  EXPECT_EQ(outcome.finding.violated, "RFC9293-3.10.5-ABORT-SYNC");
  EXPECT_EQ(outcome.finding.summary, "the target sent another segment than it had to");
  EXPECT_THAT(outcome.finding.detail, HasSubstr("flags"));
  ASSERT_EQ(outcome.finding.allowed.size(), 1U);
  EXPECT_EQ(outcome.finding.allowed[0].when, "within 0.100 s");
}

TEST(Runner, SilenceWhereASegmentHasToComeFails) {
  const Outcome outcome = run_one([](Scenario& s) -> Task<> {
    auto [peer, app] = co_await s.established();
    co_await peer.expect(fin(), within(2s));
  });
  EXPECT_EQ(outcome.verdict, Verdict::fail);
  EXPECT_EQ(outcome.finding.violated, "RFC9293-MUST-13") << "without a requirement of its own: the case's first";
  EXPECT_THAT(outcome.finding.seen, HasSubstr("nothing for 2.0"));
}

TEST(Runner, ASegmentThatComesTooEarlyFails) {
  const Outcome outcome = run_one([](Scenario& s) -> Task<> {
    auto [peer, app] = co_await s.established();
    app.close();
    co_await peer.expect(fin(), within(1s, 2s));
  });
  EXPECT_EQ(outcome.verdict, Verdict::fail);
  EXPECT_EQ(outcome.finding.summary, "the right segment came too early");
}

TEST(Runner, ASegmentWhereSilenceHasToBeFails) {
  const Outcome outcome = run_one([](Scenario& s) -> Task<> {
    auto [peer, app] = co_await s.established();
    app.close();
    co_await peer.quiet(1s);
  });
  EXPECT_EQ(outcome.verdict, Verdict::fail);
  EXPECT_EQ(outcome.finding.allowed.at(0).what, "silence");
}

TEST(Runner, AWrongChecksumFailsWhateverTheCaseAsksFor) {
  const Outcome outcome = run_one(clean_release, {Defect::fin_bad_checksum});
  EXPECT_EQ(outcome.verdict, Verdict::fail);
  EXPECT_EQ(outcome.finding.violated, "RFC9293-MUST-2");
}

TEST(Runner, AnUnmetShouldIsADeviation) {
  const Outcome outcome = run_one([](Scenario& s) -> Task<> {
    auto [peer, app] = co_await s.established();
    co_await peer.expect(fin(), within(100ms), "RFC6298-2.4");
  });
  EXPECT_EQ(outcome.verdict, Verdict::deviation);
}

TEST(Runner, AnExceptionIsAnErrorAndReleasesWhatTheCaseHeld) {
  static bool released = false;
  const Outcome outcome = run_one([](Scenario& s) -> Task<> {
    struct Guard {
      ~Guard() { released = true; }
    };
    const Guard guard;
    co_await s.established();
    throw std::logic_error("a bug in the case");
  });
  EXPECT_EQ(outcome.verdict, Verdict::error);
  EXPECT_EQ(outcome.finding.summary, "the case threw: a bug in the case");
  EXPECT_TRUE(released);
}

TEST(Runner, ACaseThatDoesNotEndIsStopped) {
  const Outcome outcome = run_one([](Scenario& s) -> Task<> {
    for (;;) co_await s.pause(1s);
  });
  EXPECT_EQ(outcome.verdict, Verdict::error);
  EXPECT_THAT(outcome.finding.summary, HasSubstr("did not end"));
  EXPECT_LT(outcome.duration, 15s);
}

TEST(Runner, AFailedHandshakeIsNoVerdictOnTheRequirement) {
  const Outcome outcome = run_one([](Scenario& s) -> Task<> {
    Peer& silent = s.new_peer_of_closed_port();  // nothing listens
    silent.send(syn());
    co_await silent.expect(wire::Spec(wire::kRst | wire::kAck).any_seq().any_ack(), within(100ms));
    s.broken("as if the sandbox were gone");
  });
  EXPECT_EQ(outcome.verdict, Verdict::error);
}

/// Virtual time whose loop is always late, as on an overloaded machine.
class LateTime : public engine::VirtualTime {
 public:
  bool wait(std::optional<TimePoint> deadline) override {
    return VirtualTime::wait(deadline ? std::optional(*deadline + 40ms) : deadline);
  }
};
class LateLab : public target::Lab {
 public:
  engine::Loop& loop() override { return loop_; }
  tl::expected<std::unique_ptr<target::Target>, std::string> make_target() override {
    return std::make_unique<testing::FakeTarget>(time_);
  }

 private:
  LateTime time_;
  engine::Loop loop_{time_};
};

TEST(Runner, SilenceSeenByALateLoopIsInconclusiveAndTriedAgain) {
  LateLab lab;
  const auto outcome = run_all({make([](Scenario& s) -> Task<> {
                                 auto [peer, app] = co_await s.established();
                                 co_await peer.expect(fin(), within(100ms));
                               })},
                               lab)
                           .at(0);
  EXPECT_EQ(outcome.verdict, Verdict::inconclusive);
  EXPECT_EQ(outcome.attempts, 3);
  EXPECT_THAT(outcome.finding.summary, HasSubstr("harness itself was"));
  EXPECT_TRUE(outcome.finding.violated.empty());
}

TEST(Runner, ALateLoopExcusesNoSegmentThatIsWrong) {
  LateLab lab;
  const auto outcome = run_all({make([](Scenario& s) -> Task<> {
                                 auto [peer, app] = co_await s.established();
                                 app.close();
                                 co_await peer.expect(ack(), within(100ms));
                               })},
                               lab)
                           .at(0);
  EXPECT_EQ(outcome.verdict, Verdict::fail);
}

/// As LateTime, but so late that a target's own timers may have been set off.
class VeryLateLab : public target::Lab {
 public:
  engine::Loop& loop() override { return loop_; }
  tl::expected<std::unique_ptr<target::Target>, std::string> make_target() override {
    return std::make_unique<testing::FakeTarget>(time_);
  }

 private:
  struct Time : engine::VirtualTime {
    bool wait(std::optional<TimePoint> deadline) override {
      return VirtualTime::wait(deadline ? std::optional(*deadline + 3s) : deadline);
    }
  } time_;
  engine::Loop loop_{time_};
};

TEST(Runner, WhatALateReactionMayHaveCausedIsNoVerdict) {
  VeryLateLab lab;
  const auto outcome = run_all({make([](Scenario& s) -> Task<> {
                                 auto [peer, app] = co_await s.established();
                                 app.close();
                                 co_await s.pause(100ms);
                                 co_await peer.expect(fin(), within(100ms));
                                 peer.send(ack());  // seconds too late: the FIN has come again
                                 co_await peer.quiet(100ms);
                               })},
                               lab)
                           .at(0);
  EXPECT_EQ(outcome.verdict, Verdict::inconclusive);
  EXPECT_EQ(outcome.attempts, 3);
  EXPECT_THAT(outcome.finding.summary, HasSubstr("; but the harness was up to"));
}

TEST(Runner, ASettingThatCannotBeMadeIsAnError) {
  testing::FakeLab lab;
  Case c = make(clean_release);
  c.sysctls = {{"no.such.setting", "1"}};
  EXPECT_EQ(run_all({c}, lab).at(0).verdict, Verdict::error)
      << "a setting that cannot be made is no lack of capability";
}

TEST(Runner, CasesRunAtTheSameTimeUnlessJobsSaysOtherwise) {
  auto sleeper = [](Scenario& s) -> Task<> { co_await s.pause(5s); };
  std::vector<Case> cases(10, make(sleeper));
  testing::FakeLab together;
  run_all(cases, together);
  EXPECT_LT(together.loop().now().time_since_epoch(), 6s);
  testing::FakeLab two_at_once;
  run_all(cases, two_at_once, {.jobs = 2});
  EXPECT_GE(two_at_once.loop().now().time_since_epoch(), 25s);
}

TEST(Runner, RepeatRunsEachCaseSoOften) {
  testing::FakeLab lab;
  EXPECT_EQ(run_all({make(clean_release)}, lab, {.repeat = 7}).size(), 7U);
}

TEST(Runner, UntilFailStopsAtTheFirstFailure) {
  static int round = 0;
  round = 0;
  testing::FakeLab lab;
  const auto outcomes = run_all({make([](Scenario& s) -> Task<> {
                                  if (++round == 4) s.fail("enough", "three rounds", "four");
                                  co_return;
                                })},
                                lab, {.until_fail = true});
  ASSERT_EQ(outcomes.size(), 4U);
  EXPECT_EQ(outcomes.back().verdict, Verdict::fail);
}

TEST(Runner, AnInterruptedRunReportsWhatItHas) {
  static bool interrupted = false;
  interrupted = false;
  testing::FakeLab lab;
  auto quick = [](Scenario&) -> Task<> { co_return; };
  auto slow = [](Scenario& s) -> Task<> {
    co_await s.pause(5s);
    interrupted = true;
    co_await s.pause(1h);
  };
  const auto outcomes = run_all({make(quick), make(slow)}, lab, {.interrupted = &interrupted});
  ASSERT_EQ(outcomes.size(), 2U);
  EXPECT_EQ(outcomes[0].verdict, Verdict::pass);
  EXPECT_EQ(outcomes[1].verdict, Verdict::inconclusive);
  EXPECT_EQ(outcomes[1].finding.summary, "interrupted");
}

TEST(Runner, TheSameSeedGivesTheSameNumbers) {
  static std::vector<std::uint32_t> drawn;
  drawn.clear();
  auto draw = [](Scenario& s) -> Task<> {
    drawn.push_back(s.random());
    co_return;
  };
  for (const std::uint64_t seed : {1U, 1U, 2U}) {
    testing::FakeLab lab;
    run_all({make(draw)}, lab, {.seed = seed});
  }
  EXPECT_EQ(drawn[0], drawn[1]);
  EXPECT_NE(drawn[0], drawn[2]);
}

// What a case sees of the profile it is judged by.
model::Profile seen;
Task<> look_at_profile(Scenario& s) {
  seen = s.profile();
  co_return;
}

TEST(Runner, JudgesByTheTargetsOwnProfileWithTheSettingsOfItsSandbox) {
  testing::FakeLab lab;
  Case c = make(look_at_profile);
  c.sysctls = {{"net.ipv4.tcp_fin_timeout", "2"}};
  run_all({c}, lab);
  EXPECT_EQ(seen.name, "fake");
  EXPECT_EQ(seen.two_msl, 60s);
  EXPECT_EQ(seen.fin_wait_2_orphan, 2s);
}

TEST(Runner, JudgesByAnotherProfileOnRequestButNotItsTimersNorAgainstTheCasesSettings) {
  testing::FakeLab lab;
  RunOptions options;
  options.profile = *model::find_profile("linux");
  options.profile->two_msl = 90s;
  Case c = make(look_at_profile);
  c.sysctls = {{"net.ipv4.tcp_fin_timeout", "2"}};
  run_all({c}, lab, options);
  EXPECT_EQ(seen.name, "linux");
  EXPECT_EQ(seen.two_msl, 90s);
  EXPECT_EQ(seen.fin_wait_2_orphan, 2s);
  EXPECT_EQ(seen.granularity, model::Granularity::exact) << "as the fake target's";
}

/// TIME-WAIT has to last as long as the profile says.
Task<> waits_as_documented(Scenario& s) {
  const auto timer = s.documented(&model::Profile::two_msl);
  auto [peer, app] = co_await s.established();
  co_await time_wait(peer, app);
  co_await s.pause(timer.nominal - 1s);
  peer.send(old_ack(peer));
  co_await peer.expect(ack(), within(kAtOnce).because_of(timer), "RFC9293-MUST-13");
}

TEST(Runner, AViolationOfADocumentedValueIsNotOneOfTheStandard) {
  struct Row {
    const char* profile;
    Verdict verdict;
    Basis basis;
  };
  for (const Row& row : {Row{"linux", Verdict::pass, Basis::standard}, Row{"textbook", Verdict::fail, Basis::standard},
                         Row{"lwip", Verdict::fail, Basis::documented}}) {
    testing::FakeLab lab;
    RunOptions options;
    options.profile = *model::find_profile(row.profile);
    Case c = make(waits_as_documented);
    c.lasts = 5min;
    const Outcome outcome = run_all({c}, lab, options).at(0);
    EXPECT_EQ(outcome.verdict, row.verdict) << row.profile;
    EXPECT_EQ(outcome.basis, row.basis) << row.profile;
    if (outcome.verdict == Verdict::pass) continue;
    ASSERT_FALSE(outcome.finding.allowed.empty());
    EXPECT_THAT(outcome.finding.allowed.back().when,
                HasSubstr(std::string("the profile ") + row.profile + " has time-wait = "));
  }
}

TEST(Basis, OfARequirementThatIsNoRfcsIsWhatTheTargetDocuments) {
  const model::Profile& p = *model::find_profile("linux");
  Finding finding;
  finding.violated = "RFC9293-MUST-13";
  EXPECT_EQ(basis_of(finding, p), Basis::standard);
  finding.figure = model::find_figure("time-wait");
  EXPECT_EQ(basis_of(finding, p), Basis::documented) << "60 s is Linux's own";
  finding.figure = model::find_figure("keepalive-idle");
  EXPECT_EQ(basis_of(finding, p), Basis::standard) << "7200 s is the standard's as well";
  finding.figure = model::find_figure("keepalive-interval");
  EXPECT_EQ(basis_of(finding, p), Basis::documented) << "no RFC has an interval";
  finding.figure = nullptr;
  finding.violated = "POSIX-RECV-ETIMEDOUT";
  EXPECT_EQ(basis_of(finding, p), Basis::documented);
}

// In the transcript, and so in captures and explanations.
TEST(Peer, ReadsWhatTheTargetHasSaidBeforeItSends) {
  const auto outcome = run_one([](Scenario& s) -> Task<> {
    auto [peer, app] = co_await s.established();
    app.shutdown(How::wr);
    peer.send(wire::ack());
    using Kind = Entry::Kind;
    std::vector<Kind> order;
    for (const Entry& entry : s.transcript().entries()) order.push_back(entry.kind);
    const std::vector<Kind> wanted{Kind::app, Kind::received, Kind::sent};
    if (!std::ranges::equal(std::vector(order.end() - 3, order.end()), wanted)) s.fail("wrong order", "", "");
    co_await peer.expect(fin(), within(kAtOnce));
  });
  EXPECT_EQ(outcome.verdict, Verdict::pass) << outcome.finding.summary;
}

}  // namespace
}  // namespace finwait::run
