#include "harness/target/target.hpp"

#include <array>

namespace finwait::target {

std::string_view to_string(Capability capability) {
  constexpr std::array<std::string_view, 14> kNames{"passive",       "active",    "half_close", "abort", "keepalive",
                                                    "options",       "tcp_state", "sysctls",    "ipv4",  "ipv6",
                                                    "virtual_clock", "poll",      "linger",     "ports"};
  return kNames.at(static_cast<std::size_t>(capability));
}

std::string to_string(const Readiness& readiness) {
  const std::array<std::pair<bool, std::string_view>, 5> bits{{{readiness.in, "POLLIN"},
                                                               {readiness.out, "POLLOUT"},
                                                               {readiness.read_hang_up, "POLLRDHUP"},
                                                               {readiness.hang_up, "POLLHUP"},
                                                               {readiness.error, "POLLERR"}}};
  std::string text;
  for (const auto& [set, name] : bits) {
    if (set) text += (text.empty() ? "" : " ") + std::string(name);
  }
  return text.empty() ? "nothing" : text;
}

}  // namespace finwait::target
