// Where the parts of an IP packet lie, each length held against the octets that are really there. Internal to wire/.
#pragma once

#include "harness/wire/codec.hpp"

namespace finwait::wire {

inline constexpr std::uint8_t kProtocolTcp = 6;
inline constexpr std::size_t kIpv4Header = 20;   ///< without options
inline constexpr std::size_t kIpv6Header = 40;   ///< without extension headers
inline constexpr std::size_t kTcpHeader = 20;    ///< without options
inline constexpr std::size_t kTcpChecksum = 16;  ///< its place in the TCP header
inline constexpr std::size_t kMaxPacket = 65535;

struct IpHeader {
  Family family = Family::ipv4;
  std::size_t size = 0;  ///< with IPv4 options, without IPv6 extension headers
};

/// Offsets into a packet that carries a whole TCP segment.
struct Layout {
  Family family = Family::ipv4;
  std::size_t tcp = 0;      ///< past IPv4 options and IPv6 extension headers
  std::size_t payload = 0;  ///< past the TCP options
  std::size_t end = 0;      ///< of the IP packet; the link may have padded it
};

/// Only the IP header; the rest of the packet may be cut.
tl::expected<IpHeader, ParseError> locate_ip_header(ByteView packet);
tl::expected<Layout, ParseError> locate(ByteView packet);

Address source_of(ByteView packet, Family family);
Address destination_of(ByteView packet, Family family);

}  // namespace finwait::wire
