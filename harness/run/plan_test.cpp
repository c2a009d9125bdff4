#include "harness/run/plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace finwait::run {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Glob, StarsStopAtSlashesAndDoubleStarsDoNot) {
  EXPECT_TRUE(glob_matches("keepalive/**", "keepalive/answered/by-reset"));
  EXPECT_FALSE(glob_matches("keepalive/*", "keepalive/answered/by-reset"));
  EXPECT_TRUE(glob_matches("*/*/by-reset", "keepalive/answered/by-reset"));
  EXPECT_TRUE(glob_matches("**/by-reset", "keepalive/answered/by-reset"));
  EXPECT_TRUE(glob_matches("keepalive/answer?d/**", "keepalive/answered/by-reset"));
  EXPECT_FALSE(glob_matches("keepalive", "keepalive/answered"));
  EXPECT_TRUE(glob_matches("**", ""));
}

class Select : public testing::Test {
 protected:
  Select() {
    Case keepalive;
    keepalive.id = "keepalive/off";
    keepalive.covers = {"RFC9293-MUST-25"};
    Case rto;
    rto.id = "fin-retransmission/minimum";
    rto.covers = {"RFC6298-2.4"};
    chapter_ = {keepalive, rto};
    all_ = instances({&chapter_});
  }
  std::vector<std::string> ids(const std::vector<std::string>& wanted, const std::vector<std::string>& excluded = {}) {
    std::vector<std::string> out;
    const auto chosen = select(all_, wanted, excluded);
    if (!chosen) return {"error: " + chosen.error()};
    for (const auto& instance : *chosen) out.push_back(instance.id);
    return out;
  }
  Chapter chapter_;
  std::vector<Instance> all_;
};

TEST_F(Select, WithoutASelectorEverything) {
  EXPECT_THAT(ids({}), ElementsAre("keepalive/off/ipv4", "keepalive/off/ipv6", "fin-retransmission/minimum/ipv4",
                                   "fin-retransmission/minimum/ipv6"));
}
TEST_F(Select, ByIdWithAndWithoutFamily) {
  EXPECT_THAT(ids({"keepalive/off"}), ElementsAre("keepalive/off/ipv4", "keepalive/off/ipv6"));
  EXPECT_THAT(ids({"keepalive/off/ipv6"}), ElementsAre("keepalive/off/ipv6"));
}
TEST_F(Select, BySectionOfAStandard) {
  EXPECT_THAT(ids({"rfc9293:3.8.4"}), ElementsAre("keepalive/off/ipv4", "keepalive/off/ipv6"));
  EXPECT_THAT(ids({"RFC9293:3.8"}), ElementsAre("keepalive/off/ipv4", "keepalive/off/ipv6"));
  EXPECT_THAT(ids({"rfc6298"}), ElementsAre("fin-retransmission/minimum/ipv4", "fin-retransmission/minimum/ipv6"));
  EXPECT_THAT(ids({"rfc9293:3.8.40"}), ElementsAre(HasSubstr("no case is selected by 'rfc9293:3.8.40'")));
}
TEST_F(Select, ByLevelAndWithoutTheExcluded) {
  EXPECT_THAT(ids({"@must"}, {"**/ipv6"}), ElementsAre("keepalive/off/ipv4"));
  EXPECT_THAT(ids({"@should"}), ElementsAre("fin-retransmission/minimum/ipv4", "fin-retransmission/minimum/ipv6"));
}
TEST_F(Select, ByRequirement) {
  EXPECT_THAT(ids({"RFC9293-MUST-25"}), ElementsAre("keepalive/off/ipv4", "keepalive/off/ipv6"));
  EXPECT_THAT(ids({"RFC9293-MUST-13"}), ElementsAre(HasSubstr("no case covers this requirement yet")));
}
TEST_F(Select, SaysWhatIsWrongWithASelector) {
  EXPECT_THAT(ids({"keepalive"}), ElementsAre(HasSubstr("did you mean 'keepalive/**'?")));
  EXPECT_THAT(ids({"keepalive/off"}, {"nosuch/**"}), ElementsAre("error: -x 'nosuch/**' excludes no case"));
  EXPECT_THAT(ids({"keepalive/of"}), ElementsAre(HasSubstr("near it: keepalive/off;")));
  EXPECT_THAT(ids({"@maybe"}), ElementsAre(HasSubstr("there are @must, @should and @may")));
  EXPECT_THAT(ids({"rfc1:3"}), ElementsAre(HasSubstr("unknown standard 'rfc1'")));
  EXPECT_THAT(ids({"keepalive/off"}, {"**"}), ElementsAre(HasSubstr("-x excludes every selected case")));
}

}  // namespace
}  // namespace finwait::run
