#include "harness/wire/codec.hpp"

#include <fmt/format.h>
#include <tins/ip.h>
#include <tins/ipv6.h>
#include <tins/rawpdu.h>
#include <tins/tcp.h>

#include <algorithm>
#include <memory>

#include "harness/wire/big_endian.hpp"
#include "harness/wire/checksum.hpp"
#include "harness/wire/layout.hpp"
#include "harness/wire/tins_address.hpp"

namespace finwait::wire {
namespace {

std::size_t ip_header_size(Family family) { return family == Family::ipv4 ? kIpv4Header : kIpv6Header; }

/// Why the segment cannot be put on the wire; empty when it can.
std::string refusal(const Segment& segment) {
  if (segment.source.family != segment.destination.family)
    return fmt::format("the source is {} and the destination {}", to_string(segment.source.family),
                       to_string(segment.destination.family));
  const std::size_t total =
      ip_header_size(segment.source.family) + kTcpHeader + segment.options.padded_size() + segment.payload.size();
  if (total > kMaxPacket) return fmt::format("the packet would be {} octets, over the {} of IP", total, kMaxPacket);
  if (segment.reserved > 0x0f) return fmt::format("reserved {:#x} does not fit 4 bits", segment.reserved);
  if (segment.flow_label > 0xfffff) return fmt::format("flow label {:#x} does not fit 20 bits", segment.flow_label);
  return {};
}

/// libtins takes 0.0.0.0 as source for "look for a route and use that interface's address".
bool lacks_source(const Segment& segment) {
  return segment.source.family == Family::ipv4 && load32(segment.source.octets, 0) == 0;
}

/// libtins sees one unknown option of the padded length instead of the real ones, which write_back() puts in its
/// place. Its own option writer throws on unknown options without data and cannot write malformed ones.
void reserve_options(Tins::TCP& tcp, const OptionList& options) {
  static constexpr std::array<std::uint8_t, OptionList::kCapacity> kZeros{};
  if (const std::size_t size = options.padded_size(); size != 0)
    tcp.add_option(Tins::TCP::RFC_EXPERIMENT_1, size - 2, kZeros.data());
}

/// Every field is set, for libtins' defaults are not zeros (window 32678).
std::unique_ptr<Tins::TCP> tcp_of(const Segment& segment) {
  auto tcp = std::make_unique<Tins::TCP>(number(segment.destination_port), number(segment.source_port));
  tcp->seq(segment.seq.value());
  tcp->ack_seq(segment.ack.value());
  tcp->flags(static_cast<std::uint16_t>((segment.reserved << 8) | segment.flags.bits));
  tcp->window(segment.window);
  tcp->urg_ptr(segment.urgent);
  reserve_options(*tcp, segment.options);
  if (!segment.payload.empty()) tcp->inner_pdu(new Tins::RawPDU(segment.payload));  // libtins owns inner PDUs
  return tcp;
}

Bytes ipv4_packet(const Segment& segment) {
  const Tins::IPv4Address placeholder(~0U);  // write_back() takes it out
  Tins::IP ip(tins_ipv4(segment.destination), lacks_source(segment) ? placeholder : tins_ipv4(segment.source));
  ip.ttl(segment.hop_limit);
  ip.tos(segment.traffic_class);
  ip.id(segment.identification);
  if (segment.dont_fragment) ip.flags(Tins::IP::DONT_FRAGMENT);
  ip.inner_pdu(tcp_of(segment).release());
  return ip.serialize();
}

Bytes ipv6_packet(const Segment& segment) {
  Tins::IPv6 ip(tins_ipv6(segment.destination), tins_ipv6(segment.source));
  ip.hop_limit(segment.hop_limit);
  ip.flow_label(segment.flow_label);
  ip.traffic_class(segment.traffic_class);
  ip.inner_pdu(tcp_of(segment).release());
  return ip.serialize();
}

/// Puts in what libtins was not given, and mends the checksums that covered the placeholders.
void write_back(const Segment& segment, Bytes& packet) {
  const std::span<std::uint8_t> octets(packet);
  const bool no_source = lacks_source(segment);
  if (segment.options.empty() && !no_source) return;
  const std::size_t tcp = ip_header_size(segment.source.family);
  const auto options = segment.options.octets();
  std::ranges::copy(options, packet.begin() + static_cast<std::ptrdiff_t>(tcp + kTcpHeader));
  const std::size_t padding = segment.options.padded_size() - options.size();
  std::ranges::fill(octets.subspan(tcp + kTcpHeader + options.size(), padding), std::uint8_t{0});  // RFC 9293 3.1
  if (no_source) {
    store32(octets, 12, 0);
    store16(octets, 10, 0);
    store16(octets, 10, fold(sum_octets(octets.first(kIpv4Header))));
  }
  store16(octets, tcp + kTcpChecksum, 0);
  store16(octets, tcp + kTcpChecksum,
          transport_checksum(segment.source, segment.destination, kProtocolTcp, octets.subspan(tcp)));
}

/// Reads the fixed IPv4 header alone: libtins throws on options that are malformed.
void read_ipv4(ByteView packet, Segment& segment) {
  std::array<std::uint8_t, kIpv4Header> header{};
  std::ranges::copy(packet.first(kIpv4Header), header.begin());
  header[0] = 0x45;
  const Tins::IP ip(header.data(), header.size());
  segment.hop_limit = ip.ttl();
  segment.traffic_class = ip.tos();
  segment.identification = ip.id();
  segment.dont_fragment = (ip.flags() & Tins::IP::DONT_FRAGMENT) != 0;
}

/// Reads the fixed IPv6 header alone: the extension headers have been walked already.
void read_ipv6(ByteView packet, Segment& segment) {
  const Tins::IPv6 ip(packet.data(), kIpv6Header);
  segment.hop_limit = ip.hop_limit();
  segment.traffic_class = ip.traffic_class();
  segment.flow_label = ip.flow_label();
}

/// Reads the fixed TCP header alone: libtins throws on malformed options and drops what stands after an end-of-list.
void read_tcp(ByteView octets, Segment& segment) {
  std::array<std::uint8_t, kTcpHeader> header{};
  std::ranges::copy(octets.first(kTcpHeader), header.begin());
  header[12] = static_cast<std::uint8_t>(0x50 | (header[12] & 0x0f));
  const Tins::TCP tcp(header.data(), header.size());
  segment.source_port = Port{tcp.sport()};
  segment.destination_port = Port{tcp.dport()};
  segment.seq = SeqNum(tcp.seq());
  segment.ack = SeqNum(tcp.ack_seq());
  const std::uint16_t bits = tcp.flags();
  segment.flags = Flags{static_cast<std::uint8_t>(bits & 0xff)};
  segment.reserved = static_cast<std::uint8_t>(bits >> 8);
  segment.window = tcp.window();
  segment.urgent = tcp.urg_ptr();
}

}  // namespace

tl::expected<Bytes, std::string> craft(const Segment& segment) {
  if (std::string why = refusal(segment); !why.empty()) return tl::unexpected(std::move(why));
  Bytes packet = segment.source.family == Family::ipv4 ? ipv4_packet(segment) : ipv6_packet(segment);
  write_back(segment, packet);
  return packet;
}

tl::expected<Parsed, ParseError> parse(ByteView packet) {
  const auto layout = locate(packet);
  if (!layout) return tl::unexpected(layout.error());
  const ByteView tcp = packet.subspan(layout->tcp, layout->end - layout->tcp);
  tl::expected<Parsed, ParseError> parsed;
  Segment& segment = parsed->segment;
  segment.source = source_of(packet, layout->family);
  segment.destination = destination_of(packet, layout->family);
  if (layout->family == Family::ipv4) {
    read_ipv4(packet, segment);
    parsed->ip_checksum_ok = fold(sum_octets(packet.first(layout->tcp))) == 0;
  } else {
    read_ipv6(packet, segment);
  }
  read_tcp(tcp, segment);
  segment.options = OptionList::raw(tcp.subspan(kTcpHeader, layout->payload - layout->tcp - kTcpHeader));
  segment.payload.assign(packet.begin() + static_cast<std::ptrdiff_t>(layout->payload),
                         packet.begin() + static_cast<std::ptrdiff_t>(layout->end));
  parsed->tcp_checksum_ok = transport_checksum(segment.source, segment.destination, kProtocolTcp, tcp) == 0;
  return parsed;
}

}  // namespace finwait::wire
