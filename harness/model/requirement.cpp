#include "harness/model/requirement.hpp"

#include <algorithm>
#include <array>

namespace finwait::model {

std::string_view to_string(Level level) {
  constexpr std::array<std::string_view, 3> kNames{"MUST", "SHOULD", "MAY"};
  return kNames.at(static_cast<std::size_t>(level));
}

const Requirement* find_requirement(std::string_view id) {
  const auto all = requirements();
  const auto found = std::ranges::lower_bound(all, id, {}, &Requirement::id);
  return found != all.end() && found->id == id ? &*found : nullptr;
}

}  // namespace finwait::model
