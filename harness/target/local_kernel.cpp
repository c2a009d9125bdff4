#include "harness/target/local_kernel.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#include <cerrno>
#include <ctime>

#include "harness/target/local_socket.hpp"

namespace finwait::target {

namespace {

// One jiffy: the resolution of the coarse clock.
Duration kernel_tick() {
  timespec t{};
  clock_getres(CLOCK_MONOTONIC_COARSE, &t);
  return std::chrono::nanoseconds(t.tv_nsec);
}

UniqueFd tcp_socket(Family family) {
  const int domain = family == Family::ipv4 ? AF_INET : AF_INET6;
  return UniqueFd(::socket(domain, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

}  // namespace

LocalKernel::LocalKernel(engine::Epoll& epoll, engine::Aside& aside, std::unique_ptr<Sandbox> sandbox)
    : epoll_(epoll),
      aside_(aside),
      sandbox_(std::move(sandbox)),
      capabilities_{Capability::passive,   Capability::active,  Capability::half_close, Capability::abort,
                    Capability::keepalive, Capability::options, Capability::tcp_state,  Capability::sysctls,
                    Capability::poll,      Capability::linger,  Capability::ports,      Capability::ipv4},
      profile_(model::linux_profile(kernel_tick())) {
  if (sandbox_->has_ipv6()) capabilities_.insert(Capability::ipv6);
  link::Tun& tun = sandbox_->tun();
  epoll_.watch(tun.fd(), EPOLLIN, [&tun](std::uint32_t) { tun.mark_readable(); });
}

LocalKernel::~LocalKernel() {
  epoll_.unwatch(sandbox_->tun().fd());
  sandbox_->leave();
  aside_.post([doomed = std::shared_ptr<Sandbox>(std::move(sandbox_))]() mutable { doomed.reset(); });
}

std::string LocalKernel::version() const {
  utsname system{};
  uname(&system);
  return system.release;
}

Result<std::unique_ptr<Listener>> LocalKernel::listen(const Endpoint& local, ListenOptions options) {
  sandbox_->enter();
  UniqueFd fd = tcp_socket(local.address.family);
  const SocketAddress address(local);
  const int on = options.reuse ? 1 : 0;
  if (!fd || setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      bind(fd.get(), reinterpret_cast<const sockaddr*>(address.octets.data()), address.size) != 0 ||
      ::listen(fd.get(), options.backlog) != 0) {
    return tl::unexpected(Errno{errno, {}});
  }
  keep_lingering(fd.get());  // accepted sockets inherit it
  return std::make_unique<LocalListener>(epoll_, std::move(fd));
}

Result<Opening> LocalKernel::connect(const Endpoint& peer, std::optional<wire::Port> local) {
  sandbox_->enter();
  UniqueFd fd = tcp_socket(peer.address.family);
  const SocketAddress address(peer);
  if (!fd) return tl::unexpected(Errno{errno, {}});
  keep_lingering(fd.get());
  if (local) {
    const SocketAddress own({this->address(peer.address.family), *local});
    const int on = 1;
    if (setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(fd.get(), reinterpret_cast<const sockaddr*>(own.octets.data()), own.size) != 0) {
      return tl::unexpected(Errno{errno, {}});
    }
  }
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(address.octets.data()), address.size) != 0 &&
      errno != EINPROGRESS) {
    return tl::unexpected(Errno{errno, {}});
  }
  auto socket = std::make_unique<LocalSocket>(epoll_, std::move(fd));
  auto done = socket->connected();
  return Opening{std::move(socket), std::move(done)};
}

Result<void> LocalKernel::set_sysctl(const std::string& name, const std::string& value) {
  const int error = sandbox_->set_sysctl(name, value);
  if (error != 0) return tl::unexpected(Errno{error, {}});
  profile_.apply_setting(name, value);
  return {};
}

tl::expected<std::unique_ptr<Target>, std::string> LocalLab::make_target() {
  auto sandbox = Sandbox::make([this] { return epoll_.now(); }, aside_, stamps_);
  if (!sandbox) return tl::unexpected(sandbox.error());
  // From the first packet on: some milliseconds, before any case has begun.
  if (stamps_ == Stamps::kernel) (*sandbox)->tun().wait_for_stamps();
  if (stamps_ == Stamps::reader) epoll_.read_clock_at_waits();  // it took its time
  return std::make_unique<LocalKernel>(epoll_, aside_, std::move(*sandbox));
}

}  // namespace finwait::target
