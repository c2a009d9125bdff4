#include "harness/target/netif.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/ipv6.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "harness/unique_fd.hpp"

namespace finwait::target {

namespace {

using Outcome = tl::expected<void, std::string>;

Outcome device_ioctl(int family, unsigned long request, void* argument, const std::string& what) {
  const UniqueFd fd(socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (fd && ioctl(fd.get(), request, argument) == 0) return {};
  return tl::unexpected(fmt::format("cannot {}: {}", what, std::strerror(errno)));
}

ifreq request_for(const std::string& device) {
  ifreq request{};
  device.copy(request.ifr_name, IFNAMSIZ - 1);
  return request;
}

void put_ipv4(sockaddr& place, std::uint32_t network_order) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = network_order;
  std::memcpy(&place, &address, sizeof address);
}

}  // namespace

Outcome set_up(const std::string& device) {
  ifreq request = request_for(device);
  auto read = device_ioctl(AF_INET, SIOCGIFFLAGS, &request, "read the flags of " + device);
  if (!read) return read;
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  return device_ioctl(AF_INET, SIOCSIFFLAGS, &request, "set " + device + " up");
}

Outcome set_queue_length(const std::string& device, int packets) {
  ifreq request = request_for(device);
  request.ifr_qlen = packets;
  return device_ioctl(AF_INET, SIOCSIFTXQLEN, &request, "set the queue length of " + device);
}

Outcome add_address(const std::string& device, const wire::Address& address, int prefix) {
  ifreq request = request_for(device);
  const std::string what = fmt::format("give {} the address {}/{}", device, address.to_string(), prefix);
  if (address.family == wire::Family::ipv4) {
    std::uint32_t octets = 0;
    std::memcpy(&octets, address.octets.data(), sizeof octets);
    put_ipv4(request.ifr_addr, octets);
    auto set = device_ioctl(AF_INET, SIOCSIFADDR, &request, what);
    if (!set) return set;
    put_ipv4(request.ifr_netmask, htonl(~std::uint32_t{0} << (32 - prefix)));
    return device_ioctl(AF_INET, SIOCSIFNETMASK, &request, what);
  }
  in6_ifreq wanted{};
  std::memcpy(&wanted.ifr6_addr, address.octets.data(), address.octets.size());
  wanted.ifr6_prefixlen = static_cast<std::uint32_t>(prefix);
  wanted.ifr6_ifindex = static_cast<int>(if_nametoindex(device.c_str()));
  return device_ioctl(AF_INET6, SIOCSIFADDR, &wanted, what);
}

}  // namespace finwait::target
