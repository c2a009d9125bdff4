// What runs have shown, written into a file of expectations: the people's reasons stay, ids come and go.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "harness/run/verdict.hpp"

namespace finwait::run {

/// One result of a run.
struct Observed {
  std::string id;  ///< "reset/closed/never-answered/ipv4"
  Verdict verdict = Verdict::pass;
  std::string requirement;  ///< the one that is broken
  std::string seen, summary;
  std::string version;  ///< of the target
};

struct ExpectationUpdate {
  std::string text;                  ///< the whole file as it should be
  std::vector<std::string> changes;  ///< for people, a line each
};

/// A case that fails and has no entry is added to the entry that says the same of others, or to a new one. A case that
/// did not show what its entry says (XPASS), in no run, is taken out. Everything else, comments too, stays as it is.
/// Fails when the text is no file of expectations.
/// `known` are the ids of all instances there are: of a glob whose case has passed the others stay.
tl::expected<ExpectationUpdate, std::string> update_expectations(std::string_view toml, const std::string& file,
                                                                 const std::vector<Observed>& observed,
                                                                 const std::vector<std::string>& known);

}  // namespace finwait::run
