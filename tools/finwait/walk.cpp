#include "harness/explore/walk.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <optional>

#include "harness/report/console.hpp"
#include "harness/report/json.hpp"
#include "harness/run/runner.hpp"
#include "harness/target/local_kernel.hpp"
#include "tools/finwait/commands.hpp"
#include "tools/finwait/signals.hpp"

namespace finwait::tool {

using namespace std::chrono_literals;
using explore::Outcome;
using explore::WalkFinding;
using explore::WalkId;
using run::Verdict;

namespace {

/// Remembers what was not explained, and shows how far the run has come.
class Tally : public run::Observer {
 public:
  Tally(std::FILE* out, std::size_t steps, std::uint64_t seed) : out_(out), steps_(steps), seed_(seed) {}

  void run_started(const run::RunInfo& info) override {
    target = info.target;
    fmt::print(out_, "finwait {}: {} walks of {} actions against {}:{}, about {:.0f} s, seed {}\n",
               info.finwait_version, info.plan.size(), steps_, target, info.target_version,
               std::max(1.0, seconds(info.longest)), seed_);
    std::fflush(out_);
  }
  void case_finished(run::CaseResult& result) override {
    const auto id = explore::parse_walk_id(result.instance->id);
    const bool stopped = result.finding && result.finding->summary == "interrupted";
    if (!id || !result.finding || stopped) return;
    const Outcome outcome{result.verdict, result.finding->violated, result.finding->summary};
    if (outcome.violated()) failed.emplace_back(*id, outcome);
    if (result.verdict == Verdict::error) broken.push_back(result.instance->id + ": " + result.finding->summary);
    if (result.verdict == Verdict::inconclusive)
      undecided.push_back(result.instance->id + ": " + result.finding->summary);
  }
  void progress(Duration elapsed, std::size_t done, std::size_t total) override {
    if (isatty(fileno(out_)) == 0) return;
    fmt::print(out_, "\r\033[K{}/{} walks, {} not explained, {:.0f} s", done, total, failed.size(), seconds(elapsed));
    std::fflush(out_);
  }
  void run_finished(const run::Totals& /*totals*/) override {
    if (isatty(fileno(out_)) != 0) std::fputs("\r\033[K", out_);
  }

  std::string target;
  std::vector<std::pair<WalkId, Outcome>> failed;
  std::vector<std::string> broken, undecided;

 private:
  std::FILE* out_;
  std::size_t steps_;
  std::uint64_t seed_;
};

/// The story of the one case it sees.
class Story : public run::Observer {
 public:
  explicit Story(const std::string& target) : target_(target) {}
  void case_finished(run::CaseResult& result) override { text = report::explain(result, target_); }
  std::string text;

 private:
  const std::string& target_;
};

run::Chapter walk_chapter(const WalkArguments& arguments, std::size_t walks, std::size_t steps) {
  run::Chapter chapter;
  chapter.reserve(walks);
  for (std::size_t i = 0; i < walks; i++) {
    const WalkId id{arguments.seed, steps, i};
    chapter.push_back(explore::walk_case(explore::random_script(id), to_string(id)));
  }
  return chapter;
}

/// `finding` with the least that shows it, as a case.
void show_shrunk(target::Lab& lab, const WalkFinding& finding, const Tally& tally, const run::RunOptions& options,
                 std::vector<explore::Script>& shown) {
  const WalkId& id = finding.walks.front();
  const bool terminal = isatty(STDOUT_FILENO) != 0;
  if (!terminal) fmt::print("  shrinking it, each round takes as long as the walk ...\n");
  const auto tell = [&](std::size_t played) {
    if (terminal) fmt::print("\r\033[K  shrinking it, played {} times; Ctrl-C ends that", played);
    std::fflush(stdout);
  };
  const auto shrunk = explore::shrink_walk(lab, id, finding.outcome, options, tell);
  if (terminal) fmt::print("\r\033[K");
  if (!shrunk) {
    fmt::print(
        "  it did not happen again when the walk was played by itself\n  again: finwait run '{}' --target {} --seed "
        "{}\n",
        to_string(id), tally.target, id.seed);
    return;
  }
  const auto before = std::ranges::find(shown, shrunk->script);
  if (before != shown.end()) {
    fmt::print("  its least is that of an earlier one\n");
    return;
  }
  shown.push_back(shrunk->script);
  fmt::print("  shrunk from {} actions to {}, in {} plays{}:\n", id.steps, shrunk->script.steps.size(), shrunk->tried,
             shrunk->interrupted ? ", then interrupted" : "");
  Story story(tally.target);
  (void)explore::play_all(lab, {shrunk->script}, to_string(id), options, {&story});
  const std::string name = fmt::format("walk_{}_{}_{}", id.seed, id.steps, id.number);
  fmt::print(
      "{}\n// cases/*.cpp, with \"cases/steps.hpp\" and \"harness/explore/perform.hpp\"\n{}", story.text,
      explore::to_case(shrunk->script, {name, to_string(id), finding.outcome.summary, finding.outcome.requirement}));
}

void show(target::Lab& lab, const Tally& tally, std::size_t most, const run::RunOptions& options) {
  std::vector<explore::Script> shown;
  for (const WalkFinding& finding : explore::group_findings(tally.failed)) {
    const std::string more = finding.walks.size() == 1 ? "" : fmt::format(" and {} more", finding.walks.size() - 1);
    fmt::print("\n{}  {}{}  {}\n  {}\n", to_string(finding.outcome.verdict), to_string(finding.walks.front()), more,
               finding.outcome.requirement, finding.outcome.summary);
    std::fflush(stdout);
    const bool interrupted = options.interrupted != nullptr && *options.interrupted;
    if (most > 0 && !interrupted) {
      most--;
      show_shrunk(lab, finding, tally, options, shown);
    } else {
      fmt::print("  again: finwait run '{}' --target {} --seed {}\n", to_string(finding.walks.front()), tally.target,
                 finding.walks.front().seed);
    }
    std::fflush(stdout);
  }
  for (const auto& text : tally.undecided) fmt::print("INCONCLUSIVE  {}\n", text);
  for (const auto& text : tally.broken) fmt::print("ERROR  {}\n", text);
}

void print_totals(const run::Totals& totals) {
  std::string counts;
  for (std::size_t i = 0; i < totals.by_verdict.size(); i++) {
    if (totals.by_verdict[i] == 0) continue;
    counts +=
        fmt::format("{}{} {}", counts.empty() ? "" : ", ", totals.by_verdict[i], to_string(static_cast<Verdict>(i)));
  }
  fmt::print("\n{}{} in {:.1f} s; the harness was at most {:.1f} ms late\n", totals.interrupted ? "interrupted: " : "",
             counts, seconds(totals.elapsed), seconds(totals.worst_lateness) * 1e3);
}

}  // namespace

int walk(const WalkArguments& arguments) {
  if (const auto unknown = unknown_target(arguments.target)) return *unknown;
  allow_many_descriptors();
  std::signal(SIGPIPE, SIG_IGN);
  const auto known = load_expectations(arguments.target, arguments.expectations, arguments.no_expectations);
  if (!known) return complain(kUsage, known.error());
  run::RunOptions options;
  if (!arguments.profile.empty()) {
    auto profile = load_profile(arguments.profile);
    if (!profile) return complain(kUsage, profile.error());
    options.profile = std::move(*profile);
  }
  const std::size_t walks = arguments.walks > 0 ? arguments.walks : (arguments.steps + kWalkSteps - 1) / kWalkSteps;
  const std::size_t steps = std::max<std::size_t>(arguments.steps / walks, 1);
  target::LocalLab lab(target::Stamps::kernel);
  const Signals signals(lab.epoll());
  options.seed = arguments.seed;
  options.jobs = arguments.jobs;
  options.progress = 1s;
  options.interrupted = &signals.interrupted();

  Tally tally(stdout, steps, arguments.seed);
  report::Json json(arguments.json);
  if (!json.problem().empty()) return complain(kEnvironment, json.problem());
  const run::Chapter chapter = walk_chapter(arguments, walks, steps);
  run::Runner runner(lab, *known, {&tally, &json}, options);
  const auto totals = runner.run(run::instances({&chapter}), describe_run());
  if (!totals) return complain(kEnvironment, totals.error() + "\n  'finwait doctor' checks what this machine can do");
  if (!json.problem().empty()) return complain(kEnvironment, json.problem());
  options.progress = {};
  show(lab, tally, arguments.shrink, options);
  print_totals(*totals);
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    return complain(kEnvironment, "the verdicts could not be written to the standard output");
  }
  return exit_code(*totals, false);
}

}  // namespace finwait::tool
