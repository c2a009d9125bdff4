// The catalogue: every case finwait brings along, chapter by chapter, and the deviations that are known.
#pragma once

#include <string_view>

#include "harness/run/plan.hpp"

namespace finwait::cases {

const run::Catalogue& catalogue();

/// What finds out a target's choices, one case for each axis; not part of the catalogue (report/detection.hpp).
const run::Chapter& detection();

/// The text of cases/expectations/TARGET.toml as it was when finwait was built; empty when there is none.
std::string_view expectations_of(std::string_view target);

}  // namespace finwait::cases
