#include "harness/target/sandbox.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "harness/target/netif.hpp"

namespace finwait::target {

namespace {

constexpr const char* kDevice = "tun0";
constexpr int kQueueLength = 4096;

// What differs from a new namespace's defaults, so that tests of thousands of connections are not cut short by limits
// and the link carries nothing but what the cases send.
constexpr std::array<std::pair<const char*, const char*>, 5> kSysctls{{
    {"net.ipv4.tcp_max_tw_buckets", "262144"},
    {"net.ipv4.tcp_max_syn_backlog", "16384"},
    {"net.core.somaxconn", "16384"},
    {"net.ipv6.conf.default.router_solicitations", "0"},
    {"net.ipv6.conf.default.accept_ra", "0"},
}};

int write_file(const std::string& path, const std::string& text);

// In the current namespace. Returns 0 or an errno.
int write_sysctl(std::string name, const std::string& value) {
  std::ranges::replace(name, '.', '/');
  return write_file("/proc/sys/" + name, value);
}

const Sandbox* current = nullptr;  // namespaces are per thread, and the harness has one

int write_file(const std::string& path, const std::string& text) {
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) return errno;
  return ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : errno;
}

std::string user_namespace_refused(int error) {
  return fmt::format(
      "this user may not make a user namespace ({}): run as root, or allow it with 'sysctl "
      "kernel.unprivileged_userns_clone=1' "
      "(Debian), 'sysctl kernel.apparmor_restrict_unprivileged_userns=0' (Ubuntu) or 'sysctl "
      "user.max_user_namespaces=15000'",
      std::strerror(error));
}

// Root inside a user namespace of our own: enough for network namespaces, and worth nothing outside.
tl::expected<void, std::string> become_root_inside() {
  const auto uid = geteuid();
  const auto gid = getegid();
  if (unshare(CLONE_NEWUSER) != 0) return tl::unexpected(user_namespace_refused(errno));
  write_file("/proc/self/setgroups", "deny");
  int error = write_file("/proc/self/uid_map", fmt::format("0 {} 1", uid));
  if (error == 0) error = write_file("/proc/self/gid_map", fmt::format("0 {} 1", gid));
  if (error != 0) return tl::unexpected(user_namespace_refused(error));
  return {};
}

}  // namespace

wire::Address SandboxAddresses::target(wire::Family family) {
  if (family == wire::Family::ipv4) return wire::Address::v4(kTarget4);
  wire::Address address{.family = wire::Family::ipv6, .octets = {0x20, 0x01, 0x0d, 0xb8}};
  address.octets[15] = 1;
  return address;
}

tl::expected<void, std::string> prepare_namespaces() {
  if (unshare(CLONE_NEWNET) == 0) return {};
  if (errno != EPERM) return tl::unexpected(fmt::format("no network namespace can be made: {}", std::strerror(errno)));
  auto inside = become_root_inside();
  if (!inside) return inside;
  if (unshare(CLONE_NEWNET) == 0) return {};
  return tl::unexpected(fmt::format("no network namespace can be made in a user namespace: {}", std::strerror(errno)));
}

tl::expected<std::unique_ptr<Sandbox>, std::string> Sandbox::make(const std::function<TimePoint()>& now,
                                                                  engine::Aside& aside, Stamps stamps) {
  auto prepared = prepare_namespaces();
  if (!prepared) return tl::unexpected(prepared.error());
  auto sandbox = std::unique_ptr<Sandbox>(new Sandbox());
  current = nullptr;  // it is entered by now, but may still fail
  sandbox->namespace_ = UniqueFd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!sandbox->namespace_) return tl::unexpected(fmt::format("/proc is not usable: {}", std::strerror(errno)));

  for (const auto& [name, value] : kSysctls) write_sysctl(name, value);  // absent ones are no harm
  auto tun = link::Tun::open(kDevice, now);
  if (!tun) return tl::unexpected(tun.error());
  sandbox->tun_ = std::move(*tun);
  auto configured = add_address(kDevice, SandboxAddresses::target(wire::Family::ipv4), SandboxAddresses::kPrefix4);
  if (configured) configured = set_queue_length(kDevice, kQueueLength);
  if (configured) configured = set_up(kDevice);
  if (configured) configured = set_up("lo");
  if (!configured) return tl::unexpected(configured.error());
  current = sandbox.get();
  const auto address6 = SandboxAddresses::target(wire::Family::ipv6);
  sandbox->ipv6_ = add_address(kDevice, address6, SandboxAddresses::kPrefix6) && add_local_route(kDevice, address6);
  if (stamps == Stamps::reader) sandbox->tun_->trust_reader();
  if (stamps != Stamps::kernel) return sandbox;
  // The thread aside enters the namespace by its own descriptor: this one may be closed before its turn comes.
  auto place = std::make_shared<UniqueFd>(fcntl(sandbox->namespace_.get(), F_DUPFD_CLOEXEC, 0));
  sandbox->tun_->use_kernel_stamps(
      aside.ask([place, index = sandbox->tun_->interface_index()]() -> tl::expected<link::PacketRing, std::string> {
        if (setns(place->get(), CLONE_NEWNET) != 0)
          return tl::unexpected(std::string("setns: ") + std::strerror(errno));
        return link::PacketRing::open(index);
      }));
  return sandbox;
}

void Sandbox::leave() {
  if (current == this) current = nullptr;
}

void Sandbox::enter() {
  if (current == this) return;
  if (setns(namespace_.get(), CLONE_NEWNET) == 0) current = this;
}

int Sandbox::set_sysctl(const std::string& name, const std::string& value) {
  enter();
  return write_sysctl(name, value);
}

}  // namespace finwait::target
