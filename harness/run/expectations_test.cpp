#include "harness/run/expectations.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace finwait::run {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string problem(std::string_view toml) {
  const auto parsed = parse_expectations(toml, "linux.toml");
  return parsed ? "none" : parsed.error();
}

constexpr std::string_view kGood = R"(
[[expect]]
cases = "reset/**"
verdict = "FAIL"
requirement = "RFC9293-MUST-13"
reason = "because"
versions = "^6\\."
seen = "^R"
)";

TEST(Expectations, ErrorsNameFileLineAndWhatIsWrong) {
  EXPECT_EQ(problem(kGood), "none");
  EXPECT_THAT(problem("[[expect]]\ncases = 1\n"), StartsWith("linux.toml:2: 'cases' has to be a string"));
  EXPECT_THAT(problem("\n[[expect]]\ncases = \"x\"\n"), StartsWith("linux.toml:2: 'reason' is missing"));
  EXPECT_THAT(problem("[[expect]]\ncases=\"x\"\nreason=\"y\"\nrequirement=\"NONE\"\n"),
              HasSubstr("names no known requirement"));
  EXPECT_THAT(problem("[[expect]]\ncases=\"x\"\nreason=\"y\"\nrequirement=\"RFC9293-MUST-13\"\nverdict=\"BAD\"\n"),
              HasSubstr("FAIL or DEVIATION, not 'BAD'"));
  EXPECT_THAT(problem("[[expect]]\nwhat = \"x\"\n"), HasSubstr("unknown key 'what'"));
  EXPECT_THAT(problem("[expect]\n"), HasSubstr("the file is a list of [[expect]]"));
  EXPECT_THAT(problem("x = = 1"), StartsWith("linux.toml:1: "));
  std::string bad_regex(kGood);
  bad_regex.replace(bad_regex.find("^6"), 2, "(6");
  EXPECT_THAT(problem(bad_regex), HasSubstr("no regular expression"));
}

class FindExpectation : public testing::Test {
 protected:
  const Expectation* find(const std::string& id, const std::string& version) {
    definition_.id = id;
    return find_expectation(all_, {&definition_, wire::Family::ipv4, id + "/ipv4"}, version);
  }
  std::vector<Expectation> all_ = *parse_expectations(kGood, "linux.toml");
  Case definition_;
};

TEST_F(FindExpectation, ByCaseAndVersion) {
  EXPECT_NE(find("reset/established/exact", "6.1.0"), nullptr);
  EXPECT_EQ(find("reset/established/exact", "5.10.0"), nullptr);
  EXPECT_EQ(find("keepalive/off", "6.1.0"), nullptr);
}

TEST_F(FindExpectation, OnlyTheDeclaredFailureIsExpected) {
  const Expectation* e = find("reset/x", "6.1");
  Finding declared;
  declared.violated = "RFC9293-MUST-13";
  declared.seen = "R 1 win 0";
  Finding other_requirement = declared;
  other_requirement.violated = "RFC9293-MUST-25";
  Finding other_behaviour = declared;
  other_behaviour.seen = "nothing for 1 s";
  EXPECT_EQ(apply(e, Verdict::fail, declared), Verdict::xfail);
  EXPECT_EQ(apply(e, Verdict::fail, other_requirement), Verdict::fail) << "another reason is still a failure";
  EXPECT_EQ(apply(e, Verdict::fail, other_behaviour), Verdict::fail) << "and so is another behaviour";
  EXPECT_EQ(apply(e, Verdict::deviation, declared), Verdict::deviation);
  EXPECT_EQ(apply(e, Verdict::pass, {}), Verdict::xpass);
  EXPECT_EQ(apply(e, Verdict::inconclusive, {}), Verdict::inconclusive);
  EXPECT_EQ(apply(e, Verdict::error, {}), Verdict::error);
  EXPECT_EQ(apply(nullptr, Verdict::pass, {}), Verdict::pass);
}

}  // namespace
}  // namespace finwait::run
