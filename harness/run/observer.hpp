// Observer: the one interface between a run and its reports.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/run/plan.hpp"
#include "harness/run/transcript.hpp"
#include "harness/run/verdict.hpp"

namespace finwait::run {

struct RunInfo {
  std::string finwait_version;
  std::string target;          ///< "linux"
  std::string target_version;  ///< "6.18.44"
  std::string machine;         ///< the system finwait runs on
  std::uint64_t seed = 0;
  std::int64_t epoch_ns = 0;  ///< wall-clock nanoseconds of TimePoint zero; 0 in virtual time
  TimePoint started;
  const model::Profile* profile = nullptr;  ///< what the target is judged by
  bool own_profile = true;                  ///< that is what it documents itself
  std::string profile_argument;             ///< how else it was asked for: a name or a file
  std::vector<const Instance*> plan;
  int repeat = 1;
  Duration longest{};           ///< the longest case: what a run takes
  std::string target_argument;  ///< how to ask for the target again: "lab:6.12-hz250"; empty: by its name
  bool virtual_time = false;    ///< the target's clock is not ours
};

struct CaseResult {
  const Instance* instance = nullptr;
  Verdict verdict = Verdict::pass;
  std::optional<Finding> finding;
  Basis basis = Basis::standard;              ///< of the violation, if there is one
  std::string citation;                       ///< the value of the profile that it was judged by; empty: none
  std::vector<const model::Figure*> figures;  ///< the profile's values that the case rests on
  std::vector<model::Choices> choices;        ///< what each of its connections tells about the target's choices
  Measurements measured;                      ///< how long its timers took
  std::optional<Detected> detected;           ///< only from a case of detection
  std::string reason;                         ///< of the expectation that turned it into XFAIL or XPASS
  TimePoint started;
  Duration duration{};
  std::uint64_t seed = 0;
  int repetition = 0;                      ///< of --repeat, from 0
  int attempts = 1;                        ///< more than one after INCONCLUSIVE
  const Transcript* transcript = nullptr;  ///< only during the call; may be null
  std::string trace;                       ///< path of its capture; empty without
};

struct Totals {
  std::vector<int> by_verdict = std::vector<int>(8);
  Duration elapsed{};  ///< on the target's clock
  Duration real{};     ///< on ours; where time is virtual it is another one
  Duration worst_lateness{};
  bool interrupted = false;
  [[nodiscard]] int count(Verdict v) const { return by_verdict[static_cast<std::size_t>(v)]; }
};

class Observer {
 public:
  virtual ~Observer() = default;
  virtual void run_started(const RunInfo& /*info*/) {}
  virtual void case_started(const Instance& /*instance*/) {}
  /// Observers are told in order; an earlier one may fill in `trace`.
  virtual void case_finished(CaseResult& /*result*/) {}
  /// A few times a second while cases run.
  virtual void progress(Duration /*elapsed*/, std::size_t /*done*/, std::size_t /*total*/) {}
  virtual void run_finished(const Totals& /*totals*/) {}
};

}  // namespace finwait::run
