// App: the hands on the target's socket API, for one connection. Every call stands in the transcript.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "harness/engine/task.hpp"
#include "harness/run/peer.hpp"
#include "harness/target/target.hpp"

namespace finwait::run {

using target::How;
using target::SocketOption;
using target::TcpState;

/// Values for a connection's keepalive; what is unset stays at the target's default.
struct Keepalive {
  std::optional<std::chrono::seconds> idle, interval;
  std::optional<int> count;
};

class App {
 public:
  App(Peer& peer, std::unique_ptr<target::Socket> socket) : peer_(peer), socket_(std::move(socket)) {}
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  // Calls that have to succeed: when one does not, the case ends with ERROR and says which.
  void close();
  void abort();
  void shutdown(How how);
  void set(SocketOption option, int value);
  /// Switches keepalive on with these values.
  void keepalive(Keepalive values);

  // Calls whose result the case looks at. An errno is a result like any other.
  Result<std::size_t> try_send(std::string_view text);
  Result<void> try_shutdown(How how);
  /// At most `most` octets; empty at the end of the stream; ETIME when nothing came within `limit`.
  Task<Result<wire::Bytes>> recv(std::size_t most, Duration limit);
  Result<int> get(SocketOption option);
  [[nodiscard]] const Peer& peer() const { return peer_; }
  /// SO_ERROR, cleared by the call; 0 without.
  int take_error();
  TcpState state();
  target::Readiness poll();
  /// SO_LINGER with so long, then close(): how long the call took.
  Task<Duration> lingering_close(std::chrono::seconds limit);

  // What the standard asks of the API. Whatever else comes ends the case and breaks `requirement`.
  Task<> expect_data(std::string_view text, std::string_view requirement = {});
  Task<> expect_eof(std::string_view requirement = {});
  /// send() takes all of the text.
  void send(std::string_view text, std::string_view requirement = {});
  /// The next recv() fails with this errno.
  Task<> expect_error(int error, std::string_view requirement = {});
  /// The next send() fails with this errno.
  void expect_send_error(int error, std::string_view requirement = {});
  /// Only where the target has Capability::tcp_state.
  void expect_state(TcpState state, std::string_view requirement = {});

 private:
  template <class T>
  Result<T> call(const std::string& text, engine::Op<T> op, TimePoint begin, model::Call told);
  void must(const Result<void>& result, const std::string& text);
  [[noreturn]] void refuse(const std::string& summary, const std::string& allowed, const std::string& seen,
                           std::string_view requirement);
  [[nodiscard]] TimePoint now() const;
  target::Socket& socket(const std::string& call);

  Peer& peer_;
  std::unique_ptr<target::Socket> socket_;
};

}  // namespace finwait::run
