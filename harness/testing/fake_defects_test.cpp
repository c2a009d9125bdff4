// Every defect shows: in at least one conversation it changes what is sent or what the application is told.
#include <gtest/gtest.h>

#include "harness/model/requirement.hpp"
#include "harness/testing/fake_scripts_test.hpp"

namespace finwait::testing {
namespace {

std::string outcome(Script script, const Defects& defects) {
  Talk talk(defects);
  script(talk);
  talk.finish();
  return talk.notes;
}

TEST(Defects, EachIsNamedOnceAndBreaksARequirementThatExists) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < all_defects().size(); i++) {
    const DefectInfo& one = all_defects()[i];
    EXPECT_EQ(static_cast<std::size_t>(one.defect), i) << one.name;
    EXPECT_TRUE(names.insert(one.name).second) << one.name;
    EXPECT_NE(model::find_requirement(one.requirement), nullptr) << one.name << ": " << one.requirement;
    EXPECT_EQ(find_defect(one.name), one.defect);
    EXPECT_EQ(&info(one.defect), &one);
  }
}

TEST(Defects, EachShows) {
  std::vector<Script> scripts;
  for (const auto& some : {closing_scripts(), opening_scripts(), text_scripts(), timestamp_scripts()}) {
    scripts.insert(scripts.end(), some.begin(), some.end());
  }
  std::vector<std::string> right;
  right.reserve(scripts.size());
  for (const Script script : scripts) right.push_back(outcome(script, {}));
  for (const DefectInfo& one : all_defects()) {
    bool shows = false;
    for (std::size_t i = 0; i < scripts.size() && !shows; i++) shows = outcome(scripts[i], {one.defect}) != right[i];
    EXPECT_TRUE(shows) << one.name << " changes nothing";
  }
}

}  // namespace
}  // namespace finwait::testing
