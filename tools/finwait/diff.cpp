// finwait diff: the results of several runs, side by side.
#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "harness/report/difference.hpp"
#include "tools/finwait/commands.hpp"

namespace finwait::tool {

int diff(const DiffArguments& arguments) {
  std::vector<report::FinishedRun> runs;
  for (const auto& file : arguments.runs) {
    std::ifstream in(file, std::ios::binary);
    std::stringstream text;
    if (in) text << in.rdbuf();
    if (!in) return complain(kUsage, fmt::format("{} cannot be read: {}", file, std::strerror(errno)));
    auto run = report::read_run(file, text.str());
    if (!run) {
      return complain(kUsage, fmt::format("{} holds no results of a run ('finwait run --json FILE' writes them): {}",
                                          file, run.error()));
    }
    runs.push_back(std::move(*run));
  }
  const auto found = report::compare_runs(runs);
  fmt::print("{}", found.text);
  return found.cases == 0 ? kAsExpected : kNotAsExpected;
}

}  // namespace finwait::tool
