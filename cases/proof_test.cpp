// Every case passes on a correct TCP and fails on one that misbehaves: a case that cannot fail proves nothing.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "cases/catalogue.hpp"
#include "harness/run/runner.hpp"
#include "harness/testing/fake_target.hpp"

namespace finwait {
namespace {

using run::Verdict;

class Collector : public run::Observer {
 public:
  void case_finished(run::CaseResult& result) override {
    verdicts[result.instance->id] = result.verdict;
    if (result.finding) why[result.instance->id] = result.finding->summary + ": " + result.finding->seen;
  }
  std::map<std::string, Verdict> verdicts;
  std::map<std::string, std::string> why;
};

Collector run_catalogue(const testing::Defects& defects, bool with_slow) {
  testing::FakeLab lab(defects);
  Collector collector;
  auto plan = run::instances(cases::catalogue());
  if (!with_slow) std::erase_if(plan, [](const auto& instance) { return instance.definition->slow(); });
  run::Runner runner(lab, {}, {&collector}, {});
  const auto totals = runner.run(plan, {});
  EXPECT_TRUE(totals) << (totals ? "" : totals.error());
  EXPECT_EQ(collector.verdicts.size(), plan.size());
  return collector;
}

/// The instances that say FAIL or DEVIATION. Nothing but these and PASS may come of a defect.
std::set<std::string> caught(const Collector& result, std::string_view defect) {
  std::set<std::string> ids;
  for (const auto& [id, verdict] : result.verdicts) {
    if (verdict == Verdict::fail || verdict == Verdict::deviation) ids.insert(id);
  }
  if (ids.empty()) return ids;
  for (const auto& [id, verdict] : result.verdicts) {
    // A target so broken that it cannot open a connection gives ERROR: no verdict on what the case is about.
    EXPECT_TRUE(verdict == Verdict::pass || verdict == Verdict::fail || verdict == Verdict::deviation ||
                result.why.at(id).starts_with("the connection could not be opened"))
        << defect << ": " << id << " is " << to_string(verdict) << ": " << result.why.at(id);
  }
  return ids;
}

/// What the slow cases are proven by.
const std::set<std::string_view> kOfSlowCases{
    "fin-never-gives-up", "fin-gives-up-early",  "syn-gives-up-early",
    "data-no-backoff",    "time-wait-half",      "keepalive-default-too-short",
    "probe-missing",      "orphan-leaves-early", "ts-recent-never-outdated",
};

/// Defects in what the first catalogue does not look at yet. One that a case catches has to leave this list.
const std::set<std::string_view> kNotLookedAtYet{
    "listen-answers-rst",
    "listen-answers-bare-fin",
    "syn-not-retransmitted",
    "syn-ack-not-retransmitted",
    "syn-sent-takes-bare-rst",
    "syn-sent-ignores-rst",
    "syn-sent-bad-ack-silent",
    "syn-sent-close-sends-fin",
    "fin-before-queued-data",
    "second-fin-after-close",
    "fin-without-ack-taken",
    "fin-with-bad-ack-taken",
    "fin-beyond-window-taken",
    "time-wait-reopens-any-seq",
    "time-wait-reopens-low-iss",
    "abort-late-sends-rst",
    "rst-with-data-ignored",
    "rst-zero-window-ignored",
    "syn-resets-connection",
    "syn-silent",
    "future-ack-taken",
    "future-ack-silent",
    "keepalive-in-time-wait",
    "syn-sent-takes-fin",
    "syn-received-syn-resets",
    "syn-received-future-ack-taken",
    "syn-received-bad-ack-silent",
    "syn-received-bare-fin-taken",
    "syn-received-fin-lost",
    "partial-ack-counts-for-fin",
    "old-text-delivered-again",
    "close-wait-ignores-window",
    "closing-ended-by-any-ack",
    "last-ack-ended-by-any-ack",
    "time-wait-ignores-newer-timestamp",
    "time-wait-reopens-equal-timestamp",
    "time-wait-reopens-older-timestamp",
    "time-wait-ignores-syn-without-timestamp",
    "time-wait-ignores-first-timestamp",
    "time-wait-reopened-by-syn-ack",
    "time-wait-forgotten-by-old-syn",
    "too-old-ack-taken",
    "too-old-ack-silent",
    "urgent-resets",
    "paws-ignored",
    "paws-silent",
    "paws-applied-to-rst",
    "missing-timestamp-taken",
    "missing-timestamp-resets",
    "timestamp-missing-in-fin",
    "timestamp-missing-in-challenge",
    "icmp-soft-aborts",
    "icmp-source-quench-resets",
    "icmp-hard-ignored",
};

TEST(Catalogue, PassesOnACorrectTcp) {
  const auto result = run_catalogue({}, true);
  for (const auto& [id, verdict] : result.verdicts) {
    const auto why = result.why.find(id);
    EXPECT_EQ(verdict, Verdict::pass) << id << ": " << (why == result.why.end() ? "" : why->second);
  }
}

TEST(Catalogue, CatchesDefectsAndEachOfItsCasesCatchesOne) {
  std::set<std::string> proven;
  for (const auto& defect : testing::all_defects()) {
    const auto ids =
        caught(run_catalogue(testing::Defects{defect.defect}, kOfSlowCases.contains(defect.name)), defect.name);
    EXPECT_EQ(ids.empty(), kNotLookedAtYet.contains(defect.name)) << defect.name << ": " << defect.description;
    proven.insert(ids.begin(), ids.end());
  }
  for (const auto& instance : run::instances(cases::catalogue())) {
    EXPECT_TRUE(proven.contains(instance.id)) << instance.id << " fails on no defect";
  }
}

}  // namespace
}  // namespace finwait
