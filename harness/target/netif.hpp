// Addresses and state of a network device in the current namespace, by netlink and ioctl: nothing is ever shelled
// out to.
#pragma once

#include <string>
#include <tl/expected.hpp>

#include "harness/wire/address.hpp"

namespace finwait::target {

tl::expected<void, std::string> set_up(const std::string& device);
tl::expected<void, std::string> set_queue_length(const std::string& device, int packets);
/// Adds the address with the route to its prefix.
tl::expected<void, std::string> add_address(const std::string& device, const wire::Address& address, int prefix);
/// Makes packets to the address be delivered here. For IPv6 the kernel does so itself, but in a worker and at some
/// later time.
tl::expected<void, std::string> add_local_route(const std::string& device, const wire::Address& address);

}  // namespace finwait::target
