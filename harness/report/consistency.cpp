#include "harness/report/consistency.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace finwait::report {

using model::Choices;

void Consistency::add(const run::CaseResult& result) {
  if (result.choices.empty() || !result.instance->definition->sysctls.empty()) return;
  for (const Choices connection : result.choices) {
    common_ = common_ & connection;
    for (const auto& axis : model::all_axes()) {
      const Choices choices = connection & Choices::of(axis.axis);
      if (choices.empty() || choices == Choices::of(axis.axis)) continue;
      auto& all = told_[axis.axis];
      auto one = std::ranges::find(all, choices, &Told::choices);
      if (one == all.end()) one = all.insert(one, {choices, 0, result.instance->id});
      one->connections++;
    }
  }
}

std::vector<Consistency::Contradiction> Consistency::contradictions() const {
  std::vector<Contradiction> all;
  for (const auto& [axis, told] : told_) {
    if ((common_ & Choices::of(axis)).empty()) all.push_back({axis, told});
  }
  return all;
}

std::string Consistency::text() const {
  std::string out;
  for (const Contradiction& one : contradictions()) {
    out += fmt::format("inconsistent with any single profile: {}\n", model::info(one.axis).name);
    for (const Told& told : one.told) {
      out += fmt::format("  {} in {} connection{}, as in {}\n", fmt::join(told.choices.names(), " or "),
                         told.connections, told.connections == 1 ? "" : "s", told.example);
    }
  }
  return out;
}

}  // namespace finwait::report
