// Record: what a run in another machine tells the one that reports it, as octets: first the target it has, then every
// result with its whole conversation, at last the totals. A stream of them may be cut off anywhere.
#pragma once

#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <variant>

#include "harness/run/observer.hpp"

namespace finwait::run {

/// The run has begun: what it runs against. The profile can be had from these again.
struct RecordedStart {
  std::string target, target_version, machine;
  Duration tick{};          ///< of the target's timers (model::linux_profile())
  std::int64_t epoch_ns{};  ///< RunInfo's
  TimePoint started;
};
/// A result, which owns what CaseResult only points to.
struct RecordedResult {
  CaseResult result;
  Transcript transcript;
};
using Recorded = std::variant<RecordedStart, RecordedResult, Totals>;

/// Writes records; each is on its way when the call returns.
class Recorder : public Observer {
 public:
  using Sink = std::function<void(std::string_view octets)>;
  explicit Recorder(Sink sink) : sink_(std::move(sink)) {}

  void run_started(const RunInfo& info) override;
  void case_finished(CaseResult& result) override;
  void run_finished(const Totals& totals) override;

 private:
  Sink sink_;
};

/// Takes a stream of records apart, in whatever pieces it comes.
class RecordReader {
 public:
  /// Says which instance an id is; nullptr for one that was not asked for.
  using Lookup = std::function<const Instance*(const std::string& id)>;
  explicit RecordReader(Lookup lookup) : lookup_(std::move(lookup)) {}

  void feed(std::string_view octets) { buffer_ += octets; }
  /// The next whole record; nothing until more is fed. Fails, for good, at what is no record.
  tl::expected<std::optional<Recorded>, std::string> next();

 private:
  Lookup lookup_;
  std::string buffer_;
  std::size_t taken_ = 0;
};

}  // namespace finwait::run
