// What differs between runs: their results side by side, only where they are not the same.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "harness/time.hpp"

namespace finwait::report {

/// What a file of results says that can be compared.
struct FinishedRun {
  struct Measure {
    Duration least{}, most{};
    bool operator==(const Measure&) const = default;
  };
  std::string name;                                       ///< the file
  std::string target;                                     ///< "linux 6.12.117 (lab:6.12-hz250), seed 1"
  bool complete = true;                                   ///< false: it was interrupted
  std::map<std::string, std::set<std::string>> outcomes;  ///< by case: "PASS", "XFAIL RFC6298-2.4"; several if repeated
  std::map<std::string, Measure> measured;                ///< by value of the profile
};

/// Reads what `finwait run --json` wrote. Fails with what is wrong in the text.
tl::expected<FinishedRun, std::string> read_run(std::string name, std::string_view json);

struct Difference {
  int cases = 0;     ///< that do not have the same outcome in every run that has them
  int measures = 0;  ///< the same of what was measured
  std::string text;  ///< for people
};
/// Two runs or more. Cases that differ alike stand together; IPv4 and IPv6 are one line where they agree.
Difference compare_runs(std::span<const FinishedRun> runs);

}  // namespace finwait::report
