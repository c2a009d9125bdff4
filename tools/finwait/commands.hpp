// The verbs of the command line. Each returns the exit code.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "harness/model/profile.hpp"

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
  std::string json, out, capture, expectations, profile;
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

int run(const RunArguments& arguments);
int list(const ListArguments& arguments);
int detect(const DetectArguments& arguments);
int explain(const ExplainArguments& arguments);
int doctor();

// Shared by the verbs.
int complain(int code, const std::string& what);
/// Says so, and kUsage, when there is no such target.
std::optional<int> unknown_target(const std::string& name);
/// A built-in profile, or the one in a file.
tl::expected<model::Profile, std::string> load_profile(const std::string& name_or_file);
int list_profiles(const std::string& name_or_file);

}  // namespace finwait::tool
