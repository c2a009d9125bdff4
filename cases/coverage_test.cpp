// Every requirement that can be tested has a case, and docs/coverage.md says which.
#include "cases/coverage.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "cases/catalogue.hpp"
#include "harness/explore/sweep.hpp"

namespace finwait::cases {
namespace {

std::vector<Coverage> everything() {
  run::Catalogue whole = catalogue();
  whole.push_back(&explore::sweep_chapter());
  return coverage_of(run::instances(whole));
}

TEST(Coverage, EveryRequirementHasACaseOrAReason) {
  const auto all = everything();
  const auto tested = [&all](std::string_view id) {
    const auto found = std::ranges::find(all, id, [](const Coverage& c) { return c.requirement->id; });
    return found != all.end() && found->tested();
  };
  for (const Coverage& one : all) {
    const model::Requirement& r = *one.requirement;
    if (!r.same_as.empty()) {
      EXPECT_TRUE(tested(r.same_as)) << r.id << " says the same as " << r.same_as << ", which has no case";
    } else if (!r.untested.empty()) {
      EXPECT_FALSE(one.tested()) << r.id << " has a case: it can be tested";
    } else {
      EXPECT_TRUE(one.tested()) << r.id << " has no case: " << r.statement;
    }
  }
}

TEST(Coverage, EveryCaseNamesRequirementsThatThereAre) {
  for (const run::Chapter* chapter : catalogue()) {
    for (const run::Case& c : *chapter) {
      EXPECT_FALSE(c.covers.empty()) << c.id;
      for (const auto& id : c.covers) EXPECT_NE(model::find_requirement(id), nullptr) << c.id << ": " << id;
    }
  }
}

TEST(Coverage, ItsDocumentIsFresh) {
  const std::string file = FINWAIT_SOURCE_DIR "/docs/coverage.md";
  if (std::getenv("FINWAIT_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(file) << coverage_document();
    return;
  }
  std::stringstream kept;
  kept << std::ifstream(file).rdbuf();
  EXPECT_TRUE(kept.str() == coverage_document())
      << "docs/coverage.md is not fresh: FINWAIT_UPDATE_GOLDEN=1 finwait_unit_tests --gtest_filter='Coverage.*'";
}

}  // namespace
}  // namespace finwait::cases
