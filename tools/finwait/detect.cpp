#include <fmt/format.h>

#include <fstream>

#include "cases/catalogue.hpp"
#include "harness/report/console.hpp"
#include "harness/report/detection.hpp"
#include "harness/run/runner.hpp"
#include "harness/target/local_kernel.hpp"
#include "tools/finwait/commands.hpp"
#include "tools/finwait/signals.hpp"

namespace finwait::tool {

int detect(const DetectArguments& arguments) {
  if (const auto unknown = unknown_target(arguments.target)) return *unknown;
  std::ofstream json;
  if (!arguments.json.empty()) {
    json.open(arguments.json);
    if (!json) return complain(kEnvironment, fmt::format("{} cannot be written", arguments.json));
  }
  target::LocalLab lab(target::Stamps::none);  // what comes is looked at, not when
  const Signals signals(lab.epoll());
  report::Detection detection;
  run::RunOptions options;
  options.interrupted = &signals.interrupted();
  report::Console console(stdout, {.verbose = true});
  std::vector<run::Observer*> observers{&detection};
  if (arguments.verbose) observers.push_back(&console);
  run::Runner runner(lab, {}, observers, options);
  run::RunInfo info;
  info.finwait_version = FINWAIT_VERSION;
  const auto totals = runner.run(run::instances({&cases::detection()}), info);
  if (!totals) return complain(kEnvironment, totals.error() + "\n  'finwait doctor' checks what this machine can do");
  fmt::print("{}", detection.text());
  if (json.is_open() && !(json << detection.json()).flush()) {
    return complain(kEnvironment, fmt::format("{} cannot be written", arguments.json));
  }
  if (detection.unknown() > 0) return totals->interrupted ? kNotAsExpected : kBroken;
  return detection.contradictions() > 0 ? kNotAsExpected : kAsExpected;
}

}  // namespace finwait::tool
