#include "harness/target/target.hpp"

#include <array>

namespace finwait::target {

std::string_view to_string(Capability capability) {
  constexpr std::array<std::string_view, 11> kNames{"passive",   "active",  "half_close",   "abort",
                                                    "keepalive", "options", "tcp_state",    "sysctls",
                                                    "ipv4",      "ipv6",    "virtual_clock"};
  return kNames.at(static_cast<std::size_t>(capability));
}

}  // namespace finwait::target
