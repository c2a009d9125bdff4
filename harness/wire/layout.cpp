#include "harness/wire/layout.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/wire/big_endian.hpp"

namespace finwait::wire {
namespace {

template <class... Args>
tl::unexpected<ParseError> malformed(fmt::format_string<Args...> text, Args&&... args) {
  return tl::unexpected(ParseError{ParseError::Kind::malformed, fmt::format(text, std::forward<Args>(args)...)});
}
template <class... Args>
tl::unexpected<ParseError> not_tcp(fmt::format_string<Args...> text, Args&&... args) {
  return tl::unexpected(ParseError{ParseError::Kind::not_tcp, fmt::format(text, std::forward<Args>(args)...)});
}

/// The upper-layer packet inside an IP packet.
struct Inner {
  std::uint8_t protocol = 0;
  std::size_t begin = 0, end = 0;
};
using InnerResult = tl::expected<Inner, ParseError>;

InnerResult inside_ipv4(ByteView packet, std::size_t header) {
  const std::size_t total = load16(packet, 2);
  if (total < header) return malformed("IPv4 total length {} is less than the header's own {} octets", total, header);
  if (total > packet.size()) return malformed("IPv4 total length {} but only {} octets arrived", total, packet.size());
  const unsigned fragment = load16(packet, 6);
  const bool more = (fragment & 0x2000) != 0;
  const unsigned offset = (fragment & 0x1fff) * 8;
  if (more || offset != 0)
    return not_tcp("IPv4 fragment (offset {}, {}); fragments are not put together here", offset,
                   more ? "more to come" : "the last");
  return Inner{packet[9], header, total};
}

/// Extension headers of RFC 8200 4 and the IANA registry that say where the next one begins.
constexpr std::uint8_t kHopByHop = 0, kRouting = 43, kFragment = 44, kAuthentication = 51, kDestinationOptions = 60,
                       kMobility = 135, kHostIdentity = 139, kShim6 = 140;

bool is_extension(std::uint8_t kind) {
  static constexpr std::uint8_t kKinds[] = {kHopByHop,           kRouting,  kFragment,     kAuthentication,
                                            kDestinationOptions, kMobility, kHostIdentity, kShim6};
  return std::ranges::find(kKinds, kind) != std::end(kKinds);
}

std::size_t extension_size(std::uint8_t kind, std::uint8_t length) {
  if (kind == kFragment) return 8;
  if (kind == kAuthentication) return (std::size_t{length} + 2) * 4;  // RFC 4302 2.2 counts in 32-bit words, less two
  return (std::size_t{length} + 1) * 8;
}

InnerResult inside_ipv6(ByteView packet) {
  const std::size_t length = load16(packet, 4);
  const std::size_t arrived = packet.size() - kIpv6Header;
  if (length > arrived)
    return malformed("IPv6 payload length {} but only {} octets arrived after the header", length, arrived);
  Inner inner{packet[6], kIpv6Header, kIpv6Header + length};
  while (is_extension(inner.protocol)) {
    const std::size_t room = inner.end - inner.begin;
    const std::size_t size = room < 8 ? 8 : extension_size(inner.protocol, packet[inner.begin + 1]);
    if (size > room)
      return malformed("IPv6 extension header {} at octet {} takes {} octets but {} are left", inner.protocol,
                       inner.begin, size, room);
    // A fragment header with neither offset nor "more" is a whole packet (an atomic fragment, RFC 6946).
    const unsigned fragment = inner.protocol == kFragment ? load16(packet, inner.begin + 2) & 0xfff9U : 0;
    if (fragment != 0)
      return not_tcp("IPv6 fragment (offset {}, {}); fragments are not put together here", fragment & 0xfff8U,
                     (fragment & 1U) != 0 ? "more to come" : "the last");
    inner.protocol = packet[inner.begin];
    inner.begin += size;
  }
  return inner;
}

std::string protocol_name(std::uint8_t protocol) {
  switch (protocol) {
    case 1:
      return "ICMP";
    case 2:
      return "IGMP";
    case 17:
      return "UDP";
    case 50:
      return "ESP";
    case 58:
      return "ICMPv6";
    case 59:
      return "nothing";
    default:
      return "another protocol";
  }
}

tl::expected<Layout, ParseError> tcp_layout(ByteView packet, Family family, const Inner& inner) {
  if (inner.protocol != kProtocolTcp)
    return not_tcp("the {} packet carries protocol {} ({}), not TCP", to_string(family), inner.protocol,
                   protocol_name(inner.protocol));
  const std::size_t room = inner.end - inner.begin;
  if (room < kTcpHeader) return malformed("a TCP header takes {} octets but the segment has {}", kTcpHeader, room);
  const std::size_t words = packet[inner.begin + 12] >> 4;
  if (words < 5) return malformed("TCP data offset {} words is under the 5 of a header without options", words);
  if (words * 4 > room) return malformed("TCP data offset {} words runs over the segment's {} octets", words, room);
  return Layout{family, inner.begin, inner.begin + words * 4, inner.end};
}

}  // namespace

tl::expected<IpHeader, ParseError> locate_ip_header(ByteView packet) {
  if (packet.empty()) return malformed("no octets at all");
  const unsigned version = packet[0] >> 4;
  if (version != 4 && version != 6) return malformed("IP version {} is neither 4 nor 6", version);
  const std::size_t least = version == 4 ? kIpv4Header : kIpv6Header;
  if (packet.size() < least)
    return malformed("an IPv{} header takes {} octets but only {} arrived", version, least, packet.size());
  if (version == 6) return IpHeader{Family::ipv6, kIpv6Header};
  const std::size_t words = packet[0] & 0x0fU;
  if (words < 5) return malformed("IPv4 header length {} words is under the 5 of a header without options", words);
  if (words * 4 > packet.size())
    return malformed("IPv4 header length {} words but only {} octets arrived", words, packet.size());
  return IpHeader{Family::ipv4, words * 4};
}

tl::expected<Layout, ParseError> locate(ByteView packet) {
  const auto header = locate_ip_header(packet);
  if (!header) return tl::unexpected(header.error());
  const auto inner = header->family == Family::ipv4 ? inside_ipv4(packet, header->size) : inside_ipv6(packet);
  if (!inner) return tl::unexpected(inner.error());
  return tcp_layout(packet, header->family, *inner);
}

namespace {

Address address_at(ByteView packet, Family family, std::size_t at) {
  Address address{family, {}};
  std::ranges::copy(packet.subspan(at, address.size()), address.octets.begin());
  return address;
}

}  // namespace

Address source_of(ByteView packet, Family family) {
  return address_at(packet, family, family == Family::ipv4 ? 12 : 8);
}
Address destination_of(ByteView packet, Family family) {
  return address_at(packet, family, family == Family::ipv4 ? 16 : 24);
}

}  // namespace finwait::wire
