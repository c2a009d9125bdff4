// The verbs of the command line. Each returns the exit code.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "harness/model/profile.hpp"
#include "harness/run/expectations.hpp"
#include "harness/run/observer.hpp"
#include "harness/run/plan.hpp"

namespace finwait::tool {

/// Exit codes, the same for every verb (docs/verdicts.md).
inline constexpr int kAsExpected = 0;
inline constexpr int kNotAsExpected = 1;
inline constexpr int kUsage = 2;        ///< wrong usage, or a selection that is wrong or empty
inline constexpr int kEnvironment = 3;  ///< the machine cannot do it; `finwait doctor` says what and how to mend it
inline constexpr int kBroken = 4;       ///< finwait itself or a case failed
// `finwait lab test` alone: what `git bisect run` asks for.
inline constexpr int kCannotBeTested = 125;  ///< this kernel does not build, or does not live long enough
inline constexpr int kGiveUp = 128;          ///< nor would any other here

struct RunArguments {
  std::vector<std::string> selectors, excluded;
  std::string target;  ///< empty: linux, or the lab where slow cases are asked for and it has a kernel
  std::string json, out, capture, expectations, profile;
  bool no_expectations = false;
  bool strict = false;
  bool slow = false;  ///< also what Case::slow() says is for virtual time
  bool verbose = false;
  std::string colour = "auto";
  std::uint64_t seed = 1;
  std::size_t jobs = 0;
  int repeat = 1;
  bool until_fail = false;
  bool gdb = false;    ///< a guest waits for a debugger
  int patience = 120;  ///< seconds without a word, after which a guest is ended
};

struct LabArguments {
  std::string source = "linux-source-6.12";
  int hz = 250;
  std::string name;
};

struct LabTestArguments {
  LabArguments kernel;
  RunArguments run;  ///< its target is the kernel
};

struct DiffArguments {
  std::vector<std::string> runs;  ///< files of results
};

struct ExpectArguments {
  std::string file;               ///< of expectations
  std::vector<std::string> runs;  ///< files of results
  bool update = false;            ///< rewrite the file
};

struct CheckAdapterArguments {
  std::vector<std::string> command;  ///< the program first
  int patience = 10;                 ///< seconds without a word, after which it is given up
};

struct MatrixArguments {
  std::vector<std::string> targets;  ///< empty: linux and every adapter that is built
  std::vector<std::string> selectors, excluded;
  std::string json;
  std::uint64_t seed = 1;
  bool slow = false;
  bool all = false;  ///< also rows that all stacks keep
};

struct ListArguments {
  std::vector<std::string> selectors, excluded;
  bool requirements = false;
  std::optional<std::string> profile;  ///< list profiles; all when it is empty
};

struct DetectArguments {
  std::string target = "linux";
  std::string json;
  bool verbose = false;
};

struct ExplainArguments {
  std::string what;
};

struct WalkArguments {
  std::uint64_t seed = 1;
  std::size_t steps = 10000;  ///< of all walks together
  std::size_t walks = 0;      ///< 0: as many as give each kWalkSteps
  std::size_t jobs = 0;
  std::size_t shrink = 5;  ///< so many findings are shrunk
  std::string target = "linux";
  std::string json, expectations, profile;
  bool no_expectations = false;
};
inline constexpr std::size_t kWalkSteps = 20;

int run(const RunArguments& arguments);
/// The same, told to this observer and to nobody else.
int run_for(const RunArguments& arguments, run::Observer& observer);
int list(const ListArguments& arguments);
int detect(const DetectArguments& arguments);
int walk(const WalkArguments& arguments);
int explain(const ExplainArguments& arguments);
int doctor();
int diff(const DiffArguments& arguments);
int expect(const ExpectArguments& arguments);
int check_adapter(const CheckAdapterArguments& arguments);
int matrix(const MatrixArguments& arguments);
int lab_build(const LabArguments& arguments);
int lab_list();
/// Builds a kernel and runs cases in it.
int lab_test(const LabTestArguments& arguments);
/// In the first process of a lab kernel.
int guest();

// Shared by the verbs.
int complain(int code, const std::string& what);
/// Says so, and kUsage, when there is no such target.
std::optional<int> unknown_target(const std::string& name);
/// A built-in profile, or the one in a file.
tl::expected<model::Profile, std::string> load_profile(const std::string& name_or_file);
int list_profiles(const std::string& name_or_file);
/// What selectors can be about: the catalogue, and what is made only when one of them asks for it, the sweep
/// ("sweep/**") and single walks ("walk/7/20/12").
std::vector<run::Instance> selectable(const std::vector<std::string>& selectors);
/// The known deviations of a target: those built in, those of `file` when it is not empty, or `none`.
tl::expected<std::vector<run::Expectation>, std::string> load_expectations(const std::string& target,
                                                                           const std::string& file, bool none);
/// A connection needs two descriptors; the usual soft limit would stop at some hundreds.
void allow_many_descriptors();
run::RunInfo describe_run();
int exit_code(const run::Totals& totals, bool strict);

}  // namespace finwait::tool
