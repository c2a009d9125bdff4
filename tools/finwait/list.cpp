#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cases/catalogue.hpp"
#include "cases/coverage.hpp"
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
  std::size_t covered = 0;
  const auto all = cases::coverage_of(plan);
  for (const auto& one : all) {
    const model::Requirement& r = *one.requirement;
    if (one.tested()) covered++;
    if (!one.tested() && !whole) continue;
    fmt::print("{}  {} {} {}\n    {}\n", r.id, to_string(r.level), r.standard, r.section, r.statement);
    for (const auto& id : one.cases) fmt::print("      {}\n", id);
    if (one.sweep > 0) fmt::print("      {} of the sweep\n", one.sweep);
    if (!r.same_as.empty()) fmt::print("      says the same as {}\n", r.same_as);
    if (!r.untested.empty()) fmt::print("      cannot be tested: {}\n", r.untested);
  }
  if (!whole) return;
  fmt::print(
      "\n{} of {} requirements are named by cases; of the others it is said why. docs/coverage.md has the table.\n",
      covered, all.size());
}

}  // namespace

int list(const ListArguments& arguments) {
  if (arguments.profile) return list_profiles(*arguments.profile);
  const bool whole = arguments.selectors.empty() && arguments.excluded.empty();
  const auto all =
      selectable(whole && arguments.requirements ? std::vector<std::string>{"**", "sweep/**"} : arguments.selectors);
  const auto plan = run::select(all, arguments.selectors, arguments.excluded);
  if (!plan) {
    fmt::print(stderr, "finwait: {}\n", plan.error());
    return kUsage;
  }
  if (arguments.requirements) {
    list_requirements(*plan, whole);
  } else {
    list_cases(*plan);
  }
  return kAsExpected;
}

}  // namespace finwait::tool
