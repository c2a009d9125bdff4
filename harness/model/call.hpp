// Call: one call of the application at the target's socket API, with its outcome, as the model sees it.
#pragma once

#include <cstdint>
#include <string_view>

#include "harness/wire/segment.hpp"

namespace finwait::model {

enum class How : std::uint8_t { rd, wr, rdwr };
std::string_view to_string(How how);

/// Socket options by meaning; the target maps them to its API. Units stand in the name.
enum class SocketOption : std::uint8_t {
  keepalive,  ///< 0 or 1
  keepalive_idle_s,
  keepalive_interval_s,
  keepalive_count,
  user_timeout_ms,
  linger_s,   ///< -1 switches SO_LINGER off
  linger2_s,  ///< TCP_LINGER2: how long an orphan stays in FIN-WAIT-2; negative: not at all
  nodelay,    ///< 0 or 1
};
std::string_view to_string(SocketOption option);

struct Call {
  enum class Kind : std::uint8_t {
    connect,  ///< OPEN, active; made before the SYN is seen
    accept,   ///< the application holds the socket from now on
    close,
    abort,       ///< SO_LINGER 0, close
    unlisten,    ///< close of the socket that listened, before this connection was accepted
    shutdown,    ///< how
    send,        ///< text: what was to be sent; taken: how much the target took
    recv,        ///< text: what came; none at the end of the stream
    set,         ///< option, value
    get,         ///< option, value: what it is
    take_error,  ///< value: SO_ERROR
    state,       ///< value: a model::State
  };
  Kind kind = Kind::close;
  How how = How::wr;
  SocketOption option = SocketOption::keepalive;
  int value = 0;
  int error = 0;  ///< errno of a call that failed; ETIME: it was still waiting
  wire::Bytes text{};
  std::size_t taken = 0;
};

}  // namespace finwait::model
