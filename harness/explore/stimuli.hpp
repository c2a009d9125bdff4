// Stimuli: for each trigger of the model, the actions that are this trigger at a place, and the positions at its
// boundaries.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/explore/places.hpp"
#include "harness/model/trigger.hpp"

namespace finwait::explore {

/// Where timestamps make a difference to what a segment is.
enum class Stamps : std::uint8_t { both, only_with, only_without };

struct Stimulus {
  model::Trigger trigger{};
  std::string variant;  ///< in the id, after the trigger; empty for the plain one
  std::vector<Action> actions;
  Prep prep = Prep::none;
  Stamps stamps = Stamps::both;
  bool ipv4_only = false;
  std::map<std::string, std::string> sysctls{};  ///< not empty: a sandbox of its own
};

/// All for this place, also of triggers that the model does not have there.
std::vector<Stimulus> stimuli_at(const Place& place);

/// What a trigger is called in ids: "rst-in-window".
std::string_view slug(model::Trigger trigger);

}  // namespace finwait::explore
