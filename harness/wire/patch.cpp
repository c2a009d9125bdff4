#include "harness/wire/patch.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/wire/big_endian.hpp"
#include "harness/wire/checksum.hpp"
#include "harness/wire/layout.hpp"

namespace finwait::wire {
namespace {

std::string check_nibble(std::string_view field, const std::optional<std::uint8_t>& value) {
  return value && *value > 0x0f ? fmt::format("{} {} does not fit 4 bits", field, *value) : std::string();
}

/// What does not fit the packet; empty when everything does. Nothing is written before this has passed.
std::string refusal(const Patch& patch, const Layout& layout, std::size_t packet_size) {
  for (const auto& why :
       {check_nibble("ip_version", patch.ip_version), check_nibble("header_length", patch.header_length),
        check_nibble("data_offset", patch.data_offset), check_nibble("reserved", patch.reserved)})
    if (!why.empty()) return why;
  if (layout.family == Family::ipv6 && patch.header_length) return "header_length: an IPv6 header has none";
  if (layout.family == Family::ipv6 && patch.ip_checksum) return "ip_checksum: an IPv6 header has none";
  const std::size_t room = layout.payload - layout.tcp - kTcpHeader;
  if (patch.options && patch.options->size() > room)
    return fmt::format("options: {} octets but the segment has room for {}", patch.options->size(), room);
  if (patch.tcp_checksum && patch.corrupt_tcp_checksum) return "tcp_checksum and corrupt_tcp_checksum are both set";
  if (patch.truncate_to && *patch.truncate_to > packet_size)
    return fmt::format("truncate_to {} but the packet has {} octets", *patch.truncate_to, packet_size);
  return {};
}

void overwrite(const Patch& patch, const Layout& layout, Bytes& packet) {
  const auto set_high = [&](std::size_t at, std::uint8_t nibble) {
    packet[at] = static_cast<std::uint8_t>((nibble << 4) | (packet[at] & 0x0f));
  };
  if (patch.ip_version) set_high(0, *patch.ip_version);
  if (patch.header_length) packet[0] = static_cast<std::uint8_t>((packet[0] & 0xf0) | *patch.header_length);
  if (patch.total_length) store16(packet, layout.family == Family::ipv4 ? 2 : 4, *patch.total_length);
  if (patch.data_offset) set_high(layout.tcp + 12, *patch.data_offset);
  if (patch.reserved) {
    std::uint8_t& octet = packet[layout.tcp + 12];
    octet = static_cast<std::uint8_t>((octet & 0xf0) | *patch.reserved);
  }
  if (patch.options)
    std::ranges::copy(*patch.options, packet.begin() + static_cast<std::ptrdiff_t>(layout.tcp + kTcpHeader));
}

/// The octets a receiver sums for the IPv4 header: those that the header length claims, where that is possible.
std::size_t summed_ip_header(const Bytes& packet) {
  const std::size_t claimed = std::size_t{packet[0] & 0x0fU} * 4;
  return claimed < kIpv4Header || claimed > packet.size() ? kIpv4Header : claimed;
}

/// Where the segment ends for the receiver: where the IP length claims, when a TCP header is left and the octets exist.
std::size_t claimed_end(const Layout& layout, const Bytes& packet) {
  const std::size_t claimed = layout.family == Family::ipv4 ? load16(packet, 2) : load16(packet, 4) + kIpv6Header;
  return claimed < layout.tcp + kTcpHeader || claimed > packet.size() ? layout.end : claimed;
}

void write_checksums(const Patch& patch, const Layout& layout, Bytes& packet) {
  const std::span<std::uint8_t> octets(packet);
  const std::size_t field = layout.tcp + kTcpChecksum;
  store16(octets, field, 0);
  std::uint16_t tcp = transport_checksum(source_of(packet, layout.family), destination_of(packet, layout.family),
                                         kProtocolTcp, octets.first(claimed_end(layout, packet)).subspan(layout.tcp));
  if (patch.corrupt_tcp_checksum) tcp ^= 0x5a5a;  // never the complement, so never the other zero
  store16(octets, field, patch.tcp_checksum.value_or(tcp));
  if (layout.family == Family::ipv6) return;
  store16(octets, 10, 0);
  store16(octets, 10, patch.ip_checksum.value_or(fold(sum_octets(octets.first(summed_ip_header(packet))))));
}

}  // namespace

tl::expected<void, std::string> apply(const Patch& patch, Bytes& packet) {
  if (patch.empty()) return {};
  const auto layout = locate(packet);
  if (!layout) return tl::unexpected("the packet to patch is no TCP segment: " + layout.error().message);
  if (std::string why = refusal(patch, *layout, packet.size()); !why.empty()) return tl::unexpected(std::move(why));
  overwrite(patch, *layout, packet);
  write_checksums(patch, *layout, packet);
  if (patch.truncate_to) packet.resize(*patch.truncate_to);
  return {};
}

}  // namespace finwait::wire
