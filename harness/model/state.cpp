#include "harness/model/state.hpp"

#include <algorithm>
#include <cctype>

namespace finwait::model {

namespace {
constexpr std::array<std::string_view, kAllStates.size()> kNames{
    "CLOSED",     "LISTEN",     "SYN-SENT", "SYN-RECEIVED", "ESTABLISHED", "FIN-WAIT-1",
    "FIN-WAIT-2", "CLOSE-WAIT", "CLOSING",  "LAST-ACK",     "TIME-WAIT"};
}  // namespace

std::string_view to_string(State state) { return kNames.at(static_cast<std::size_t>(state)); }

std::optional<State> find_state(std::string_view name) {
  const auto same = [](char a, char b) {
    return (a == '_' ? '-' : std::toupper(static_cast<unsigned char>(a))) == static_cast<int>(b);
  };
  for (const State state : kAllStates) {
    if (std::ranges::equal(name, to_string(state), same)) return state;
  }
  return std::nullopt;
}

}  // namespace finwait::model
