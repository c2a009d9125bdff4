// Addresses and state of a network device in the current namespace, by ioctl: nothing is ever shelled out to.
#pragma once

#include <string>
#include <tl/expected.hpp>

#include "harness/wire/address.hpp"

namespace finwait::target {

tl::expected<void, std::string> set_up(const std::string& device);
tl::expected<void, std::string> set_queue_length(const std::string& device, int packets);
/// Adds the address with the route to its prefix.
tl::expected<void, std::string> add_address(const std::string& device, const wire::Address& address, int prefix);

}  // namespace finwait::target
