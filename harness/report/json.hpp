// JSON results (docs/results.schema.json).
#pragma once

#include <future>
#include <memory>
#include <string>
#include <vector>

#include "harness/engine/aside.hpp"
#include "harness/run/observer.hpp"

namespace finwait::report {

/// Writes FILE as a whole, next to it and then renamed: it is never half written. While cases run it is brought up to
/// date about once a second, so that a run that is killed leaves what it had; a thread of its own does that, for the
/// results of ten thousand cases take longer to write than the harness may be late.
class Json : public run::Observer {
 public:
  /// An empty name writes nothing. A file that cannot be written is a problem() at once.
  explicit Json(std::string file);
  ~Json() override;
  Json(const Json&) = delete;
  Json& operator=(const Json&) = delete;

  void run_started(const run::RunInfo& info) override;
  void case_finished(run::CaseResult& result) override;
  void progress(Duration elapsed, std::size_t done, std::size_t total) override;
  void run_finished(const run::Totals& totals) override;

  /// Why the file could not be written; empty when it could.
  [[nodiscard]] const std::string& problem() const { return problem_; }
  /// The document as it stands.
  [[nodiscard]] std::string text() const;

 private:
  using Pieces = std::vector<std::shared_ptr<const std::string>>;  // what the document is put together from
  [[nodiscard]] Pieces pieces() const;
  void take_problem();
  void write_now();

  struct Document;
  std::string file_;
  std::unique_ptr<Document> document_;
  bool changed_ = false;
  std::string problem_;
  std::future<std::string> writing_;
  engine::Aside aside_;
};

}  // namespace finwait::report
