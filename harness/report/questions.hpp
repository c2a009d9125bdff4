// The two questions that every report answers apart: does the target follow the standard, and does it keep to what it
// documents itself (or to the profile that it was asked to be judged by)?
#pragma once

#include <set>
#include <string>
#include <vector>

#include "harness/model/requirement.hpp"
#include "harness/report/consistency.hpp"
#include "harness/run/observer.hpp"

namespace finwait::report {

class Questions {
 public:
  void started(const run::RunInfo& info);
  void add(const run::CaseResult& result);

  // The first: requirements that verdicts broke, known deviations included, and documented values that are not the
  // standard's.
  [[nodiscard]] std::vector<std::string> broken(model::Level level) const;
  [[nodiscard]] int cases_against_standard() const { return against_standard_; }
  [[nodiscard]] const std::vector<model::Comparison>& values() const { return values_; }
  // The second: cases that rest on values of the profile, and those that break what is documented.
  [[nodiscard]] int cases_on_documented() const { return on_documented_; }
  [[nodiscard]] int cases_against_documented() const { return against_documented_; }
  // And whether all connections of the run can be those of one stack.
  [[nodiscard]] const Consistency& consistency() const { return consistency_; }

  /// The answers as lines of text, each with its end.
  [[nodiscard]] std::string text() const;

 private:
  [[nodiscard]] std::string standard_text() const;
  [[nodiscard]] std::string differing_text() const;
  [[nodiscard]] std::string documented_text() const;

  std::string profile_;
  bool own_ = true;
  std::vector<model::Comparison> values_;
  std::set<std::string> broken_;
  int against_standard_ = 0, against_documented_ = 0, on_documented_ = 0;
  std::set<std::string_view> figures_;
  std::set<std::string> against_documented_ids_;
  Consistency consistency_;
};

}  // namespace finwait::report
