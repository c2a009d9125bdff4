#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>

#include "cases/catalogue.hpp"
#include "harness/lab/crew.hpp"
#include "harness/lab/stock_kernel.hpp"
#include "harness/link/pcapng.hpp"
#include "harness/report/captures.hpp"
#include "harness/report/console.hpp"
#include "harness/report/json.hpp"
#include "harness/run/runner.hpp"
#include "harness/target/local_kernel.hpp"
#include "harness/target/stack_process.hpp"
#include "tools/finwait/adapters.hpp"
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

namespace {

constexpr std::string_view kLab = "lab", kQemu = "qemu:";

/// All reports of one run, in the order in which they are told.
struct Reports {
  Reports(const RunArguments& arguments, run::Observer* other)
      : console(stdout, style(arguments)), json(arguments.json), instead(other) {
    // Captures first: they fill in the path that the others report.
    if (!arguments.out.empty()) captures.emplace(arguments.out);
  }
  [[nodiscard]] std::vector<run::Observer*> observers() {
    if (instead != nullptr) return {instead};
    std::vector<run::Observer*> all{&console, &json};
    if (captures) all.insert(all.begin(), &*captures);
    return all;
  }
  [[nodiscard]] std::string problem() const {
    return captures && !captures->problem().empty() ? captures->problem() : json.problem();
  }

  report::Console console;
  report::Json json;
  std::optional<report::Captures> captures;
  run::Observer* instead;  ///< of all these; may be null
};

bool slow(const run::Instance& instance) { return instance.definition->slow(); }

struct Prepared {
  std::vector<run::Instance> plan;
  std::vector<run::Expectation> known;
  std::optional<model::Profile> profile;
};

tl::expected<Prepared, std::string> prepare(const RunArguments& arguments) {
  auto plan = run::select(selectable(arguments.selectors), arguments.selectors, arguments.excluded);
  if (!plan) return tl::unexpected(plan.error());
  // What is anybody's has none that are built in.
  const bool kernel = !adapter_of(arguments.target);
  auto known =
      load_expectations(kernel ? "linux" : arguments.target, arguments.expectations, arguments.no_expectations);
  if (!known) return tl::unexpected(known.error());
  Prepared prepared{std::move(*plan), std::move(*known), std::nullopt};
  if (arguments.profile.empty()) return prepared;
  auto profile = load_profile(arguments.profile);
  if (!profile) return tl::unexpected(profile.error());
  prepared.profile = std::move(*profile);
  return prepared;
}

int conclude(const Reports& reports, const tl::expected<run::Totals, std::string>& totals, bool strict) {
  if (!totals) return complain(kEnvironment, totals.error() + "\n  'finwait doctor' checks what this machine can do");
  if (!reports.problem().empty()) return complain(kEnvironment, reports.problem());
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    return complain(kEnvironment, "the verdicts could not be written to the standard output");
  }
  return exit_code(*totals, strict);
}

int run_here(const RunArguments& arguments, const Prepared& prepared, Reports& reports) {
  // A run of a moment judges no timers, and the packet ring would cost it more than it takes.
  const bool brief = std::ranges::all_of(prepared.plan, [](const auto& i) { return i.definition->takes() <= 1s; });
  target::LocalLab lab(brief ? target::Stamps::none : target::Stamps::kernel);
  const Signals signals(lab.epoll());
  run::RunInfo info = describe_run();
  info.profile_argument = arguments.profile;
  std::ofstream capture;
  std::optional<link::PcapngTap> tap;
  if (!arguments.capture.empty()) {
    capture.open(arguments.capture, std::ios::binary);
    if (!capture) return complain(kEnvironment, fmt::format("the capture {} cannot be written", arguments.capture));
    tap.emplace(capture, "tun0", "finwait " FINWAIT_VERSION, info.epoch_ns);
  }
  run::RunOptions options;
  options.profile = prepared.profile;
  options.tap = tap ? &*tap : nullptr;
  options.seed = arguments.seed;
  options.jobs = arguments.jobs;
  options.repeat = arguments.repeat;
  options.until_fail = arguments.until_fail;
  options.progress = 1s;
  options.interrupted = &signals.interrupted();
  run::Runner runner(lab, prepared.known, reports.observers(), options);
  const int code = conclude(reports, runner.run(prepared.plan, info), arguments.strict);
  capture.flush();
  if (capture || code == kEnvironment) return code;
  return complain(kEnvironment, fmt::format("the capture {} cannot be written", arguments.capture));
}

/// The kernel that --target names; nullptr when it names none.
tl::expected<std::unique_ptr<lab::Bootable>, std::string> named_kernel(const std::string& target) {
  if (target.starts_with(kQemu)) return lab::StockKernel::find(target.substr(kQemu.size()));
  if (target != kLab && !target.starts_with("lab:")) return nullptr;
  auto kernel = lab::find_kernel(lab::cache_folder(), target.substr(std::min(target.size(), kLab.size() + 1)));
  if (!kernel) return tl::unexpected(kernel.error());
  return std::make_unique<lab::UserModeLinux>(std::move(*kernel));
}

/// Behind an adapter, in virtual time: each case has a process of its own.
int run_on_stack(const RunArguments& arguments, const Prepared& prepared, std::vector<std::string> command,
                 Reports& reports) {
  target::StackLab lab(std::move(command));
  engine::Epoll epoll;
  const Signals signals(epoll);
  lab.time().look_at(epoll);
  run::RunInfo info = describe_run();
  info.epoch_ns = 0;  // the clock is not ours
  info.profile_argument = arguments.profile;
  info.virtual_time = true;
  info.target_argument = arguments.target;
  run::RunOptions options;
  options.profile = prepared.profile;
  options.seed = arguments.seed;
  options.repeat = arguments.repeat;
  options.until_fail = arguments.until_fail;
  options.interrupted = &signals.interrupted();
  options.real_clock = engine::monotonic_now;
  run::Runner runner(lab, prepared.known, reports.observers(), options);
  return conclude(reports, runner.run(prepared.plan, info), arguments.strict);
}

int run_in_lab(const RunArguments& arguments, const Prepared& prepared, const lab::Bootable& kernel, Reports& reports) {
  engine::Epoll epoll;
  const Signals signals(epoll);
  lab::CrewOptions options;
  options.seed = arguments.seed;
  options.jobs = arguments.jobs;
  options.repeat = arguments.repeat;
  options.profile = prepared.profile;
  options.profile_argument = arguments.profile;
  if (std::error_code error; std::filesystem::exists(arguments.profile, error)) {
    options.profile_argument = std::filesystem::absolute(arguments.profile, error).string();
  }
  options.patience = std::chrono::seconds(arguments.patience);
  options.interrupted = &signals.interrupted();
  if (arguments.gdb) {
    options.patience = std::chrono::hours(24);
    options.debug = [](pid_t guest) {
      fmt::print(
          stderr,
          "finwait: the guest waits for a debugger. In another terminal:\n"
          "  gdb -p {} -ex 'handle SIGSTOP nostop noprint nopass' -ex 'handle SIGSEGV SIGUSR1 nostop noprint pass' "
          "-ex 'catch exec' -ex continue\n"
          "and there, for instance: break tcp_time_wait, then continue\n",
          guest);
    };
  }
  run::RunInfo info = describe_run();
  info.profile_argument = arguments.profile;
  lab::Crew crew(epoll, kernel, prepared.known, reports.observers(), options);
  return conclude(reports, crew.run(prepared.plan, info), arguments.strict);
}

/// This machine's kernel, unless slow cases are asked for, by --slow or alone, and the lab has a kernel for them.
std::string chosen_target(const RunArguments& arguments, const Prepared& prepared) {
  if (!arguments.target.empty()) return arguments.target;
  if (!arguments.slow && !std::ranges::all_of(prepared.plan, slow)) return "linux";
  if (std::ranges::none_of(prepared.plan, slow)) return "linux";
  const auto kernel = lab::find_kernel(lab::cache_folder(), "");
  if (!kernel) return "linux";
  fmt::print(stderr, "finwait: slow cases are for virtual time: --target lab:{}\n", kernel->name);
  return "lab:" + kernel->name;
}

/// Leaves cases out of a run, and says so; false when nothing is left.
bool leave_out(Prepared& prepared, bool (*which)(const run::Instance&), const char* kind, const char* what_else) {
  const auto left_out = std::erase_if(prepared.plan, which);
  if (left_out == 0) return true;
  fmt::print(stderr, "finwait: {} {} case{} {} left out: {}\n", left_out, kind, left_out == 1 ? "" : "s",
             left_out == 1 ? "is" : "are", what_else);
  return !prepared.plan.empty();
}

bool takes_days(const run::Instance& instance) { return instance.definition->takes() > 24h; }

int run_and_tell(const RunArguments& given, run::Observer* instead) {
  auto prepared = prepare(given);
  if (!prepared) return complain(kUsage, prepared.error());
  RunArguments arguments = given;
  arguments.target = chosen_target(given, *prepared);
  const auto kernel = named_kernel(arguments.target);
  if (!kernel) return complain(kEnvironment, kernel.error());
  const bool in_lab = *kernel != nullptr;
  const auto adapter = adapter_of(arguments.target);
  if (adapter && !*adapter) return complain(kEnvironment, adapter->error());
  if (!in_lab && !adapter && arguments.target != "linux") {
    return complain(kUsage,
                    fmt::format("unknown target '{}': there is linux, this machine's kernel; lab or lab:KERNEL, one "
                                "in virtual time ('finwait lab list'); qemu:VMLINUZ, a distribution's; {}, a stack "
                                "behind its adapter; and stack:PROGRAM, one behind yours (docs/stack-protocol.md)",
                                arguments.target, fmt::join(adapter_names(), ", ")));
  }
  const bool virtual_time = in_lab || adapter;
  if (virtual_time && (arguments.until_fail || !arguments.capture.empty())) {
    return complain(kUsage,
                    "--until-fail and --capture are for real time; in virtual time the same seed is the same run "
                    "(use --repeat), and --out writes captures");
  }
  if (arguments.gdb && !arguments.target.starts_with(kLab)) {
    return complain(kUsage, "--gdb is for --target lab: there the target is a program");
  }
  if (!virtual_time && !arguments.slow &&
      !leave_out(*prepared, slow, "slow",
                 "--target lab shows them in a moment ('finwait lab build'), --slow in their own time")) {
    return kUsage;
  }
  // QEMU goes through each tick of the kernel's clock: some minutes in a second.
  if (arguments.target.starts_with(kQemu) &&
      !leave_out(*prepared, takes_days, "very slow", "they take days; --target lab shows them in a moment")) {
    return kUsage;
  }
  allow_many_descriptors();
  std::signal(SIGPIPE, SIG_IGN);  // a reader that goes away does not end the run; it is told at the end
  Reports reports(arguments, instead);
  if (!reports.problem().empty()) return complain(kEnvironment, reports.problem());
  if (adapter) return run_on_stack(arguments, *prepared, **adapter, reports);
  return in_lab ? run_in_lab(arguments, *prepared, **kernel, reports) : run_here(arguments, *prepared, reports);
}

}  // namespace

int run(const RunArguments& arguments) { return run_and_tell(arguments, nullptr); }

int run_for(const RunArguments& arguments, run::Observer& observer) { return run_and_tell(arguments, &observer); }

}  // namespace finwait::tool
