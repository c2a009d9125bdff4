// Places: the states a connection can be in, as the sweep reaches them, and in which condition.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "harness/explore/script.hpp"
#include "harness/model/state.hpp"

namespace finwait::explore {

struct Place {
  std::string_view name;  ///< in ids: "fin-wait-2-orphan"
  model::State state{};
  Opening opening{};
  bool orphan = false;  ///< the application has closed; otherwise it has shut its writing side at most
  bool app = false;     ///< there is a socket to make calls on
};
std::span<const Place> all_places();

/// What else is so when the place is reached.
enum class Prep : std::uint8_t {
  none,
  text,         ///< text of the target's is not acknowledged; before its FIN, if that is sent
  shut_window,  ///< our window is zero; the target's text and FIN are queued behind it
  fin_only,     ///< the same, and no text
  unread,       ///< the application has not read what we sent
  narrow,       ///< the target's window has 5 octets
  closed,       ///< it has none
};

/// From the beginning of the connection to this place; nullopt where that is not possible.
std::optional<std::vector<Action>> path_to(const Place& place, Prep prep, bool timestamps);

}  // namespace finwait::explore
