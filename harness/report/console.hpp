// The console: progress while cases run, one line for each that ends, and the whole story of each that is not as
// expected.
#pragma once

#include <cstdio>
#include <string>

#include "harness/report/measured.hpp"
#include "harness/report/questions.hpp"

namespace finwait::report {

class Console : public run::Observer {
 public:
  struct Style {
    bool terminal = false;  ///< a live status line, rewritten in place
    bool colour = false;
    bool verbose = false;  ///< the conversation of every case, also of those that pass
  };
  Console(std::FILE* out, Style style) : out_(out), style_(style) {}

  void run_started(const run::RunInfo& info) override;
  void case_started(const run::Instance& instance) override;
  void case_finished(run::CaseResult& result) override;
  void progress(Duration elapsed, std::size_t done, std::size_t total) override;
  void run_finished(const run::Totals& totals) override;

 private:
  void line(const std::string& text);
  void clear_status();
  [[nodiscard]] std::string paint(run::Verdict verdict, const std::string& text) const;

  std::FILE* out_;
  Style style_;
  std::string target_, target_argument_, profile_argument_;
  bool virtual_time_ = false;
  Measured measured_;
  std::size_t id_width_ = 0;
  std::size_t started_ = 0, finished_ = 0;
  Duration longest_{};
  bool status_shown_ = false;
  Questions questions_;
};

/// The block that explains a result: summary, requirement, what was allowed, what was seen, the conversation, how to
/// run it again. Without colours.
std::string explain(const run::CaseResult& result, const std::string& target, const std::string& profile = {});

}  // namespace finwait::report
