// Every case can fail, and every defect of the fake TCP is found and named rightly: what is reported as broken is the
// requirement that the defect breaks. Two tables say so, made here and compared with what was found: docs/killers.md,
// who finds which defect, and docs/proof.md, which defects each case finds. FINWAIT_UPDATE_GOLDEN=1 writes them anew.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <span>
#include <sstream>

#include "cases/catalogue.hpp"
#include "harness/explore/sweep.hpp"
#include "harness/run/runner.hpp"
#include "harness/testing/fake_target.hpp"

namespace finwait {
namespace {

using run::Verdict;

/// The cases that fail, by what they say is broken.
class Finds : public run::Observer {
 public:
  void case_finished(run::CaseResult& result) override {
    const bool found = result.verdict == Verdict::fail || result.verdict == Verdict::deviation;
    if (found) by_requirement[result.finding->violated].insert(result.instance->id);
    if (found) cases.insert(result.instance->definition->id);
    // A target so broken that it cannot open a connection gives ERROR: no verdict on what the case is about.
    const bool opened = !result.finding || !result.finding->summary.starts_with("the connection could not be opened");
    const bool told = found || result.verdict == Verdict::pass || result.verdict == Verdict::unsupported;
    if (!told && opened) strange.push_back(result.instance->id + " is " + std::string(to_string(result.verdict)));
  }
  std::map<std::string, std::set<std::string>> by_requirement;
  std::set<std::string> cases;
  std::vector<std::string> strange;
};

void play(const run::Catalogue& catalogue, testing::Defect defect, Finds& finds, bool slow_ones = false) {
  testing::FakeLab lab(testing::Defects{defect});
  run::Runner runner(lab, {}, {&finds}, {});
  auto plan = run::instances(catalogue);
  std::erase_if(plan, [&](const auto& instance) { return instance.definition->slow() != slow_ones; });
  ASSERT_TRUE(runner.run(plan, {}));
}

/// What the slow cases are proven by; those with 200 connections take their time.
const std::set<std::string_view> kOfSlowCases{
    "fin-never-gives-up", "fin-gives-up-early",   "syn-gives-up-early",
    "data-no-backoff",    "time-wait-half",       "keepalive-default-too-short",
    "probe-missing",      "orphan-leaves-early",  "ts-recent-never-outdated",
    "probe-extra",        "zero-window-gives-up", "time-wait-not-restarted",
};

/// The file says what was found, or is written anew.
void keep(const std::string& name, const std::string& text) {
  const std::string file = FINWAIT_SOURCE_DIR "/docs/" + name;
  if (std::getenv("FINWAIT_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(file) << text;
    return;
  }
  std::stringstream kept;
  kept << std::ifstream(file).rdbuf();
  EXPECT_EQ(kept.str(), text) << "docs/" << name << " is not fresh";
}

std::string proof_of(const std::map<std::string, std::vector<std::string_view>>& proven) {
  constexpr std::size_t kShown = 4;
  std::string table =
      "<!-- Made by finwait_killers with FINWAIT_UPDATE_GOLDEN=1 -->\n"
      "# Which defects each case finds\n\n"
      "Every case of the catalogue has failed on each of these defects of the fake TCP (docs/killers.md says what they "
      "are):\nnone is here that cannot fail. The sweep's cases are judged by the model alone, with the same "
      "defects.\n\n"
      "| case | found | such as |\n|---|---|---|\n";
  for (const run::Chapter* chapter : cases::catalogue()) {
    for (const run::Case& c : *chapter) {
      const auto found = proven.find(c.id);
      EXPECT_NE(found, proven.end()) << c.id << " fails on no defect";
      if (found == proven.end()) continue;
      const auto& all = found->second;
      const auto some = std::span(all).first(std::min(all.size(), kShown));
      table += fmt::format("| {} | {} | {} |\n", c.id, all.size(), fmt::join(some, ", "));
    }
  }
  return table;
}

TEST(Killers, EveryDefectIsFoundAndNamedAndEveryCaseFindsOne) {
  std::string table =
      "<!-- Made by finwait_killers with FINWAIT_UPDATE_GOLDEN=1 -->\n"
      "# What finds which defect\n\n"
      "Each defect of the fake TCP (harness/testing/fake_defects.cpp), what it breaks, and a case that fails on it and "
      "says "
      "so.\nFound counts the instances that do, in the catalogue or, where that has none, in the sweep.\n\n"
      "| defect | it breaks | found | by |\n|---|---|---|---|\n";
  std::map<std::string, std::vector<std::string_view>> proven;
  for (const auto& defect : testing::all_defects()) {
    Finds finds;
    play(cases::catalogue(), defect.defect, finds);
    const std::string wanted(defect.requirement);
    const bool of_slow = kOfSlowCases.contains(defect.name);
    if (of_slow) play(cases::catalogue(), defect.defect, finds, true);
    for (const auto& id : finds.cases) proven[id].push_back(defect.name);
    EXPECT_TRUE(finds.strange.empty()) << defect.name << ": " << fmt::format("{}", fmt::join(finds.strange, ", "));
    if (!finds.by_requirement.contains(wanted)) play({&explore::sweep_chapter()}, defect.defect, finds);
    if (!finds.by_requirement.contains(wanted) && !of_slow) play(cases::catalogue(), defect.defect, finds, true);
    EXPECT_TRUE(finds.by_requirement.contains(wanted))
        << defect.name << ": " << defect.description << "; what was named: " << fmt::format("{}", finds.by_requirement);
    const auto& by = finds.by_requirement[wanted];
    table += fmt::format("| {}: {} | {} | {} | {} |\n", defect.name, defect.description, wanted, by.size(),
                         by.empty() ? "nothing yet" : "`" + *by.begin() + "`");
  }
  keep("killers.md", table);
  keep("proof.md", proof_of(proven));
}

}  // namespace
}  // namespace finwait
