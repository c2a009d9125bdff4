// Coverage: for each requirement the cases that test it, or why there is none.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/model/requirement.hpp"
#include "harness/run/plan.hpp"

namespace finwait::cases {

struct Coverage {
  const model::Requirement* requirement = nullptr;
  std::vector<std::string> cases;  ///< ids, sorted; of the sweep none
  std::size_t sweep = 0;           ///< how many cases of the sweep

  [[nodiscard]] bool tested() const { return !cases.empty() || sweep > 0; }
};

/// One for each requirement there is, in the order of their ids, by the cases of this plan.
std::vector<Coverage> coverage_of(const std::vector<run::Instance>& plan);

/// docs/coverage.md: the whole catalogue, and the sweep.
std::string coverage_document();

}  // namespace finwait::cases
