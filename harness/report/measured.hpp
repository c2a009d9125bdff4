// How long timers really took, beside what the standard asks for, what the target documents and what textbooks teach.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/run/observer.hpp"

namespace finwait::report {

class Measured {
 public:
  struct Row {
    const model::Figure* figure = nullptr;
    std::string standard, documented, textbook;  ///< "at least 7200 s"; empty: none
    std::size_t count = 0;
    Duration least{}, median{}, most{};
  };

  void started(const run::RunInfo& info);
  void add(const run::CaseResult& result);

  [[nodiscard]] std::vector<Row> rows() const;
  /// As a table, each line with its end; empty when nothing was measured.
  [[nodiscard]] std::string text() const;

 private:
  std::vector<model::Comparison> values_;
  std::map<std::string_view, std::vector<Duration>> times_;
};

}  // namespace finwait::report
