#include "harness/report/matrix.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace finwait::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using State = Matrix::Cell::State;

std::string result(const std::string& id, const std::string& verdict, const std::string& covers,
                   const std::string& violated = {}, const std::string& why = {}) {
  std::string out = R"({"id":")" + id + R"(","verdict":")" + verdict + R"(","requirements":[")" + covers + R"("],)";
  out += R"("violated":[)" + (violated.empty() ? "" : "\"" + violated + "\"") + "]";
  if (!why.empty()) out += R"(,"explanation":{"summary":")" + why + R"("})";
  return out + "}";
}

StackRun run(const std::string& stack, const std::vector<std::string>& results) {
  std::string all;
  for (const auto& one : results) all += (all.empty() ? "" : ",") + one;
  auto read = read_stack_run(
      stack, R"({"run":{"target":")" + stack + R"(","target_version":"1","complete":true},"results":[)" + all + "]}");
  EXPECT_TRUE(read) << read.error();
  return *read;
}

const std::vector<StackRun> kRuns{
    run("good", {result("a/ipv4", "PASS", "R1"), result("a/ipv6", "PASS", "R1"), result("b/ipv4", "PASS", "R2"),
                 result("c/ipv4", "XFAIL", "R3", "R4", "it is known")}),
    run("bad", {result("a/ipv4", "FAIL", "R1", "R9", "it is wrong"), result("a/ipv6", "PASS", "R1"),
                result("b/ipv4", "UNSUPPORTED", "R2"), result("c/ipv4", "ERROR", "R3")}),
};

TEST(Matrix, TheWorstOfARequirementIsShown) {
  const Matrix matrix = make_matrix(kRuns);
  EXPECT_EQ(matrix.stacks, (std::vector<std::string>{"good", "bad"}));
  EXPECT_EQ(matrix.by_requirement.at("R1")[0].state, State::kept);
  EXPECT_EQ(matrix.by_requirement.at("R1")[0].cases, 2);
  EXPECT_EQ(matrix.by_requirement.at("R1")[1].state, State::kept) << "what broke R9 says nothing of R1";
  EXPECT_EQ(matrix.by_requirement.at("R1")[1].cases, 1);
  EXPECT_EQ(matrix.by_requirement.at("R9")[0].state, State::absent);
  EXPECT_EQ(matrix.by_requirement.at("R9")[1].state, State::broken);
  EXPECT_EQ(matrix.by_requirement.at("R9")[1].why, "it is wrong");
  EXPECT_EQ(matrix.by_requirement.at("R2")[1].state, State::lacking);
  EXPECT_EQ(matrix.by_requirement.at("R4")[0].state, State::known);
  EXPECT_EQ(matrix.by_requirement.at("R3")[1].state, State::undecided);
  EXPECT_EQ(matrix.by_case.at("b/ipv4"), (std::vector<std::string>{"PASS", "UNSUPPORTED"}));
}

TEST(Matrix, ShowsWhatIsNotGood) {
  const std::string text = matrix_text(make_matrix(kRuns), kRuns, false);
  EXPECT_THAT(text, HasSubstr("good: good 1\nbad: bad 1\n"));
  EXPECT_THAT(text, HasSubstr("requirement  good     bad\n"));
  EXPECT_THAT(text, HasSubstr("R9           -        BROKEN 1\n"));
  EXPECT_THAT(text, HasSubstr("R4           known 1  -\n"));
  EXPECT_THAT(text, HasSubstr("and 2 more that every stack keeps that could be asked\n"));
  EXPECT_THAT(text, HasSubstr("R9                               bad      it is wrong\n"));
  EXPECT_THAT(text, HasSubstr("a/ipv4  PASS   FAIL\n"));
  EXPECT_THAT(text, Not(HasSubstr("b/ipv4")));
  const std::string all = matrix_text(make_matrix(kRuns), kRuns, true);
  EXPECT_THAT(all, HasSubstr("R2           ok 1     n/a\n"));
  EXPECT_THAT(all, HasSubstr("b/ipv4"));
}

TEST(Matrix, FamiliesThatAgreeAreOneRow) {
  const std::vector<StackRun> runs{
      run("one", {result("a/ipv4", "FAIL", "R1", "R1"), result("a/ipv6", "FAIL", "R1", "R1")})};
  const std::string text = matrix_text(make_matrix(runs), runs, false);
  EXPECT_THAT(text, HasSubstr("a     FAIL\n"));
  EXPECT_THAT(text, Not(HasSubstr("a/ipv4")));
}

TEST(Matrix, WhatIsNoRunIsSaid) {
  EXPECT_FALSE(read_stack_run("x", "{"));
  EXPECT_FALSE(read_stack_run("x", "{}"));
}

}  // namespace
}  // namespace finwait::report
