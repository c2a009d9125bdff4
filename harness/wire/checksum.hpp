// The Internet checksum (RFC 1071) of IPv4 headers and of TCP and ICMPv6 with their pseudo headers.
#pragma once

#include "harness/wire/segment.hpp"

namespace finwait::wire {

/// Ones' complement sum of the octets added to `start`, not yet folded.
std::uint32_t sum_octets(ByteView octets, std::uint32_t start = 0);
/// Folds and complements: the value for the checksum field, in host order.
std::uint16_t fold(std::uint32_t sum);
/// Checksum of an upper-layer packet with its pseudo header; `octets` starts at the upper-layer header.
/// Zero when the packet's own checksum field is right.
std::uint16_t transport_checksum(const Address& source, const Address& destination, std::uint8_t protocol,
                                 ByteView octets);

}  // namespace finwait::wire
