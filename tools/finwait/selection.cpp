// What selectors can be about. The sweep's thousands of cases are made only when a selector asks for them, and a walk
// only when it is named: `finwait run` without a selector starts as quickly as if they did not exist.
#include <algorithm>
#include <map>

#include "cases/catalogue.hpp"
#include "harness/explore/sweep.hpp"
#include "harness/explore/walk.hpp"
#include "tools/finwait/commands.hpp"

namespace finwait::tool {

namespace {

/// The walks that selectors name. They live as long as the program: instances point to them.
const run::Chapter& named_walks(const std::vector<std::string>& selectors) {
  static run::Chapter chapter;
  for (const auto& selector : selectors) {
    const auto id = explore::parse_walk_id(selector);
    if (!id) continue;
    const std::string name = to_string(*id);
    const bool known = std::ranges::find(chapter, name, &run::Case::id) != chapter.end();
    if (!known) chapter.push_back(explore::walk_case(explore::random_script(*id), name));
  }
  return chapter;
}

}  // namespace

std::vector<run::Instance> selectable(const std::vector<std::string>& selectors) {
  const auto for_sweep = std::ranges::count_if(selectors, explore::asks_for_sweep);
  const auto for_walks =
      std::ranges::count_if(selectors, [](const auto& s) { return explore::parse_walk_id(s).has_value(); });
  const bool for_catalogue = selectors.empty() || std::ssize(selectors) > for_sweep + for_walks;
  run::Catalogue all;
  if (for_catalogue) all = cases::catalogue();
  if (for_sweep > 0) all.push_back(&explore::sweep_chapter());
  if (for_walks > 0) all.push_back(&named_walks(selectors));
  return run::instances(all);
}

}  // namespace finwait::tool
