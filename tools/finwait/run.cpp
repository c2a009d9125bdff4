#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>

#include "cases/catalogue.hpp"
#include "harness/link/pcapng.hpp"
#include "harness/report/captures.hpp"
#include "harness/report/console.hpp"
#include "harness/report/json.hpp"
#include "harness/run/runner.hpp"
#include "harness/target/local_kernel.hpp"
#include "tools/finwait/commands.hpp"
#include "tools/finwait/signals.hpp"

namespace finwait::tool {

using namespace std::chrono_literals;
using run::Verdict;

namespace {

report::Console::Style style(const RunArguments& arguments) {
  const bool terminal = isatty(STDOUT_FILENO) != 0;
  const char* no_colour = std::getenv("NO_COLOR");
  const bool wanted = arguments.colour == "always" ||
                      (arguments.colour == "auto" && terminal && (no_colour == nullptr || *no_colour == '\0'));
  return {.terminal = terminal, .colour = wanted, .verbose = arguments.verbose};
}

}  // namespace

tl::expected<std::vector<run::Expectation>, std::string> load_expectations(const std::string& target,
                                                                           const std::string& file, bool none) {
  if (none) return {};
  if (file.empty()) {
    return run::parse_expectations(cases::expectations_of(target), "cases/expectations/" + target + ".toml");
  }
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  if (!in) return tl::unexpected(fmt::format("{} cannot be read", file));
  return run::parse_expectations(text.str(), file);
}

void allow_many_descriptors() {
  constexpr rlim_t kWanted = 262144;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlimit wanted{std::max(limit.rlim_max, kWanted), std::max(limit.rlim_max, kWanted)};
  if (setrlimit(RLIMIT_NOFILE, &wanted) == 0) return;
  limit.rlim_cur = limit.rlim_max;  // without root no more than this
  setrlimit(RLIMIT_NOFILE, &limit);
}

run::RunInfo describe_run() {
  utsname system{};
  uname(&system);
  timespec wall{};
  clock_gettime(CLOCK_REALTIME, &wall);
  run::RunInfo info;
  info.finwait_version = FINWAIT_VERSION;
  info.machine = fmt::format("{} {} {}", system.sysname, system.release, system.machine);
  info.epoch_ns =
      std::int64_t{wall.tv_sec} * 1'000'000'000 + wall.tv_nsec - engine::monotonic_now().time_since_epoch().count();
  return info;
}

int exit_code(const run::Totals& totals, bool strict) {
  if (totals.count(Verdict::error) > 0) return kBroken;
  const int bad = totals.count(Verdict::fail) + totals.count(Verdict::deviation) + totals.count(Verdict::inconclusive) +
                  (strict ? totals.count(Verdict::xpass) : 0);
  return bad > 0 || totals.interrupted ? kNotAsExpected : kAsExpected;
}

int complain(int code, const std::string& what) {
  fmt::print(stderr, "finwait: {}\n", what);
  return code;
}

std::optional<int> unknown_target(const std::string& name) {
  if (name == "linux") return std::nullopt;
  return complain(kUsage, fmt::format("unknown target '{}': there is linux, this machine's kernel", name));
}

int run(const RunArguments& arguments) {
  if (const auto unknown = unknown_target(arguments.target)) return *unknown;
  const auto all = selectable(arguments.selectors);
  const auto plan = run::select(all, arguments.selectors, arguments.excluded);
  if (!plan) return complain(kUsage, plan.error());
  allow_many_descriptors();
  std::signal(SIGPIPE, SIG_IGN);  // a reader that goes away does not end the run; it is told at the end
  const auto known = load_expectations(arguments.target, arguments.expectations, arguments.no_expectations);
  if (!known) return complain(kUsage, known.error());
  run::RunOptions options;
  if (!arguments.profile.empty()) {
    auto profile = load_profile(arguments.profile);
    if (!profile) return complain(kUsage, profile.error());
    options.profile = std::move(*profile);
  }

  // A run of a moment judges no timers, and the packet ring would cost it more than it takes.
  const bool brief = std::ranges::all_of(*plan, [](const auto& i) { return i.definition->takes() <= 1s; });
  target::LocalLab lab(brief ? target::Stamps::none : target::Stamps::kernel);
  const Signals signals(lab.epoll());
  // Captures first: they fill in the path that the others report.
  std::optional<report::Captures> captures;
  if (!arguments.out.empty()) captures.emplace(arguments.out);
  if (captures && !captures->problem().empty()) return complain(kEnvironment, captures->problem());
  report::Console console(stdout, style(arguments));
  report::Json json(arguments.json);
  if (!json.problem().empty()) return complain(kEnvironment, json.problem());
  std::vector<run::Observer*> observers{&console, &json};
  if (captures) observers.insert(observers.begin(), &*captures);

  run::RunInfo info = describe_run();
  info.profile_argument = arguments.profile;
  std::ofstream capture;
  std::optional<link::PcapngTap> tap;
  if (!arguments.capture.empty()) {
    capture.open(arguments.capture, std::ios::binary);
    if (!capture) return complain(kEnvironment, fmt::format("the capture {} cannot be written", arguments.capture));
    tap.emplace(capture, "tun0", "finwait " FINWAIT_VERSION, info.epoch_ns);
  }

  options.tap = tap ? &*tap : nullptr;
  options.seed = arguments.seed;
  options.jobs = arguments.jobs;
  options.repeat = arguments.repeat;
  options.until_fail = arguments.until_fail;
  options.progress = 1s;
  options.interrupted = &signals.interrupted();
  run::Runner runner(lab, *known, observers, options);
  const auto totals = runner.run(*plan, info);
  if (!totals) return complain(kEnvironment, totals.error() + "\n  'finwait doctor' checks what this machine can do");
  if (!json.problem().empty()) return complain(kEnvironment, json.problem());
  if (captures && !captures->problem().empty()) return complain(kEnvironment, captures->problem());
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    return complain(kEnvironment, "the verdicts could not be written to the standard output");
  }
  capture.flush();
  if (!capture) return complain(kEnvironment, fmt::format("the capture {} cannot be written", arguments.capture));
  return exit_code(*totals, arguments.strict);
}

}  // namespace finwait::tool
