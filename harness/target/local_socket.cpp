#include "harness/target/local_socket.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <thread>

namespace finwait::target {

namespace {

template <class T>
Result<T> failed() {
  return tl::unexpected(Errno{errno, {}});
}
Result<void> outcome(int returned) { return returned == 0 ? Result<void>{} : failed<void>(); }

struct OptionName {
  int level, name;
};
// In the order of SocketOption.
constexpr std::array<OptionName, 8> kOptions{{{SOL_SOCKET, SO_KEEPALIVE},
                                              {IPPROTO_TCP, TCP_KEEPIDLE},
                                              {IPPROTO_TCP, TCP_KEEPINTVL},
                                              {IPPROTO_TCP, TCP_KEEPCNT},
                                              {IPPROTO_TCP, TCP_USER_TIMEOUT},
                                              {SOL_SOCKET, SO_LINGER},
                                              {IPPROTO_TCP, TCP_LINGER2},
                                              {IPPROTO_TCP, TCP_NODELAY}}};

int set_linger(int fd, int seconds) {
  const linger value{seconds >= 0 ? 1 : 0, std::max(seconds, 0)};
  return setsockopt(fd, SOL_SOCKET, SO_LINGER, &value, sizeof value);
}

Result<int> pending_error(int fd) {
  int value = 0;
  socklen_t size = sizeof value;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &value, &size) != 0) return failed<int>();
  return value;
}

Result<Bytes> recv_now(int fd, std::size_t most) {
  Bytes octets(most);
  const ssize_t got = ::recv(fd, octets.data(), octets.size(), MSG_DONTWAIT);
  if (got < 0) return failed<Bytes>();
  octets.resize(static_cast<std::size_t>(got));
  return octets;
}

// Tries at once, and otherwise again whenever the descriptor has one of `events`, until it is no longer EAGAIN.
template <class T, class Try>
Op<T> retry(engine::Epoll& epoll, int fd, std::uint32_t events, Try attempt) {
  Result<T> first = attempt();
  if (first || first.error().value != EAGAIN) return Op<T>(std::move(first));
  auto state = std::make_shared<typename Op<T>::State>();
  const auto token = epoll.watch(fd, events, [&epoll, fd, attempt, weak = std::weak_ptr(state)](std::uint32_t) mutable {
    auto waiting = weak.lock();
    if (!waiting) return epoll.unwatch(fd);
    Result<T> result = attempt();
    if (!result && result.error().value == EAGAIN) return;
    epoll.unwatch(fd);
    waiting->complete(std::move(result));
  });
  // By token: the descriptor may be closed by then, and its number be another socket's.
  state->on_abandon = [&epoll, fd, token] { epoll.unwatch(fd, token); };
  return Op<T>(std::move(state));
}

TcpState from_kernel(std::uint8_t state) {
  switch (state) {
    case TCP_ESTABLISHED:
      return TcpState::established;
    case TCP_SYN_SENT:
      return TcpState::syn_sent;
    case TCP_SYN_RECV:
      return TcpState::syn_received;
    case TCP_FIN_WAIT1:
      return TcpState::fin_wait_1;
    case TCP_FIN_WAIT2:
      return TcpState::fin_wait_2;
    case TCP_TIME_WAIT:
      return TcpState::time_wait;
    case TCP_CLOSE_WAIT:
      return TcpState::close_wait;
    case TCP_LAST_ACK:
      return TcpState::last_ack;
    case TCP_LISTEN:
      return TcpState::listen;
    case TCP_CLOSING:
      return TcpState::closing;
    default:
      return TcpState::closed;
  }
}

}  // namespace

SocketAddress::SocketAddress(const Endpoint& endpoint) {
  if (endpoint.address.family == Family::ipv4) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(number(endpoint.port));
    std::memcpy(&in.sin_addr, endpoint.address.octets.data(), 4);
    std::memcpy(octets.data(), &in, sizeof in);
    size = sizeof in;
  } else {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(number(endpoint.port));
    std::memcpy(&in.sin6_addr, endpoint.address.octets.data(), 16);
    std::memcpy(octets.data(), &in, sizeof in);
    size = sizeof in;
  }
}

Endpoint SocketAddress::endpoint() const {
  Endpoint out;
  sa_family_t family = 0;
  std::memcpy(&family, octets.data(), sizeof family);
  if (family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, octets.data(), sizeof in);
    std::memcpy(out.address.octets.data(), &in.sin_addr, 4);
    out.port = wire::Port{ntohs(in.sin_port)};
  } else {
    sockaddr_in6 in{};
    std::memcpy(&in, octets.data(), sizeof in);
    out.address.family = Family::ipv6;
    std::memcpy(out.address.octets.data(), &in.sin6_addr, 16);
    out.port = wire::Port{ntohs(in.sin6_port)};
  }
  return out;
}

void keep_lingering(int fd) { set_linger(fd, 0); }

LocalSocket::~LocalSocket() {
  if (fd_) epoll_.unwatch(fd_.get());
}

Op<std::size_t> LocalSocket::send(wire::ByteView octets) {
  const ssize_t sent = ::send(fd_.get(), octets.data(), octets.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent >= 0 ? Result<std::size_t>(static_cast<std::size_t>(sent)) : failed<std::size_t>();
}

Op<Bytes> LocalSocket::recv(std::size_t most) {
  const int fd = fd_.get();
  return retry<Bytes>(epoll_, fd, EPOLLIN | EPOLLRDHUP, [fd, most] { return recv_now(fd, most); });
}

Op<void> LocalSocket::shutdown(How how) {
  constexpr std::array<int, 3> kHow{SHUT_RD, SHUT_WR, SHUT_RDWR};
  return outcome(::shutdown(fd_.get(), kHow.at(static_cast<std::size_t>(how))));
}

Op<void> LocalSocket::close() {
  epoll_.unwatch(fd_.get());
  if (linger_s_ != 0 && set_linger(fd_.get(), linger_s_) != 0) return failed<void>();
  return outcome(::close(fd_.release()));
}

// The call blocks, also of a socket that does not block otherwise: a thread makes it, and says so when it returns.
Op<void> LocalSocket::lingering_close(std::chrono::seconds limit) {
  epoll_.unwatch(fd_.get());
  if (set_linger(fd_.get(), static_cast<int>(limit.count())) != 0) return failed<void>();
  struct Caller {
    UniqueFd bell;
    std::jthread thread;
  };
  auto caller = std::make_shared<Caller>();
  caller->bell = UniqueFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  const int bell = caller->bell.get();
  if (bell < 0) return failed<void>();
  caller->thread = std::jthread([fd = fd_.release(), bell] {
    ::close(fd);
    eventfd_write(bell, 1);
  });
  return retry<void>(epoll_, bell, EPOLLIN, [caller]() -> Result<void> {
    eventfd_t times = 0;
    return outcome(eventfd_read(caller->bell.get(), &times));
  });
}

Op<void> LocalSocket::abort() {
  linger_s_ = 0;
  return close();
}

Op<void> LocalSocket::set(SocketOption option, int value) {
  if (option == SocketOption::linger_s) {
    linger_s_ = value;
    return Result<void>{};
  }
  const auto [level, name] = kOptions.at(static_cast<std::size_t>(option));
  return outcome(setsockopt(fd_.get(), level, name, &value, sizeof value));
}

Op<int> LocalSocket::get(SocketOption option) {
  if (option == SocketOption::linger_s) return Result<int>(linger_s_);
  const auto [level, name] = kOptions.at(static_cast<std::size_t>(option));
  int value = 0;
  socklen_t size = sizeof value;
  if (getsockopt(fd_.get(), level, name, &value, &size) != 0) return failed<int>();
  return Result<int>(value);
}

Op<int> LocalSocket::take_error() { return pending_error(fd_.get()); }

Op<TcpState> LocalSocket::state() {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(fd_.get(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return failed<TcpState>();
  return Result<TcpState>(from_kernel(info.tcpi_state));
}

Op<Readiness> LocalSocket::poll() {
  pollfd one{fd_.get(), POLLIN | POLLOUT | POLLRDHUP, 0};
  if (::poll(&one, 1, 0) < 0) return failed<Readiness>();
  const auto has = [&one](int bit) { return (one.revents & bit) != 0; };
  return Result<Readiness>(Readiness{has(POLLIN), has(POLLOUT), has(POLLRDHUP), has(POLLHUP), has(POLLERR)});
}

Op<void> LocalSocket::connected() {
  bool first = true;  // nothing can be known of it before it is writable
  return retry<void>(epoll_, fd_.get(), EPOLLOUT, [fd = fd_.get(), first]() mutable -> Result<void> {
    if (std::exchange(first, false)) return tl::unexpected(Errno{EAGAIN, {}});
    const auto error = pending_error(fd);
    if (!error) return tl::unexpected(error.error());
    if (*error != 0) return tl::unexpected(Errno{*error, {}});
    return {};
  });
}

LocalListener::~LocalListener() { epoll_.unwatch(fd_.get()); }

int LocalListener::take(const Endpoint* wanted) {
  for (;;) {
    SocketAddress from;
    UniqueFd fd(
        accept4(fd_.get(), reinterpret_cast<sockaddr*>(from.octets.data()), &from.size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd) return errno;
    const Endpoint peer = from.endpoint();
    arrived_.insert_or_assign(peer, std::make_unique<LocalSocket>(epoll_, std::move(fd)));
    if (wanted != nullptr && peer == *wanted) return 0;
  }
}

void LocalListener::forget(const Endpoint& peer) {
  waiting_.erase(peer);
  if (waiting_.empty()) epoll_.unwatch(fd_.get());
}

void LocalListener::serve_waiting() {
  const int error = take();
  for (auto it = waiting_.begin(); it != waiting_.end();) {
    const auto waiter = it->second.lock();
    auto arrived = arrived_.extract(it->first);
    const bool done = !waiter || !arrived.empty() || error != EAGAIN;
    if (waiter && !arrived.empty()) waiter->complete(std::move(arrived.mapped()));
    if (waiter && error != EAGAIN) waiter->complete(tl::unexpected(Errno{error, {}}));
    it = done ? waiting_.erase(it) : std::next(it);
  }
  if (waiting_.empty()) epoll_.unwatch(fd_.get());
}

Op<std::unique_ptr<Socket>> LocalListener::accept(const Endpoint& peer) {
  const int error = arrived_.contains(peer) ? 0 : take(&peer);
  auto arrived = arrived_.extract(peer);
  if (!arrived.empty()) return Result<Accepted>(std::move(arrived.mapped()));
  if (error != EAGAIN) return Result<Accepted>(tl::unexpected(Errno{error, {}}));
  auto state = std::make_shared<State>();
  state->on_abandon = [this, peer] { forget(peer); };
  if (waiting_.empty()) epoll_.watch(fd_.get(), EPOLLIN, [this](std::uint32_t) { serve_waiting(); });
  waiting_[peer] = state;
  return Op<Accepted>(std::move(state));
}

}  // namespace finwait::target
