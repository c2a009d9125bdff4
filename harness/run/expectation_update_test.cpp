#include "harness/run/expectation_update.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/run/expectations.hpp"

namespace finwait::run {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::string_view kFile = R"(# What is known.

# Two cases of one cause.
[[expect]]
cases = ["a/one", "a/two/*"]
verdict = "FAIL"
requirement = "RFC9293-MUST-13"
seen = "^nothing"
reason = "the people's reason"   # and their remark

[[expect]]
cases = "b/three"
verdict = "DEVIATION"
requirement = "RFC9293-MUST-25"
reason = "another one"
)";

const std::vector<std::string> kAll{"a/one/ipv4",   "a/one/ipv6",  "a/two/ipv4", "a/two/ipv6",
                                    "b/three/ipv4", "c/four/ipv4", "c/four/ipv6"};

Observed seen(std::string id, Verdict verdict, std::string requirement = {}, std::string what = {}) {
  return {std::move(id), verdict, std::move(requirement), std::move(what), "something is wrong", "6.1"};
}

/// The results of a run that shows just what the file says.
std::vector<Observed> as_known() {
  std::vector<Observed> all;
  for (const char* id : {"a/one/ipv4", "a/one/ipv6", "a/two/ipv4", "a/two/ipv6"}) {
    all.push_back(seen(id, Verdict::xfail, "RFC9293-MUST-13", "nothing"));
  }
  all.push_back(seen("b/three/ipv4", Verdict::xfail, "RFC9293-MUST-25", "a probe"));
  all.push_back(seen("c/four/ipv4", Verdict::pass));
  all.push_back(seen("c/four/ipv6", Verdict::pass));
  return all;
}

ExpectationUpdate updated(const std::vector<Observed>& observed) {
  auto result = update_expectations(kFile, "linux.toml", observed, kAll);
  EXPECT_TRUE(result) << (result ? "" : result.error());
  // Whatever comes of it can be read again.
  EXPECT_TRUE(parse_expectations(result->text, "linux.toml")) << result->text;
  return *result;
}

TEST(ExpectationUpdate, WhatIsAsItSaysStays) {
  const auto same = updated(as_known());
  EXPECT_EQ(same.text, kFile);
  EXPECT_THAT(same.changes, IsEmpty());
}

TEST(ExpectationUpdate, ACaseThatPassesIsTakenOutAndTheReasonStays) {
  auto run = as_known();
  run[0].verdict = run[1].verdict = Verdict::xpass;
  const auto less = updated(run);
  EXPECT_THAT(less.text, HasSubstr("cases = \"a/two/*\"\nverdict"));
  EXPECT_THAT(less.text, HasSubstr("reason = \"the people's reason\"   # and their remark"));
  EXPECT_THAT(less.text, HasSubstr("# Two cases of one cause."));
  EXPECT_THAT(less.changes,
              ElementsAre("out: a/one/ipv4 (the people's reason)", "out: a/one/ipv6 (the people's reason)"));
}

TEST(ExpectationUpdate, OfAGlobWhatIsStillShownIsLeft) {
  auto run = as_known();
  run[2].verdict = Verdict::xpass;
  EXPECT_THAT(updated(run).text, HasSubstr("[\n  \"a/one\",\n  \"a/two/ipv6\",\n]"));
}

TEST(ExpectationUpdate, OfAGlobWhatDidNotRunIsLeft) {
  auto run = as_known();
  run[2].verdict = Verdict::xpass;
  run.erase(run.begin() + 3);
  EXPECT_THAT(updated(run).text, HasSubstr("\"a/two/ipv6\""));
}

TEST(ExpectationUpdate, ARunWithoutExpectationsShowsTheSame) {
  auto run = as_known();
  for (auto& one : run) {
    if (one.verdict == Verdict::xfail) one.verdict = one.id.starts_with("b/") ? Verdict::deviation : Verdict::fail;
  }
  EXPECT_EQ(updated(run).text, kFile);
}

TEST(ExpectationUpdate, AnEntryWithNoCaseLeftGoes) {
  auto run = as_known();
  run[4].verdict = Verdict::xpass;
  EXPECT_THAT(updated(run).text, Not(HasSubstr("b/three")));
  EXPECT_THAT(updated(run).text, HasSubstr("a/one"));
}

TEST(ExpectationUpdate, ACaseThatOneRunShowsIsKept) {
  auto run = as_known();
  const auto other = as_known();
  run[0].verdict = Verdict::xpass;
  run.insert(run.end(), other.begin(), other.end());
  EXPECT_EQ(updated(run).text, kFile);
}

TEST(ExpectationUpdate, ACaseThatFailsAlikeJoinsTheOthers) {
  auto run = as_known();
  run[5] = seen("c/four/ipv4", Verdict::fail, "RFC9293-MUST-13", "nothing for 1 s");
  run[6] = seen("c/four/ipv6", Verdict::fail, "RFC9293-MUST-13", "nothing for 2 s");
  EXPECT_THAT(updated(run).text, HasSubstr("  \"a/two/*\",\n  \"c/four\",\n]\nverdict"));
}

TEST(ExpectationUpdate, AnotherFailureIsANewEntryThatIsToBeRead) {
  auto run = as_known();
  run[5] = seen("c/four/ipv4", Verdict::fail, "RFC9293-MUST-13", "R. 5 (again), at 1.5 s");
  const auto more = updated(run);
  EXPECT_THAT(more.text, HasSubstr("\n[[expect]]\ncases = \"c/four/ipv4\"\nverdict = \"FAIL\"\n"
                                   "requirement = \"RFC9293-MUST-13\"\nseen = \"^R\\\\. [0-9]+ \\\\(again\\\\)\"\n"
                                   "reason = \"to be read: something is wrong\"\n"));
  EXPECT_THAT(more.changes, ElementsAre("new: c/four/ipv4 breaks RFC9293-MUST-13"));
  // It is there then, though not yet known: whoever runs it sees the failure until somebody has read it.
  const auto again = update_expectations(more.text, "linux.toml", run, kAll);
  ASSERT_TRUE(again);
  EXPECT_THAT(again->changes, IsEmpty());
}

TEST(ExpectationUpdate, WhatIsNoFileOfExpectationsIsSaidWithItsPlace) {
  EXPECT_EQ(update_expectations("x = = 1", "linux.toml", {}, {}).error().substr(0, 12), "linux.toml:1");
}

}  // namespace
}  // namespace finwait::run
