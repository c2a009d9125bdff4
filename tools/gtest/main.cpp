// finwait-gtest: each case as a GoogleTest test, for those whose tools know GoogleTest. The tests that are selected
// (--gtest_filter, sharding) run together first, as 'finwait run' runs them; then each test reports its own verdict.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <map>
#include <string>

#include "cases/catalogue.hpp"
#include "harness/report/console.hpp"
#include "tools/finwait/commands.hpp"

namespace finwait::tool {

namespace {

using run::Verdict;

/// What is known of a test once all have run.
struct Outcome {
  Verdict verdict = Verdict::error;
  std::string text = "it was not run";
  Duration duration{};
};

class Outcomes : public run::Observer {
 public:
  void run_started(const run::RunInfo& info) override {
    target_ = info.target_argument.empty() ? info.target : info.target_argument;
    fmt::print(stderr, "finwait-gtest: {} tests against {} {}, about {:.0f} s\n", info.plan.size(), info.target,
               info.target_version, seconds(info.longest));
  }
  void case_finished(run::CaseResult& result) override {
    Outcome& outcome = by_id[result.instance->id];
    outcome = {result.verdict, "", result.duration};
    if (result.verdict == Verdict::unsupported && result.finding) outcome.text = result.finding->summary;
    if (result.verdict != Verdict::pass && result.verdict != Verdict::unsupported) {
      outcome.text = report::explain(result, target_);
    }
  }
  std::map<std::string, Outcome> by_id;

 private:
  std::string target_;
};

Outcomes& outcomes() {
  static Outcomes all;
  return all;
}

const std::vector<run::Instance>& all_instances() {
  static const auto all = run::instances(cases::catalogue());
  return all;
}

/// GoogleTest takes '-' in a filter for "without": names have '_' instead.
std::string name_of(std::string id) {
  std::ranges::replace(id, '-', '_');
  return id;
}

class CaseTest : public testing::Test {
 public:
  CaseTest(std::string id, const char* file, int line, bool strict)
      : id_(std::move(id)), file_(file), line_(line), strict_(strict) {}

  void TestBody() override {
    const Outcome& outcome = outcomes().by_id[id_];
    RecordProperty("finwait_id", id_);
    RecordProperty("finwait_verdict", std::string(to_string(outcome.verdict)));
    RecordProperty("finwait_seconds", fmt::format("{:.3f}", seconds(outcome.duration)));
    const bool good = outcome.verdict == Verdict::pass || outcome.verdict == Verdict::xfail ||
                      (outcome.verdict == Verdict::xpass && !strict_);
    if (good) return;
    if (outcome.verdict == Verdict::unsupported) GTEST_SKIP() << "UNSUPPORTED " << id_ << ": " << outcome.text;
    ADD_FAILURE_AT(file_, line_) << to_string(outcome.verdict) << " " << id_ << "\n" << outcome.text;
  }

 private:
  std::string id_;
  const char* file_;
  int line_;
  bool strict_;
};

/// Runs what GoogleTest has selected, before the first of them is asked.
class Run : public testing::Environment {
 public:
  explicit Run(RunArguments arguments) : arguments_(std::move(arguments)) {}

  void SetUp() override {
    arguments_.selectors.clear();  // --gtest_repeat comes back here
    outcomes().by_id.clear();
    const auto& unit = *testing::UnitTest::GetInstance();
    for (int i = 0; i < unit.total_test_suite_count(); i++) {
      const auto& suite = *unit.GetTestSuite(i);
      for (int j = 0; j < suite.total_test_count(); j++) {
        const auto* test = suite.GetTestInfo(j);
        if (test->should_run()) arguments_.selectors.emplace_back(test->value_param());
      }
    }
    if (arguments_.selectors.empty()) return;
    // What a run leaves out stays skipped; anything else that is not told of was not run, and that is a failure.
    for (const run::Instance& instance : all_instances()) {
      if (!instance.definition->slow() || arguments_.slow) continue;
      outcomes().by_id[instance.id] = {Verdict::unsupported, "slow: --slow, and --target lab shows it in a moment", {}};
    }
    const int code = run_for(arguments_, outcomes());
    if (code != kUsage && code != kEnvironment) return;
    problem() = code;
    FAIL() << "the cases could not be run; the message above says why";
  }

  /// What hindered the run, as an exit code; 0: nothing.
  static int& problem() {
    static int code = 0;
    return code;
  }

 private:
  RunArguments arguments_;
};

void add_tests(bool strict) {
  for (const run::Instance& instance : all_instances()) {
    const auto slash = instance.id.find('/');
    const run::Case& c = *instance.definition;
    testing::RegisterTest(name_of(instance.id.substr(0, slash)).c_str(), name_of(instance.id.substr(slash + 1)).c_str(),
                          nullptr, instance.id.c_str(), c.file, c.line, [&instance, &c, strict]() -> testing::Test* {
                            return new CaseTest(instance.id, c.file, c.line, strict);
                          });
  }
}

}  // namespace

}  // namespace finwait::tool

int main(int argc, char** argv) {
  using namespace finwait::tool;
  if (argc > 1 && std::string_view(argv[1]) == "lab-guest") return guest();
  testing::InitGoogleTest(&argc, argv);
  RunArguments arguments;
  CLI::App app("finwait's cases as GoogleTest tests. --gtest_help says what GoogleTest takes.", "finwait-gtest");
  app.add_option("--target", arguments.target, "linux, this machine's kernel; lab or lab:KERNEL; qemu:VMLINUZ");
  app.add_flag("--slow", arguments.slow, "also cases of more than 3 minutes; otherwise they are skipped");
  app.add_option("--seed", arguments.seed, "sequence numbers and ports come from it")->capture_default_str();
  app.add_option("--expectations", arguments.expectations, "known deviations from FILE")->type_name("FILE");
  app.add_flag("--no-expectations", arguments.no_expectations, "judge without any list of known deviations");
  app.add_flag("--strict", arguments.strict, "an unexpected pass (XPASS) fails, too");
  app.footer(
      "Names of tests are ids with '_' for '-'; the part before the first '/' is the suite.\n\n"
      "  finwait-gtest --gtest_filter='time_wait.*:keepalive.*-*/ipv6'\n"
      "  finwait-gtest --gtest_output=xml:results.xml --target lab --slow\n"
      "  GTEST_TOTAL_SHARDS=4 GTEST_SHARD_INDEX=0 finwait-gtest\n\n"
      "Exit codes: 0 all as expected, 1 not, 2 wrong usage or no such test, 3 the environment cannot do it");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kAsExpected : kUsage;
  }
  if (arguments.target.empty()) arguments.target = "linux";
  add_tests(arguments.strict);
  testing::AddGlobalTestEnvironment(new Run(arguments));
  GTEST_FLAG_SET(recreate_environments_when_repeating, true);
  const int code = RUN_ALL_TESTS();
  if (Run::problem() != 0) return Run::problem();
  const bool listed = GTEST_FLAG_GET(list_tests), sharded = std::getenv("GTEST_TOTAL_SHARDS") != nullptr;
  if (!listed && !sharded && testing::UnitTest::GetInstance()->test_to_run_count() == 0) {
    fmt::print(stderr, "finwait-gtest: no test has such a name; --gtest_list_tests shows them ('_' stands for '-')\n");
    return kUsage;
  }
  return code;
}
