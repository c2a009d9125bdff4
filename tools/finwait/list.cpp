#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "cases/catalogue.hpp"
#include "harness/model/requirement.hpp"
#include "harness/run/plan.hpp"
#include "tools/finwait/commands.hpp"

namespace finwait::tool {

namespace {

void list_cases(const std::vector<run::Instance>& plan) {
  const run::Case* last = nullptr;
  for (const auto& instance : plan) {
    const run::Case& c = *instance.definition;
    if (&c == last) continue;
    last = &c;
    fmt::print("{}  ({:.0f} s{})\n    {}\n    {}\n", c.id, std::max(1.0, seconds(c.takes())), c.slow() ? ", slow" : "",
               c.title, fmt::join(c.covers, " "));
  }
}

void list_requirements(const std::vector<run::Instance>& plan, bool whole) {
  std::map<std::string_view, std::set<std::string>> by_requirement;
  for (const auto& instance : plan) {
    for (const auto& id : instance.definition->covers) by_requirement[id].insert(instance.definition->id);
  }
  for (const auto& requirement : model::requirements()) {
    const auto covered = by_requirement.find(requirement.id);
    if (covered == by_requirement.end()) continue;
    fmt::print("{}  {} {} {}\n    {}\n", requirement.id, to_string(requirement.level), requirement.standard,
               requirement.section, requirement.statement);
    for (const auto& id : covered->second) fmt::print("      {}\n", id);
  }
  if (!whole) return;
  fmt::print("\n{} of {} requirements are covered; these are not yet:\n", by_requirement.size(),
             model::requirements().size());
  for (const auto& requirement : model::requirements()) {
    if (!by_requirement.contains(requirement.id)) fmt::print("  {}\n", requirement.id);
  }
}

}  // namespace

int list(const ListArguments& arguments) {
  if (arguments.profile) return list_profiles(*arguments.profile);
  const auto all = selectable(arguments.selectors);
  const auto plan = run::select(all, arguments.selectors, arguments.excluded);
  if (!plan) {
    fmt::print(stderr, "finwait: {}\n", plan.error());
    return kUsage;
  }
  if (arguments.requirements) {
    list_requirements(*plan, arguments.selectors.empty() && arguments.excluded.empty());
  } else {
    list_cases(*plan);
  }
  return kAsExpected;
}

}  // namespace finwait::tool
