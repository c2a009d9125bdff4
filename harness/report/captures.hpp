// One pcapng file per case, its packets commented with what finwait made of them.
#pragma once

#include <string>

#include "harness/run/observer.hpp"

namespace finwait::report {

class Captures : public run::Observer {
 public:
  /// Into this folder, which is made. The error is kept in problem().
  explicit Captures(std::string folder);

  void run_started(const run::RunInfo& info) override;
  /// Fills in result.trace.
  void case_finished(run::CaseResult& result) override;

  /// Why a capture could not be written; the run goes on without further ones. Empty when all is well.
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  std::string folder_;
  std::string application_;
  std::int64_t epoch_ns_ = 0;
  std::string problem_;
};

}  // namespace finwait::report
