// Every case passes on a correct TCP and fails on one that misbehaves: a case that cannot fail proves nothing.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "cases/catalogue.hpp"
#include "harness/model/requirement.hpp"
#include "harness/run/runner.hpp"
#include "harness/testing/fake_target.hpp"

namespace finwait {
namespace {

/// Verdicts by instance id, and for those that are not PASS what was said.
class Collector : public run::Observer {
 public:
  void case_finished(run::CaseResult& result) override {
    verdicts[result.instance->id] = result.verdict;
    if (result.finding) {
      why[result.instance->id] = result.finding->summary + ": " + result.finding->seen + " " + result.finding->violated;
      violated[result.instance->id] = result.finding->violated;
    }
  }
  std::map<std::string, run::Verdict> verdicts;
  std::map<std::string, std::string> why, violated;
};

Collector run_catalogue(const testing::Defects& defects) {
  testing::FakeLab lab(defects);
  Collector collector;
  const auto plan = run::instances(cases::catalogue());
  run::Runner runner(lab, {}, {&collector}, {});
  const auto totals = runner.run(plan, {});
  EXPECT_TRUE(totals) << (totals ? "" : totals.error());
  EXPECT_EQ(collector.verdicts.size(), plan.size());
  return collector;
}

bool is_caught(run::Verdict v) { return v == run::Verdict::fail || v == run::Verdict::deviation; }

TEST(Catalogue, PassesOnACorrectTcp) {
  const auto result = run_catalogue({});
  for (const auto& [id, verdict] : result.verdicts) {
    const auto why = result.why.find(id);
    EXPECT_EQ(to_string(verdict), "PASS") << id << ": " << (why == result.why.end() ? "" : why->second);
  }
}

TEST(Catalogue, EveryDefectIsCaughtAndEveryCaseCatchesOne) {
  std::set<std::string> proven;
  for (const auto& defect : testing::all_defects()) {
    const auto result = run_catalogue(testing::Defects{defect.defect});
    std::string killers;
    for (const auto& [id, verdict] : result.verdicts) {
      if (!is_caught(verdict)) {
        if (verdict != run::Verdict::pass)
          std::printf("%s %s %s: %s\n", std::string(defect.name).c_str(), id.c_str(),
                      std::string(run::to_string(verdict)).c_str(), result.why.at(id).c_str());
        continue;
      }
      proven.insert(id);
      if (id.ends_with("ipv4")) killers += " " + id;
    }
    std::printf("%-40s %s\n", std::string(defect.name).c_str(), killers.c_str());
    EXPECT_FALSE(killers.empty()) << "no case catches " << defect.name;
  }
  for (const auto& instance : run::instances(cases::catalogue())) {
    EXPECT_TRUE(proven.contains(instance.id)) << instance.id << " fails on no defect";
  }
}

}  // namespace
}  // namespace finwait
