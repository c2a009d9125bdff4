// Every defect of the fake TCP is found by a case of the catalogue or of the sweep, and named rightly: what is reported
// as broken is the requirement that the defect breaks. docs/killers.md is the table of who finds what; it is compared
// with what was found here, and written anew with FINWAIT_UPDATE_GOLDEN=1.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "cases/catalogue.hpp"
#include "harness/explore/sweep.hpp"
#include "harness/run/runner.hpp"
#include "harness/testing/fake_target.hpp"

namespace finwait {
namespace {

/// The cases that fail, by what they say is broken.
class Finds : public run::Observer {
 public:
  void case_finished(run::CaseResult& result) override {
    const bool found = result.verdict == run::Verdict::fail || result.verdict == run::Verdict::deviation;
    if (found) by_requirement[result.finding->violated].insert(result.instance->id);
  }
  std::map<std::string, std::set<std::string>> by_requirement;
};

void play(const run::Catalogue& catalogue, testing::Defect defect, Finds& finds, bool slow_ones = false) {
  testing::FakeLab lab(testing::Defects{defect});
  run::Runner runner(lab, {}, {&finds}, {});
  auto plan = run::instances(catalogue);
  std::erase_if(plan, [&](const auto& instance) { return instance.definition->slow() != slow_ones; });
  ASSERT_TRUE(runner.run(plan, {}));
}

TEST(Killers, EveryDefectIsFoundAndNamed) {
  std::string table =
      "<!-- Made by finwait_killers with FINWAIT_UPDATE_GOLDEN=1 -->\n"
      "# What finds which defect\n\n"
      "Each defect of the fake TCP (harness/testing/fake_defects.cpp), what it breaks, and a case that fails on it and "
      "says "
      "so.\nFound counts the instances that do, in the catalogue or, where that has none, in the sweep.\n\n"
      "| defect | it breaks | found | by |\n|---|---|---|---|\n";
  for (const auto& defect : testing::all_defects()) {
    Finds finds;
    play(cases::catalogue(), defect.defect, finds);
    const std::string wanted(defect.requirement);
    if (!finds.by_requirement.contains(wanted)) play({&explore::sweep_chapter()}, defect.defect, finds);
    if (!finds.by_requirement.contains(wanted)) play(cases::catalogue(), defect.defect, finds, true);
    const bool named = finds.by_requirement.contains(wanted);
    EXPECT_TRUE(named) << defect.name << ": " << defect.description;
    const auto& by = finds.by_requirement[wanted];
    table += fmt::format("| {}: {} | {} | {} | {} |\n", defect.name, defect.description, wanted, by.size(),
                         by.empty() ? "nothing yet" : "`" + *by.begin() + "`");
  }
  const std::string file = FINWAIT_SOURCE_DIR "/docs/killers.md";
  if (std::getenv("FINWAIT_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(file) << table;
    return;
  }
  std::stringstream kept;
  kept << std::ifstream(file).rdbuf();
  EXPECT_EQ(kept.str(), table) << "docs/killers.md is not fresh";
}

}  // namespace
}  // namespace finwait
