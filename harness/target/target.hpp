// Target and its sockets: what finwait needs from the TCP under test. Implementations: local_kernel.hpp (this machine's
// kernel in a sandbox), testing/fake_target.hpp (a small TCP of our own that can be made to misbehave).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "harness/engine/op.hpp"
#include "harness/link/link.hpp"
#include "harness/model/call.hpp"
#include "harness/model/profile.hpp"
#include "harness/model/state.hpp"
#include "harness/wire/address.hpp"

namespace finwait::target {

using engine::Op;
using wire::Bytes;
using wire::Endpoint;
using wire::Family;

/// What a target can do. A case that needs one that is missing is UNSUPPORTED.
enum class Capability : std::uint8_t {
  passive,     ///< listen and accept
  active,      ///< connect
  half_close,  ///< shutdown for writing leaves reading open
  abort,       ///< close with a reset (SO_LINGER, 0 s)
  keepalive,   ///< per-connection idle, interval and count
  options,     ///< the other socket options
  tcp_state,   ///< the connection's state can be asked for
  sysctls,     ///< system-wide settings, per sandbox
  ipv4,
  ipv6,
  virtual_clock,  ///< waiting costs nothing
  poll,           ///< poll() tells what a socket is ready for
  linger,         ///< close() can wait for the peer (SO_LINGER, more than 0 s)
  ports,          ///< the application can choose its port, and use it again
};
std::string_view to_string(Capability capability);
using Capabilities = std::set<Capability>;

using model::How;
using model::SocketOption;
using TcpState = model::State;

/// What poll() says: POLLIN, POLLOUT, POLLRDHUP, POLLHUP, POLLERR.
struct Readiness {
  bool in = false, out = false, read_hang_up = false, hang_up = false, error = false;
  bool operator==(const Readiness&) const = default;
};
/// "POLLIN POLLOUT"
std::string to_string(const Readiness& readiness);

/// One connection's end at the target's API. Every call gives the API's own result; none throws.
class Socket {
 public:
  Socket() = default;
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  /// Releases the socket without waiting, as the end of its process would, but with a reset.
  virtual ~Socket() = default;

  /// How many octets the target took. Never raises SIGPIPE.
  virtual Op<std::size_t> send(wire::ByteView octets) = 0;
  /// At least one octet, or none at the end of the stream.
  virtual Op<Bytes> recv(std::size_t most) = 0;
  virtual Op<void> shutdown(How how) = 0;
  virtual Op<void> close() = 0;
  /// SO_LINGER with so long, then close, which returns when the peer has acknowledged everything, or so long after.
  virtual Op<void> lingering_close(std::chrono::seconds limit) = 0;
  /// SO_LINGER with 0 s, then close.
  virtual Op<void> abort() = 0;
  virtual Op<void> set(SocketOption option, int value) = 0;
  virtual Op<int> get(SocketOption option) = 0;
  /// SO_ERROR: the pending error (0 without), which the call clears.
  virtual Op<int> take_error() = 0;
  virtual Op<TcpState> state() = 0;
  virtual Op<Readiness> poll() = 0;
};

/// A connection that is being opened: its socket is there from the start, and `done` tells when it is established, or
/// why it will not be. Whoever waits for that does not wait for anything else of the socket.
struct Opening {
  std::unique_ptr<Socket> socket;
  Op<void> done;
};

struct ListenOptions {
  bool reuse = true;    ///< SO_REUSEADDR
  int backlog = 16384;  ///< how many connections may wait to be accepted
};

class Listener {
 public:
  Listener() = default;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  /// Stops listening; what nobody has accepted is no concern of the application any more.
  virtual ~Listener() = default;
  /// The next connection from `peer`; connections from others stay queued for those who ask for them.
  virtual Op<std::unique_ptr<Socket>> accept(const Endpoint& peer) = 0;
};

class Target {
 public:
  Target() = default;
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;
  virtual ~Target() = default;

  /// A short stable name ("linux") and the version of what is tested.
  [[nodiscard]] virtual std::string name() const = 0;
  [[nodiscard]] virtual std::string version() const = 0;
  [[nodiscard]] virtual const Capabilities& capabilities() const = 0;
  [[nodiscard]] virtual const model::Profile& profile() const = 0;
  [[nodiscard]] virtual wire::Address address(Family family) const = 0;
  /// The addresses the harness may play peers on: base + 0 .. count - 1.
  [[nodiscard]] virtual wire::Address first_peer_address(Family family) const = 0;
  [[nodiscard]] virtual std::uint32_t peer_address_count() const = 0;
  virtual link::Link& link() = 0;

  virtual Result<std::unique_ptr<Listener>> listen(const Endpoint& local, ListenOptions options) = 0;
  /// Opens actively to `peer`, from a port of the target's choice or from `local`.
  virtual Result<Opening> connect(const Endpoint& peer, std::optional<wire::Port> local) = 0;
  /// System-wide settings of the sandbox, by the target's own names.
  virtual Result<void> set_sysctl(const std::string& name, const std::string& value) = 0;
};

}  // namespace finwait::target
