// The table of defects. That each of them shows, and that a case finds it: cases/killers_test.cpp.
#include "harness/testing/fake_defects.hpp"

#include <gtest/gtest.h>

#include <set>

#include "harness/model/requirement.hpp"

namespace finwait::testing {
namespace {

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

}  // namespace
}  // namespace finwait::testing
