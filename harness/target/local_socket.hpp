// Sockets of the local kernel: system calls that never block, waited for through epoll.
#pragma once

#include <map>

#include "harness/engine/epoll.hpp"
#include "harness/target/target.hpp"
#include "harness/unique_fd.hpp"

namespace finwait::target {

/// A socket address as the system calls take it.
struct SocketAddress {
  explicit SocketAddress(const Endpoint& endpoint);
  SocketAddress() = default;
  [[nodiscard]] Endpoint endpoint() const;

  alignas(8) std::array<std::uint8_t, 28> octets{};  // sockaddr_in6 is the larger one
  std::uint32_t size = 28;
};

class LocalSocket : public Socket {
 public:
  LocalSocket(engine::Epoll& epoll, UniqueFd fd) : epoll_(epoll), fd_(std::move(fd)) {}
  ~LocalSocket() override;

  Op<std::size_t> send(wire::ByteView octets) override;
  Op<Bytes> recv(std::size_t most) override;
  Op<void> shutdown(How how) override;
  Op<void> close() override;
  Op<void> lingering_close(std::chrono::seconds limit) override;
  Op<void> abort() override;
  Op<void> set(SocketOption option, int value) override;
  Op<int> get(SocketOption option) override;
  Op<int> take_error() override;
  Op<TcpState> state() override;
  Op<Readiness> poll() override;

  /// The end of a connect() in progress.
  Op<void> connected();

 private:
  engine::Epoll& epoll_;
  UniqueFd fd_;
  int linger_s_ = -1;  ///< what the case has asked for; see keep_lingering()
};

/// Sockets have SO_LINGER {1, 0} until they are closed, when what the case has asked for is set: if this process is
/// killed, its connections are reset. Otherwise each would go on as an orphan and keep its namespace alive.
void keep_lingering(int fd);

class LocalListener : public Listener {
 public:
  LocalListener(engine::Epoll& epoll, UniqueFd fd) : epoll_(epoll), fd_(std::move(fd)) {}
  ~LocalListener() override;
  Op<std::unique_ptr<Socket>> accept(const Endpoint& peer) override;

 private:
  using Accepted = std::unique_ptr<Socket>;
  using State = Op<Accepted>::State;

  /// Takes connections off the queue, all or up to the one that is wanted. Returns the errno that ended it, or 0.
  int take(const Endpoint* wanted = nullptr);
  void serve_waiting();
  void forget(const Endpoint& peer);

  engine::Epoll& epoll_;
  UniqueFd fd_;
  std::map<Endpoint, Accepted> arrived_;
  std::map<Endpoint, std::weak_ptr<State>> waiting_;
};

}  // namespace finwait::target
