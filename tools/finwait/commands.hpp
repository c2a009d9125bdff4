// The verbs of the command line. Each returns the exit code.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace finwait::tool {

/// Exit codes, the same for every verb (docs/verdicts.md).
inline constexpr int kAsExpected = 0;
inline constexpr int kNotAsExpected = 1;
inline constexpr int kUsage = 2;        ///< wrong usage, or a selection that is wrong or empty
inline constexpr int kEnvironment = 3;  ///< the machine cannot do it; `finwait doctor` says what and how to mend it
inline constexpr int kBroken = 4;       ///< finwait itself or a case failed

struct RunArguments {
  std::vector<std::string> selectors, excluded;
  std::string target = "linux";
  std::string json, out, capture, expectations;
  bool no_expectations = false;
  bool strict = false;
  bool verbose = false;
  std::string colour = "auto";
  std::uint64_t seed = 1;
  std::size_t jobs = 0;
  int repeat = 1;
  bool until_fail = false;
};

struct ListArguments {
  std::vector<std::string> selectors, excluded;
  bool requirements = false;
};

int run(const RunArguments& arguments);
int list(const ListArguments& arguments);
int doctor();

}  // namespace finwait::tool
