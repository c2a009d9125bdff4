// The catalogue passes on a correct TCP. That each case fails on one that misbehaves: killers_test.cpp.
#include <gtest/gtest.h>

#include <map>

#include "cases/catalogue.hpp"
#include "harness/run/runner.hpp"
#include "harness/testing/fake_target.hpp"

namespace finwait {
namespace {

class Collector : public run::Observer {
 public:
  void case_finished(run::CaseResult& result) override {
    verdicts[result.instance->id] = result.verdict;
    if (result.finding) why[result.instance->id] = result.finding->summary + ": " + result.finding->seen;
  }
  std::map<std::string, run::Verdict> verdicts;
  std::map<std::string, std::string> why;
};

TEST(Catalogue, PassesOnACorrectTcp) {
  testing::FakeLab lab;
  Collector collector;
  const auto plan = run::instances(cases::catalogue());
  run::Runner runner(lab, {}, {&collector}, {});
  ASSERT_TRUE(runner.run(plan, {}));
  EXPECT_EQ(collector.verdicts.size(), plan.size());
  for (const auto& [id, verdict] : collector.verdicts) {
    // The fake TCP has the numbers of Linux, not the textbook's.
    if (verdict == run::Verdict::deviation && id.starts_with("textbook/")) continue;
    EXPECT_EQ(verdict, run::Verdict::pass) << id << ": " << collector.why[id];
  }
}

}  // namespace
}  // namespace finwait
