#include "harness/report/difference.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace finwait::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Value = nlohmann::json;

FinishedRun make(const std::string& version, const std::vector<std::array<std::string, 3>>& results,
                 std::int64_t most_ns = 2'000'000'000) {
  Value document{
      {"run",
       {{"target", "linux"},
        {"target_version", version},
        {"seed", 1},
        {"complete", true},
        {"virtual_time", version == "6.18" ? Value(nullptr) : Value("lab:" + version)},
        {"measured", Value::array({{{"name", "time-wait"}, {"least_ns", 1'000'000'000}, {"most_ns", most_ns}}})}}},
      {"results", Value::array()}};
  for (const auto& [id, verdict, violated] : results) {
    Value broken = Value::array();
    if (!violated.empty()) broken.push_back(violated);
    document["results"].push_back({{"id", id}, {"verdict", verdict}, {"violated", broken}});
  }
  auto run = read_run(version + ".json", document.dump());
  EXPECT_TRUE(run) << run.error();
  return *run;
}

TEST(Difference, ShowsWhatChangedAndNothingElse) {
  const std::vector runs{make("6.1", {{"a/same/ipv4", "PASS", ""},
                                      {"a/worse/ipv4", "PASS", ""},
                                      {"a/worse/ipv6", "PASS", ""},
                                      {"a/other/ipv4", "XFAIL", "RFC6298-2.4"},
                                      {"a/only-here/ipv4", "PASS", ""}}),
                         make("6.12", {{"a/same/ipv4", "PASS", ""},
                                       {"a/worse/ipv4", "FAIL", "RFC9293-MUST-13"},
                                       {"a/worse/ipv6", "FAIL", "RFC9293-MUST-13"},
                                       {"a/other/ipv4", "XFAIL", "RFC6298-5.5"}})};
  const auto found = compare_runs(runs);
  EXPECT_EQ(found.cases, 3);
  EXPECT_EQ(found.measures, 0);
  EXPECT_EQ(found.text,
            "1  6.1.json: linux 6.1 (lab:6.1), seed 1\n"
            "2  6.12.json: linux 6.12 (lab:6.12), seed 1\n"
            "\n"
            "case          1                  2\n"
            "a/worse       PASS               FAIL RFC9293-MUST-13\n"
            "a/other/ipv4  XFAIL RFC6298-2.4  XFAIL RFC6298-5.5\n"
            "\n"
            "3 of 5 cases differ; 1 not in every run\n");
}

TEST(Difference, FamiliesThatDifferStayApartAndRepeatedCasesShowAllOutcomes) {
  const std::vector runs{make("1", {{"x/ipv4", "PASS", ""}, {"x/ipv6", "PASS", ""}}),
                         make("2", {{"x/ipv4", "XPASS", ""}, {"x/ipv4", "PASS", ""}, {"x/ipv6", "PASS", ""}})};
  const auto found = compare_runs(runs);
  EXPECT_EQ(found.cases, 1);
  EXPECT_THAT(found.text, HasSubstr("x/ipv4  PASS  PASS, XPASS\n"));
  EXPECT_THAT(found.text, Not(HasSubstr("x/ipv6")));
}

TEST(Difference, EqualRunsSaySoAndTimersAreCompared) {
  const std::vector same{make("1", {{"x/ipv4", "PASS", ""}}), make("1", {{"x/ipv4", "PASS", ""}})};
  EXPECT_EQ(compare_runs(same).cases, 0);
  EXPECT_THAT(compare_runs(same).text, HasSubstr("\n0 of 1 case differ\n"));
  const std::vector slower{make("1", {}), make("6.18", {}, 3'000'000'000)};
  EXPECT_EQ(compare_runs(slower).measures, 1);
  EXPECT_THAT(compare_runs(slower).text, HasSubstr("time-wait  1.000 .. 2.000 s  1.000 .. 3.000 s\n"));
  EXPECT_THAT(compare_runs(slower).text, HasSubstr("2  6.18.json: linux 6.18, seed 1\n"));
}

TEST(Difference, WhatIsNoRunIsRefused) {
  for (const char* text : {"", "{", "[]", "{}", R"({"run":{},"results":[]})", R"({"run":7,"results":7})"}) {
    EXPECT_FALSE(read_run("x", text)) << text;
  }
}

}  // namespace
}  // namespace finwait::report
