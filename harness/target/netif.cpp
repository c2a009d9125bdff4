#include "harness/target/netif.hpp"

#include <fmt/format.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

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

std::uint8_t family_of(const wire::Address& address) {
  return address.family == wire::Family::ipv4 ? AF_INET : AF_INET6;
}

// Sends one request on a socket of its own and waits for the kernel's acknowledgement, which comes at once.
Outcome ask_kernel(const nlmsghdr* request, const std::string& what) {
  const std::unique_ptr<mnl_socket, int (*)(mnl_socket*)> socket(mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC),
                                                                 mnl_socket_close);
  std::array<char, 4096> answer{};
  if (socket && mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) == 0 &&
      mnl_socket_sendto(socket.get(), request, request->nlmsg_len) >= 0) {
    const auto size = mnl_socket_recvfrom(socket.get(), answer.data(), answer.size());
    if (size > 0 && mnl_cb_run(answer.data(), static_cast<std::size_t>(size), 0, mnl_socket_get_portid(socket.get()),
                               nullptr, nullptr) >= 0) {
      return {};
    }
  }
  return tl::unexpected(fmt::format("cannot {}: {}", what, std::strerror(errno)));
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
  // By netlink: the ioctl asks for rights outside the user namespace.
  std::array<char, 256> buffer{};
  nlmsghdr* request = mnl_nlmsg_put_header(buffer.data());
  request->nlmsg_type = RTM_NEWLINK;
  request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
  auto* body = static_cast<ifinfomsg*>(mnl_nlmsg_put_extra_header(request, sizeof(ifinfomsg)));
  body->ifi_index = static_cast<int>(if_nametoindex(device.c_str()));
  mnl_attr_put_u32(request, IFLA_TXQLEN, static_cast<std::uint32_t>(packets));
  return ask_kernel(request, "set the queue length of " + device);
}

Outcome add_address(const std::string& device, const wire::Address& address, int prefix) {
  // By netlink and not by ioctl: only so can duplicate address detection be left out, during which an address is
  // unusable.
  std::array<char, 256> buffer{};
  nlmsghdr* request = mnl_nlmsg_put_header(buffer.data());
  request->nlmsg_type = RTM_NEWADDR;
  request->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_ACK;
  auto* body = static_cast<ifaddrmsg*>(mnl_nlmsg_put_extra_header(request, sizeof(ifaddrmsg)));
  body->ifa_family = family_of(address);
  body->ifa_prefixlen = static_cast<std::uint8_t>(prefix);
  body->ifa_flags = IFA_F_PERMANENT | IFA_F_NODAD;
  body->ifa_index = if_nametoindex(device.c_str());
  mnl_attr_put(request, IFA_LOCAL, address.size(), address.octets.data());
  mnl_attr_put(request, IFA_ADDRESS, address.size(), address.octets.data());
  return ask_kernel(request, fmt::format("give {} the address {}/{}", device, address.to_string(), prefix));
}

Outcome add_local_route(const std::string& device, const wire::Address& address) {
  std::array<char, 256> buffer{};
  nlmsghdr* request = mnl_nlmsg_put_header(buffer.data());
  request->nlmsg_type = RTM_NEWROUTE;
  request->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_REPLACE | NLM_F_ACK;
  auto* body = static_cast<rtmsg*>(mnl_nlmsg_put_extra_header(request, sizeof(rtmsg)));
  body->rtm_family = family_of(address);
  body->rtm_dst_len = static_cast<std::uint8_t>(address.size() * 8);
  body->rtm_table = RT_TABLE_LOCAL;
  body->rtm_protocol = RTPROT_KERNEL;
  body->rtm_type = RTN_LOCAL;
  mnl_attr_put(request, RTA_DST, address.size(), address.octets.data());
  mnl_attr_put_u32(request, RTA_OIF, if_nametoindex(device.c_str()));
  return ask_kernel(request, fmt::format("make {} local to {}", address.to_string(), device));
}

}  // namespace finwait::target
