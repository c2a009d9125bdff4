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
  EXPECT_THAT(problem("[[expect]]\nsometimes = 1\n"), StartsWith("linux.toml:2: 'sometimes' has to be true or false"));
  std::string bad_regex(kGood);
  bad_regex.replace(bad_regex.find("^6"), 2, "(6");
  EXPECT_THAT(problem(bad_regex), HasSubstr("no regular expression"));
}

// A walk may run into it or not; another entry tells the same place's other deviation.
constexpr std::string_view kSometimes = R"(
[[expect]]
cases = "walk/**"
sometimes = true
verdict = "FAIL"
requirement = "RFC9293-MUST-13"
reason = "one"

[[expect]]
cases = "walk/**"
sometimes = true
verdict = "FAIL"
requirement = "RFC9293-MUST-25"
reason = "another"
)";

class AnExpectation : public testing::Test {
 protected:
  Expected of(const std::string& id, Verdict verdict, const std::string& violated = "", const std::string& seen = "",
              const std::string& version = "6.1.0") {
    definition_.id = id;
    Finding finding;
    finding.violated = violated;
    finding.seen = seen;
    return expected(all_, {&definition_, wire::Family::ipv4, id + "/ipv4"}, version, verdict, finding);
  }
  std::vector<Expectation> all_ = *parse_expectations(std::string(kGood) + std::string(kSometimes), "linux.toml");
  Case definition_;
};

TEST_F(AnExpectation, ByCaseAndVersion) {
  EXPECT_EQ(of("reset/established/exact", Verdict::pass).verdict, Verdict::xpass);
  EXPECT_EQ(of("reset/established/exact", Verdict::pass, "", "", "5.10.0").verdict, Verdict::pass);
  EXPECT_EQ(of("keepalive/off", Verdict::pass).verdict, Verdict::pass);
}

TEST_F(AnExpectation, OnlyTheDeclaredFailure) {
  const char* declared = "RFC9293-MUST-13";
  EXPECT_EQ(of("reset/x", Verdict::fail, declared, "R 1 win 0").verdict, Verdict::xfail);
  EXPECT_EQ(of("reset/x", Verdict::fail, declared, "R 1 win 0").by->reason, "because");
  EXPECT_EQ(of("reset/x", Verdict::fail, "RFC9293-MUST-25", "R 1 win 0").verdict, Verdict::fail)
      << "another reason is still a failure";
  EXPECT_EQ(of("reset/x", Verdict::fail, declared, "nothing for 1 s").verdict, Verdict::fail)
      << "and so is another behaviour";
  EXPECT_EQ(of("reset/x", Verdict::deviation, declared, "R 1 win 0").verdict, Verdict::deviation);
  EXPECT_EQ(of("reset/x", Verdict::inconclusive).verdict, Verdict::inconclusive);
  EXPECT_EQ(of("reset/x", Verdict::error).verdict, Verdict::error);
}

TEST_F(AnExpectation, WhatIsSeenOnlySometimesIsNotMissed) {
  EXPECT_EQ(of("walk/1/20/3", Verdict::pass).verdict, Verdict::pass);
  EXPECT_EQ(of("walk/1/20/3", Verdict::fail, "RFC9293-MUST-13").by->reason, "one");
  EXPECT_EQ(of("walk/1/20/3", Verdict::fail, "RFC9293-MUST-25").by->reason, "another");
  EXPECT_EQ(of("walk/1/20/3", Verdict::fail, "RFC9293-MUST-27").verdict, Verdict::fail);
}

// The same case twice: the later entry takes the place of the earlier one.
TEST_F(AnExpectation, TheLastInTheFileHolds) {
  auto later = all_.front();
  later.requirement = "RFC9293-MUST-25";
  all_.push_back(later);
  EXPECT_EQ(of("reset/x", Verdict::fail, "RFC9293-MUST-13", "R 1 win 0").verdict, Verdict::fail);
  EXPECT_EQ(of("reset/x", Verdict::fail, "RFC9293-MUST-25", "R 1 win 0").verdict, Verdict::xfail);
}

}  // namespace
}  // namespace finwait::run
