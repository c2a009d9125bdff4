// The file of results while cases run: a thread of its own writes it.
#include "harness/report/json.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

namespace finwait::report {
namespace {

TEST(JsonFile, IsWholeAtAllTimesAndHasAllInTheEnd) {
  const std::string file = ::testing::TempDir() + "finwait_json_test.json";
  run::Case definition;
  definition.id = "a";
  definition.title = "a title with a\nline end";
  constexpr int kMany = 300;
  std::vector<run::Instance> instances(kMany);
  run::RunInfo info;
  for (int i = 0; i < kMany; i++) {
    instances[static_cast<std::size_t>(i)] = {&definition, wire::Family::ipv4, "a/" + std::to_string(i) + "/ipv4"};
  }
  for (const auto& instance : instances) info.plan.push_back(&instance);
  {
    Json json(file);
    json.run_started(info);
    for (const auto& instance : instances) {
      run::CaseResult result;
      result.instance = &instance;
      json.case_finished(result);
      json.progress({}, 0, 0);
      const auto seen = nlohmann::json::parse(std::ifstream(file));
      EXPECT_EQ(seen["run"]["complete"], false);
    }
    json.run_finished({});
    EXPECT_EQ(json.problem(), "");
  }
  const auto seen = nlohmann::json::parse(std::ifstream(file));
  EXPECT_EQ(seen["results"].size(), static_cast<std::size_t>(kMany));
  EXPECT_EQ(seen["results"][7]["title"], definition.title);
  EXPECT_EQ(seen["run"]["complete"], true);
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace finwait::report
