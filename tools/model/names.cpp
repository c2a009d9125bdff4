#include "tools/model/names.hpp"

#include <algorithm>
#include <cctype>

namespace finwait::docs {

std::string_view short_name(model::State state) {
  constexpr std::array<std::string_view, model::kAllStates.size()> kNames{
      "CLOSED", "LISTEN", "SYN-S", "SYN-R", "ESTAB", "FW1", "FW2", "CW", "CLG", "LA", "TW"};
  return kNames.at(static_cast<std::size_t>(state));
}

std::string file_name(model::State state) {
  std::string name(to_string(state));
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

bool moves(const model::Rule& rule, model::State from) {
  return rule.reply != model::Reply::as_other && rule.next.value_or(from) != from;
}

bool conditional(const model::Rule& rule) { return !rule.choice.empty() || rule.situation != model::Situation::always; }

}  // namespace finwait::docs
