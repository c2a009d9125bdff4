// What an adapter makes of docs/stack-protocol.md: tried out, also with nonsense.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/target/rpc.hpp"

namespace finwait::target {

struct AdapterCheck {
  enum class Outcome : std::uint8_t {
    kept,
    lacking,  ///< it does not have that, and does not have to
    broken,
  };
  Outcome outcome = Outcome::kept;
  std::string what;  ///< "an unknown method is refused"
  std::string seen;  ///< what came instead, or what it has
};
std::string_view to_string(AdapterCheck::Outcome outcome);

/// Starts the program anew for each group of checks.
std::vector<AdapterCheck> check_adapter(const std::vector<std::string>& command, const Rpc::Limits& limits);

}  // namespace finwait::target
