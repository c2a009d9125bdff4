// Expectations: the deviations of a stack that are known, each with its reason (cases/expectations/STACK.toml).
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "harness/run/plan.hpp"
#include "harness/run/verdict.hpp"

namespace finwait::run {

struct Expectation {
  std::vector<std::string> cases;   ///< id globs
  Verdict verdict = Verdict::fail;  ///< fail or deviation
  std::string requirement;          ///< the one that is broken; another one is still a failure
  std::string reason;
  std::string link;
  std::string seen;        ///< regular expression over what was seen; empty: anything that breaks the requirement
  std::string versions;    ///< regular expression over the target's version; empty: all
  bool sometimes = false;  ///< the cases need not show it: a random walk may not get there
};

/// What a reason begins with that `finwait expect` has written, until somebody has read the conversation. Such an entry
/// is no expectation yet: the failure is still one.
inline constexpr std::string_view kUnread = "to be read: ";

/// Reads the text of an expectation file. Errors name file, line and what is wrong.
tl::expected<std::vector<Expectation>, std::string> parse_expectations(std::string_view toml, const std::string& file);

/// Whether it is about this instance ("reset/closed/never-answered/ipv4") of a target of this version.
bool concerns(const Expectation& e, std::string_view id, const std::string& version);
/// Whether a verdict, the requirement that was broken and what was seen are what it says.
bool shows(const Expectation& e, Verdict verdict, std::string_view violated, const std::string& seen);
/// The same case on every family: the id without its last part.
std::string_view case_of(std::string_view instance_id);

/// A verdict in the light of what is known.
struct Expected {
  Verdict verdict = Verdict::pass;
  const Expectation* by = nullptr;  ///< what made it XFAIL or XPASS
};
/// PASS, FAIL and DEVIATION become XFAIL or XPASS where an expectation for this case and version says so. Of those that
/// are not `sometimes` the last in the file holds.
Expected expected(const std::vector<Expectation>& all, const Instance& instance, const std::string& version,
                  Verdict verdict, const Finding& finding);

}  // namespace finwait::run
