// Diagrams of the model, in the language of graphviz. Deviations are left out of all of them.
#pragma once

#include <string>

#include "harness/model/state.hpp"

namespace finwait::docs {

/// All states, and what leads from one to another: RFC 9293 figure 5 with the arcs that it leaves out.
std::string overall_diagram();
/// One state: what ends it, to where and under which condition, and what does not.
std::string state_diagram(model::State state);

}  // namespace finwait::docs
