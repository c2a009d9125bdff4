// Addresses as libtins wants them. Internal to wire/.
#pragma once

#include <tins/ip_address.h>
#include <tins/ipv6_address.h>

#include <cstring>

#include "harness/wire/address.hpp"

namespace finwait::wire {

inline Tins::IPv4Address tins_ipv4(const Address& address) {
  std::uint32_t network_order = 0;
  std::memcpy(&network_order, address.octets.data(), sizeof network_order);
  return Tins::IPv4Address(network_order);
}
inline Tins::IPv6Address tins_ipv6(const Address& address) { return Tins::IPv6Address(address.octets.data()); }

}  // namespace finwait::wire
