// The sweep: cases made from the model's table. Every state, every trigger that the model knows there, at the
// boundaries of the windows, for each family, with timestamps and without: a fresh connection is brought to the state,
// the trigger is fired, and then the connection is led to its end in a way that shows a wrong next state from outside.
// The model judges.
//
//   places.cpp   the states and the ways there
//   stimuli.cpp  the triggers as actions
//   docs/sweep.md   ids, and how to read a failure
#pragma once

#include "harness/explore/stimuli.hpp"
#include "harness/run/case.hpp"

namespace finwait::explore {

/// One case of the sweep, for both families.
struct Trial {
  Place place;
  Stimulus stimulus;
  bool timestamps = false;
  std::vector<Action> path;
  std::string id;  ///< "sweep/fin-wait-2/rst-in-window/timestamps"
};

/// All of them, in the order of the table.
std::vector<Trial> trials();
/// As cases. Made when first asked for: it takes some milliseconds.
const run::Chapter& sweep_chapter();
/// Whether a selector asks for cases of the sweep: it begins with "sweep".
bool asks_for_sweep(std::string_view selector);

/// co_await: brings a new connection to the trial's place. `trial` has to outlive it.
Task<Subject> reach(run::Scenario& scenario, const Trial& trial, wire::Family family);
/// co_await: after a trigger: what makes a wrong state or a lost reply visible.
Task<> complete(Subject& subject);

}  // namespace finwait::explore
