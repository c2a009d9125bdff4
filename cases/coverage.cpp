#include "cases/coverage.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "cases/catalogue.hpp"
#include "harness/explore/sweep.hpp"

namespace finwait::cases {

namespace {

std::string row(const Coverage& one) {
  constexpr std::size_t kShown = 3;
  const model::Requirement& r = *one.requirement;
  std::string tested;
  for (std::size_t i = 0; i < std::min(one.cases.size(), kShown); i++) {
    tested += fmt::format("{}`{}`", i == 0 ? "" : ", ", one.cases[i]);
  }
  if (one.cases.size() > kShown) tested += fmt::format(" and {} more", one.cases.size() - kShown);
  if (one.sweep > 0) tested += fmt::format("{}{} of the sweep", tested.empty() ? "" : "; ", one.sweep);
  if (!r.same_as.empty()) tested += fmt::format("{}says the same as {}", tested.empty() ? "" : "; ", r.same_as);
  if (!r.untested.empty()) tested = fmt::format("*cannot be tested:* {}", r.untested);
  return fmt::format("| {} | {} | {} | {} |\n", r.id, to_string(r.level), r.section, tested);
}

}  // namespace

std::vector<Coverage> coverage_of(const std::vector<run::Instance>& plan) {
  std::map<std::string_view, std::set<std::string_view>> scripted, swept;
  for (const run::Instance& instance : plan) {
    const run::Case& c = *instance.definition;
    for (const auto& id : c.covers) (c.id.starts_with("sweep/") ? swept : scripted)[id].insert(c.id);
  }
  std::vector<Coverage> all;
  for (const auto& requirement : model::requirements()) {
    const auto& cases = scripted[requirement.id];
    all.push_back({&requirement, {cases.begin(), cases.end()}, swept[requirement.id].size()});
  }
  return all;
}

std::string coverage_document() {
  run::Catalogue whole = catalogue();
  whole.push_back(&explore::sweep_chapter());
  const auto all = coverage_of(run::instances(whole));
  const auto count = [&](auto has) { return std::ranges::count_if(all, has); };
  std::string text = fmt::format(
      "<!-- Made by finwait_unit_tests with FINWAIT_UPDATE_GOLDEN=1 -->\n"
      "# Which case tests which requirement\n\n"
      "{} requirements: {} are named by cases ({} by cases of the catalogue, {} by those of the sweep alone), {} say "
      "the "
      "same\nas another one that is, {} cannot be tested from outside, each with the reason. The statements "
      "themselves, in "
      "our own\nwords: `finwait explain ID`, or cases/requirements/*.toml.\n",
      all.size(), count([](const Coverage& c) { return c.tested(); }),
      count([](const Coverage& c) { return !c.cases.empty(); }),
      count([](const Coverage& c) { return c.cases.empty() && c.sweep > 0; }),
      count([](const Coverage& c) { return !c.tested() && !c.requirement->same_as.empty(); }),
      count([](const Coverage& c) { return !c.requirement->untested.empty(); }));
  std::map<std::string_view, std::string> by_standard;
  for (const Coverage& one : all) by_standard[one.requirement->standard] += row(one);
  for (const auto& [standard, rows] : by_standard) {
    text +=
        fmt::format("\n## {}\n\n| requirement | level | section | tested by |\n|---|---|---|---|\n{}", standard, rows);
  }
  return text;
}

}  // namespace finwait::cases
