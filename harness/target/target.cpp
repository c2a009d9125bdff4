#include "harness/target/target.hpp"

#include <array>

namespace finwait::target {

std::string_view to_string(Capability capability) {
  constexpr std::array<std::string_view, 11> kNames{"passive",   "active",  "half_close",   "abort",
                                                    "keepalive", "options", "tcp_state",    "sysctls",
                                                    "ipv4",      "ipv6",    "virtual_clock"};
  return kNames.at(static_cast<std::size_t>(capability));
}

std::string_view to_string(How how) {
  constexpr std::array<std::string_view, 3> kNames{"SHUT_RD", "SHUT_WR", "SHUT_RDWR"};
  return kNames.at(static_cast<std::size_t>(how));
}

std::string_view to_string(TcpState state) {
  constexpr std::array<std::string_view, 11> kNames{"CLOSED",      "LISTEN",     "SYN-SENT",   "SYN-RECEIVED",
                                                    "ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "CLOSE-WAIT",
                                                    "CLOSING",     "LAST-ACK",   "TIME-WAIT"};
  return kNames.at(static_cast<std::size_t>(state));
}

std::string_view to_string(SocketOption option) {
  constexpr std::array<std::string_view, 8> kNames{
      "SO_KEEPALIVE",          "TCP_KEEPIDLE (s)", "TCP_KEEPINTVL (s)", "TCP_KEEPCNT",
      "TCP_USER_TIMEOUT (ms)", "SO_LINGER (s)",    "TCP_LINGER2 (s)",   "TCP_NODELAY"};
  return kNames.at(static_cast<std::size_t>(option));
}

}  // namespace finwait::target
