// Crew: runs a plan in several guests side by side and reports it as one run.
#pragma once

#include <sys/types.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/engine/loop.hpp"
#include "harness/engine/task.hpp"
#include "harness/lab/machine.hpp"
#include "harness/run/expectations.hpp"

namespace finwait::lab {

struct CrewOptions {
  std::uint64_t seed = 1;
  std::size_t jobs = 0;    ///< RunOptions::jobs, within each guest
  std::size_t guests = 0;  ///< so many at once; 0: one for each processor
  int repeat = 1;
  std::string profile_argument;                   ///< what the guest is to judge by: a name or an absolute path
  std::optional<model::Profile> profile{};        ///< the same, read
  Duration patience = std::chrono::seconds(120);  ///< a guest from which nothing comes for so long (real time) hangs
  const bool* interrupted = nullptr;
  std::function<void(pid_t)> debug{};  ///< when set, each guest waits to be let go by a debugger; called with its id
};

class Crew {
 public:
  Crew(engine::Epoll& epoll, const Bootable& kernel, std::vector<run::Expectation> expectations,
       std::vector<run::Observer*> observers, CrewOptions options);
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  /// As Runner::run(); elapsed is virtual time. The plan is split alike on every machine, so that results do not depend
  /// on how many processors there are. What a guest that dies has not finished is ERROR with its last words.
  tl::expected<run::Totals, std::string> run(const std::vector<run::Instance>& plan, run::RunInfo info);

 private:
  struct Shard;
  void split(const std::vector<run::Instance>& plan);
  void start(Shard& shard);
  void started(const run::RecordedStart& start);
  void take(Shard& shard, run::Recorded record);
  void report(run::CaseResult result, const run::Transcript* transcript);
  void ended(Shard& shard, const std::string& why);
  void give_up(Shard& shard, const std::string& why);
  void look_after();
  Task<> ticker();
  [[nodiscard]] bool interrupted() const { return options_.interrupted != nullptr && *options_.interrupted; }

  engine::Epoll& epoll_;
  engine::Loop loop_;
  const Bootable& kernel_;
  std::vector<run::Expectation> expectations_;
  std::vector<run::Observer*> observers_;
  CrewOptions options_;
  run::RunInfo info_;
  model::Profile profile_;
  std::map<std::string, const run::Instance*> by_id_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::size_t next_ = 0, running_ = 0;
  bool begun_ = false;
  std::string broken_;
  std::size_t finished_ = 0, total_ = 0;
  TimePoint latest_;
  run::Totals totals_;
};

}  // namespace finwait::lab
