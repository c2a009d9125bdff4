#include "harness/wire/icmp.hpp"

#include <fmt/format.h>
#include <tins/icmp.h>
#include <tins/icmpv6.h>
#include <tins/ip.h>
#include <tins/ipv6.h>
#include <tins/rawpdu.h>

#include <algorithm>

#include "harness/wire/big_endian.hpp"
#include "harness/wire/checksum.hpp"
#include "harness/wire/layout.hpp"
#include "harness/wire/tins_address.hpp"

namespace finwait::wire {
namespace {

constexpr std::size_t kIcmpHeader = 8;
constexpr std::size_t kIpv4Quote = 8;          // RFC 792: the header and 64 bits of the original data
constexpr std::size_t kIpv6MinimumMtu = 1280;  // RFC 4443 2.4 (c): as much as fits without exceeding it
constexpr std::uint8_t kProtocolIcmp = 1;
constexpr std::uint8_t kProtocolIcmpv6 = 58;
constexpr std::uint8_t kHopLimit = 64;
constexpr std::uint32_t kNextHeaderField = 6;  // where an IPv6 header says what follows

struct Code {
  std::uint8_t type = 0, code = 0;
};

/// RFC 792; code 13 is RFC 1812 5.2.7.1.
Code ipv4_code(IcmpError error) {
  using Type = Tins::ICMP;
  switch (error) {
    case IcmpError::network_unreachable:
      return {Type::DEST_UNREACHABLE, 0};
    case IcmpError::host_unreachable:
      return {Type::DEST_UNREACHABLE, 1};
    case IcmpError::protocol_unreachable:
      return {Type::DEST_UNREACHABLE, 2};
    case IcmpError::port_unreachable:
      return {Type::DEST_UNREACHABLE, 3};
    case IcmpError::fragmentation_needed:
      return {Type::DEST_UNREACHABLE, 4};
    case IcmpError::source_route_failed:
      return {Type::DEST_UNREACHABLE, 5};
    case IcmpError::admin_prohibited:
      return {Type::DEST_UNREACHABLE, 13};
    case IcmpError::source_quench:
      return {Type::SOURCE_QUENCH, 0};
    case IcmpError::time_exceeded:
      return {Type::TIME_EXCEEDED, 0};
    case IcmpError::parameter_problem:
      return {Type::PARAM_PROBLEM, 0};
  }
  return {};
}

/// RFC 4443; code 7 of destination unreachable is RFC 6550 20.15's error in the source routing header.
std::optional<Code> ipv6_code(IcmpError error) {
  using Type = Tins::ICMPv6;
  switch (error) {
    case IcmpError::network_unreachable:
      return Code{Type::DEST_UNREACHABLE, 0};
    case IcmpError::host_unreachable:
      return Code{Type::DEST_UNREACHABLE, 3};
    case IcmpError::protocol_unreachable:
      return Code{Type::PARAM_PROBLEM, 1};
    case IcmpError::port_unreachable:
      return Code{Type::DEST_UNREACHABLE, 4};
    case IcmpError::fragmentation_needed:
      return Code{Type::PACKET_TOOBIG, 0};
    case IcmpError::source_route_failed:
      return Code{Type::DEST_UNREACHABLE, 7};
    case IcmpError::admin_prohibited:
      return Code{Type::DEST_UNREACHABLE, 1};
    case IcmpError::source_quench:
      return std::nullopt;
    case IcmpError::time_exceeded:
      return Code{Type::TIME_EXCEEDED, 0};
    case IcmpError::parameter_problem:
      return Code{Type::PARAM_PROBLEM, 0};
  }
  return std::nullopt;
}

/// Type, code, a checksum yet to be filled in, the second word and the quote. Written by hand: libtins' ICMPv6 has no
/// setter for the 32 bits of the MTU and of the pointer, and its ICMP pads the quote when it sees room for extensions.
Bytes message(Code code, std::uint32_t second_word, ByteView quote) {
  Bytes octets(kIcmpHeader);
  octets[0] = code.type;
  octets[1] = code.code;
  store32(octets, 4, second_word);
  octets.insert(octets.end(), quote.begin(), quote.end());
  return octets;
}

Bytes ipv4_packet(const Address& router, const Address& receiver, Bytes icmp) {
  store16(icmp, 2, fold(sum_octets(icmp)));
  Tins::IP ip(tins_ipv4(receiver), tins_ipv4(router));
  ip.ttl(kHopLimit);
  ip.id(0);
  ip.protocol(kProtocolIcmp);
  ip.inner_pdu(new Tins::RawPDU(std::move(icmp)));  // libtins owns inner PDUs
  return ip.serialize();
}

Bytes ipv6_packet(const Address& router, const Address& receiver, Bytes icmp) {
  store16(icmp, 2, transport_checksum(router, receiver, kProtocolIcmpv6, icmp));
  Tins::IPv6 ip(tins_ipv6(receiver), tins_ipv6(router));
  ip.hop_limit(kHopLimit);
  ip.next_header(kProtocolIcmpv6);
  ip.inner_pdu(new Tins::RawPDU(std::move(icmp)));
  return ip.serialize();
}

tl::expected<Bytes, std::string> ipv4_error(IcmpError error, const Address& router, ByteView quoted, std::size_t header,
                                            std::uint32_t mtu) {
  if (load32(router.octets, 0) == 0)
    return tl::unexpected<std::string>("the router has no address");  // libtins would look one up
  const bool too_big = error == IcmpError::fragmentation_needed;
  if (too_big && mtu > 0xffff) return tl::unexpected(fmt::format("MTU {} does not fit the 16 bits of ICMP", mtu));
  const ByteView quote = quoted.first(std::min(quoted.size(), header + kIpv4Quote));
  return ipv4_packet(router, source_of(quoted, Family::ipv4), message(ipv4_code(error), too_big ? mtu : 0, quote));
}

tl::expected<Bytes, std::string> ipv6_error(IcmpError error, const Address& router, ByteView quoted,
                                            std::uint32_t mtu) {
  const auto code = ipv6_code(error);
  if (!code) return tl::unexpected<std::string>("ICMPv6 has no such error");
  std::uint32_t second_word = 0;
  if (error == IcmpError::fragmentation_needed) second_word = mtu;
  if (error == IcmpError::protocol_unreachable) second_word = kNextHeaderField;
  const ByteView quote = quoted.first(std::min(quoted.size(), kIpv6MinimumMtu - kIpv6Header - kIcmpHeader));
  return ipv6_packet(router, source_of(quoted, Family::ipv6), message(*code, second_word, quote));
}

}  // namespace

tl::expected<Bytes, std::string> icmp_error(IcmpError error, const Address& router, ByteView quoted,
                                            std::uint32_t mtu) {
  const auto header = locate_ip_header(quoted);
  if (!header) return tl::unexpected("the quoted packet is not IP: " + header.error().message);
  if (router.family != header->family)
    return tl::unexpected(
        fmt::format("the router is {} and the quoted packet {}", to_string(router.family), to_string(header->family)));
  return header->family == Family::ipv4 ? ipv4_error(error, router, quoted, header->size, mtu)
                                        : ipv6_error(error, router, quoted, mtu);
}

}  // namespace finwait::wire
