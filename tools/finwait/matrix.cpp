// finwait matrix: the same cases against several stacks, each in a process of its own, and their results side by side.
#include "harness/report/matrix.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <list>
#include <optional>
#include <sstream>
#include <thread>

#include "harness/engine/epoll.hpp"
#include "harness/lab/folder.hpp"
#include "harness/target/child.hpp"
#include "tools/finwait/adapters.hpp"
#include "tools/finwait/commands.hpp"
#include "tools/finwait/signals.hpp"

namespace finwait::tool {

namespace {

/// One stack's run under way.
struct Playing {
  std::string stack;
  std::filesystem::path results, said;
  target::Child child;
};

std::string read_all(const std::filesystem::path& file) {
  std::stringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

tl::expected<Playing, std::string> play(const std::string& stack, const MatrixArguments& arguments,
                                        const std::filesystem::path& folder, std::size_t number) {
  const auto results = folder / fmt::format("{}.json", number), said = folder / fmt::format("{}.txt", number);
  std::vector<std::string> command{
      "/proc/self/exe", "run",     "--target", stack,    "--json",
      results.string(), "--color", "never",    "--seed", fmt::format("{}", arguments.seed)};
  if (arguments.slow) command.emplace_back("--slow");
  for (const auto& one : arguments.excluded) command.insert(command.end(), {"--exclude", one});
  command.insert(command.end(), arguments.selectors.begin(), arguments.selectors.end());
  const UniqueFd out(open(said.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  auto child =
      target::Child::start({.arguments = std::move(command), .environment = {}, .folder = {}, .output = out.get()});
  if (!child) return tl::unexpected(child.error());
  return Playing{stack, results, said, std::move(*child)};
}

/// Those that live in real time wait most of the time, and all at once; of the others as many as there are processors.
bool in_real_time(const std::string& stack) { return stack == "linux"; }

class Players {
 public:
  Players(const MatrixArguments& arguments, std::filesystem::path folder)
      : arguments_(arguments), folder_(std::move(folder)), queued_(arguments.targets) {
    std::ranges::stable_partition(queued_, in_real_time);
  }

  /// False when one could not be started at all.
  bool run(const bool& interrupted, engine::Epoll& epoll) {
    const std::size_t most = std::max(1U, std::thread::hardware_concurrency());
    while ((!queued_.empty() && !interrupted) || !playing_.empty()) {
      const auto busy = static_cast<std::size_t>(
          std::ranges::count_if(playing_, [](const auto& one) { return !in_real_time(one.stack); }));
      if (!queued_.empty() && !interrupted && (in_real_time(queued_.front()) || busy < most)) {
        if (!start()) return false;
        continue;
      }
      wait(interrupted, epoll);
    }
    return true;
  }

  std::vector<report::StackRun> runs;
  std::string problem;

 private:
  bool start() {
    auto one = play(queued_.front(), arguments_, folder_, number_++);
    queued_.erase(queued_.begin());
    if (!one) return problem = one.error(), false;
    playing_.push_back(std::move(*one));
    return true;
  }

  void wait(const bool& interrupted, engine::Epoll& epoll) {
    const bool before = interrupted;
    bool any = false;
    for (const auto& one : playing_) epoll.watch(one.child.fd(), EPOLLIN, [&](std::uint32_t) { any = true; });
    epoll.wait(std::nullopt);
    for (const auto& one : playing_) epoll.unwatch(one.child.fd());
    if (interrupted && !before) {  // they end with what they have
      for (const auto& one : playing_) one.child.interrupt();
    }
    if (!any) return;
    std::erase_if(playing_, [this](Playing& one) {
      pollfd ended{one.child.fd(), POLLIN, 0};
      if (::poll(&ended, 1, 0) != 1) return false;
      finish(one);
      return true;
    });
  }

  void finish(Playing& one) {
    const int code = one.child.wait();
    auto run = report::read_stack_run(one.stack, read_all(one.results));
    if (!run) {
      problem += fmt::format("{}: no results (exit {}): {}\n", one.stack, code, read_all(one.said));
      return;
    }
    fmt::print(stderr, "finwait matrix: {} is done, {} cases\n", one.stack, run->results.size());
    runs.push_back(std::move(*run));
  }

  const MatrixArguments& arguments_;
  std::filesystem::path folder_;
  std::vector<std::string> queued_;
  std::list<Playing> playing_;
  std::size_t number_ = 0;
};

}  // namespace

int matrix(const MatrixArguments& arguments) {
  MatrixArguments known = arguments;
  if (known.targets.empty()) known.targets = {"linux", "lwip", "gvisor"};
  std::erase_if(known.targets, [](const std::string& stack) {
    const auto adapter = adapter_of(stack);
    const bool absent = adapter && !*adapter;
    if (absent) fmt::print(stderr, "finwait matrix: {} is absent: {}\n", stack, adapter->error());
    return absent;
  });
  if (known.targets.empty()) return complain(kEnvironment, "none of these stacks is there");
  const auto folder = lab::Folder::make();
  if (!folder) return complain(kEnvironment, folder.error());
  engine::Epoll epoll;
  const Signals signals(epoll);
  Players players(known, (*folder)->path());
  const bool started = players.run(signals.interrupted(), epoll);
  auto& runs = players.runs;
  const auto place = [&](const report::StackRun& run) { return std::ranges::find(known.targets, run.stack); };
  std::ranges::sort(runs, [&](const auto& a, const auto& b) { return place(a) < place(b); });
  if (runs.empty()) return complain(kEnvironment, players.problem);
  const report::Matrix all = report::make_matrix(runs);
  fmt::print("{}", report::matrix_text(all, runs, arguments.all));
  if (!arguments.json.empty()) {
    std::ofstream out(arguments.json);
    out << report::matrix_json(all, runs);
    if (!out.flush()) return complain(kEnvironment, fmt::format("{} cannot be written", arguments.json));
  }
  if (!started || !players.problem.empty()) return complain(kBroken, players.problem);
  using State = report::Matrix::Cell::State;
  bool broken = signals.interrupted(), undecided = false;
  for (const auto& [id, cells] : all.by_requirement) {
    for (const auto& cell : cells) {
      broken = broken || cell.state == State::broken;
      undecided = undecided || cell.state == State::undecided;
    }
  }
  return undecided ? kBroken : broken ? kNotAsExpected : kAsExpected;
}

}  // namespace finwait::tool
