// Plan: which instances of which cases a run consists of.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "harness/run/case.hpp"

namespace finwait::run {

/// A case on one address family: the unit that runs and gets a verdict.
struct Instance {
  const Case* definition = nullptr;
  wire::Family family = wire::Family::ipv4;
  std::string id;  ///< "release/active/four-segments/ipv4"
};

/// One chapter after the other; the order of the report.
using Catalogue = std::vector<const Chapter*>;

/// Every case on every family it has.
std::vector<Instance> instances(const Catalogue& catalogue);

/// Whether a glob fits an id: `*` is any run of characters but '/', `**` any run at all, `?` one character.
bool glob_matches(std::string_view pattern, std::string_view id);

/// A selector is an id glob ("keepalive/**", with or without the family at its end), a standard with an optional
/// section ("rfc9293", "rfc9293:3.6"), or the level of a covered requirement ("@must", "@should", "@may").
/// Fails for a level or standard that does not exist, with the ones that do.
tl::expected<bool, std::string> selects(std::string_view selector, const Instance& instance);

/// The instances that any of `selectors` selects (all when there are none) and none of `excluded` does. Fails when a
/// selector is wrong, or when one selects nothing: then the message names it and the nearest ids.
tl::expected<std::vector<Instance>, std::string> select(const std::vector<Instance>& all,
                                                        const std::vector<std::string>& selectors,
                                                        const std::vector<std::string>& excluded);

}  // namespace finwait::run
