// Shrinking: from a script that fails to the shortest and simplest that fails in the same way.
#pragma once

#include <functional>

#include "harness/explore/script.hpp"

namespace finwait::explore {

/// Which of these scripts still fail, one answer for each; none at all when there will be no more answers.
using StillFails = std::function<std::vector<bool>(const std::vector<Script>&)>;

struct Shrunk {
  Script script;
  std::size_t tried = 0;     ///< scripts that were played
  bool interrupted = false;  ///< it might be shorter
};

/// Leaves out ever smaller chunks (delta debugging), then makes each action that is left as plain as it can be. What
/// comes out fails, and no longer does when any one action is left out.
Shrunk shrink(Script failing, const StillFails& still_fails);

}  // namespace finwait::explore
