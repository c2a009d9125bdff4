#include "harness/model/call.hpp"

#include <array>

namespace finwait::model {

std::string_view to_string(How how) {
  constexpr std::array<std::string_view, 3> kNames{"SHUT_RD", "SHUT_WR", "SHUT_RDWR"};
  return kNames.at(static_cast<std::size_t>(how));
}

std::string_view to_string(SocketOption option) {
  constexpr std::array<std::string_view, 8> kNames{
      "SO_KEEPALIVE",          "TCP_KEEPIDLE (s)", "TCP_KEEPINTVL (s)", "TCP_KEEPCNT",
      "TCP_USER_TIMEOUT (ms)", "SO_LINGER (s)",    "TCP_LINGER2 (s)",   "TCP_NODELAY"};
  return kNames.at(static_cast<std::size_t>(option));
}

}  // namespace finwait::model
