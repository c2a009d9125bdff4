// Runner: runs the selected cases, all at once, and tells the observers.
#pragma once

#include <deque>
#include <list>
#include <map>
#include <memory>
#include <vector>

#include "harness/run/expectations.hpp"
#include "harness/run/observer.hpp"
#include "harness/run/scenario.hpp"
#include "harness/target/lab.hpp"

namespace finwait::run {

struct RunOptions {
  std::uint64_t seed = 1;
  std::size_t jobs = 0;                     ///< how many at once; 0: all
  int repeat = 1;                           ///< every case so often, all at once
  bool until_fail = false;                  ///< rounds until one has a verdict that is not as expected
  Duration progress{};                      ///< how often to tell observers of the progress; zero: never
  std::optional<model::Profile> profile{};  ///< judge by its values and not by the target's own
  int attempts = 3;                         ///< how often an INCONCLUSIVE case is run before it stays so
  link::Tap* tap = nullptr;                 ///< sees every packet of every sandbox as it passes
  bool judge = true;                        ///< by the model, beside the scripts; false only to measure what that costs
  const bool* interrupted = nullptr;        ///< set by a signal: the run ends and reports what it has
  TimePoint (*real_clock)() = nullptr;      ///< ours, where the lab's is another
};

/// Whether a verdict leaves the exit code at 0.
bool as_expected(Verdict verdict);

class Runner {
 public:
  Runner(target::Lab& lab, std::vector<Expectation> expectations, std::vector<Observer*> observers, RunOptions options);
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  /// Runs all of `plan`. `info` is completed from the target. Fails when there can be no target at all.
  tl::expected<Totals, std::string> run(const std::vector<Instance>& plan, RunInfo info);

 private:
  struct Sandbox;
  struct Slot;

  void enqueue_round(const std::vector<Instance>& plan);
  void start_queued();
  void start(std::unique_ptr<Slot> slot);
  using Sysctls = std::map<std::string, std::string>;
  tl::expected<std::unique_ptr<Sandbox>, std::string> make_sandbox(const Sysctls& sysctls);
  void make_sandboxes(const std::vector<Instance>& plan);
  [[nodiscard]] std::optional<std::string> missing_capability(const Instance& instance) const;
  Task<> watchdog(Duration budget);
  Task<> ticker();
  Task<> pacer();
  Task<> drive(Slot& slot);
  void finish(Slot& slot, std::optional<Finding> finding);
  void finish_unsupported(Slot& slot, const std::string& why);
  void report(Slot& slot, Verdict verdict, std::optional<Finding> finding);
  void end(Slot& slot);
  void reap();
  void interrupt();
  [[nodiscard]] bool interrupted() const { return options_.interrupted != nullptr && *options_.interrupted; }
  [[nodiscard]] bool done() const { return queued_.empty() && running_.empty(); }

  target::Lab& lab_;
  std::vector<Expectation> expectations_;
  std::vector<Observer*> observers_;
  RunOptions options_;
  // One for each set of settings that some case asks for; all are made before the first case starts, since making one
  // takes the kernel some milliseconds. The one without any is shared by all others.
  std::map<Sysctls, std::unique_ptr<Sandbox>> sandboxes_;
  Sandbox* shared_ = nullptr;
  std::deque<std::unique_ptr<Slot>> queued_;
  std::list<std::unique_ptr<Slot>> running_;
  Task<> pacing_;
  bool paced_ = false;
  TimePoint next_start_{};
  std::size_t total_ = 0, finished_ = 0;
  int unexpected_ = 0;
  int next_repetition_ = 0;
  std::size_t trailing_ = 0;  ///< of the running ones, those past their last line
  bool any_ended_ = false;
  std::string version_;
  TimePoint begin_;
  Totals totals_;
};

}  // namespace finwait::run
