// Script: how a connection begins, and actions one after the other. What the sweep and the random walks play, and what
// a failing walk is printed as.
#pragma once

#include <string>
#include <vector>

#include "harness/explore/perform.hpp"

namespace finwait::explore {

enum class Opening : std::uint8_t {
  closed_port,  ///< nothing listens there
  listening,    ///< a listener; no SYN has been sent
  calling,      ///< connect(), and its SYN has come
  passive,      ///< the target has accepted
  active,       ///< the target has connected
};

struct Start {
  Opening opening = Opening::passive;
  bool timestamps = false;  ///< agreed on
  wire::Family family = wire::Family::ipv4;
  bool operator==(const Start&) const = default;
};

struct Step {
  Action action;
  bool hurry = false;  ///< at once; otherwise what the target has to say to the action before may come first
  bool operator==(const Step&) const = default;
};

struct Script {
  Start start;
  std::vector<Step> steps;
  bool operator==(const Script&) const = default;
};

/// co_await: a new connection, brought to its beginning.
Task<Subject> begin(run::Scenario& scenario, Start start);
/// co_await: all of it, and then what may still come. `script` has to outlive it.
Task<> play(run::Scenario& scenario, const Script& script);

/// How long it takes at most.
Duration length_of(const Script& script, Duration two_msl);
target::Capabilities needs_of(const Script& script);
/// Says so, and ends the case, when the model cannot follow a connection: then it has not been judged.
void insist_on_judgement(run::Peer& peer);

struct Heading {
  std::string name;  ///< of the C++ function
  std::string id, title, requirement;
};
/// A CASE ready to be put into a file of cases/: its includes are cases/steps.hpp and harness/explore/perform.hpp.
std::string to_case(const Script& script, const Heading& heading);
/// For a reader, a line each.
std::string describe(const Start& start);

}  // namespace finwait::explore
