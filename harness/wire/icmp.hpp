// ICMP and ICMPv6 errors about a segment that the target sent (RFC 792, RFC 4443, RFC 5927).
#pragma once

#include <cstdint>
#include <string>
#include <tl/expected.hpp>

#include "harness/wire/segment.hpp"

namespace finwait::wire {

/// What the error says; mapped to type and code of ICMP or ICMPv6 by the family of the quoted packet.
enum class IcmpError : std::uint8_t {
  network_unreachable,
  host_unreachable,
  protocol_unreachable,  ///< hard; ICMPv6: parameter problem, unrecognised next header
  port_unreachable,      ///< hard
  fragmentation_needed,  ///< ICMPv6: packet too big
  source_route_failed,
  admin_prohibited,
  source_quench,  ///< IPv4 only
  time_exceeded,
  parameter_problem,
};

/// An ICMP error sent by `router` to the source of `quoted` (a whole IP packet that the target sent), quoting as much
/// of it as the standard asks for: header and 8 octets for IPv4, as much as fits in 1,280 octets for IPv6.
/// `mtu` is used by fragmentation_needed only. Fails for an error the family does not have or a quoted packet that is
/// not IP.
tl::expected<Bytes, std::string> icmp_error(IcmpError error, const Address& router, ByteView quoted,
                                            std::uint32_t mtu = 0);

}  // namespace finwait::wire
