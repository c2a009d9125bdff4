#include "harness/wire/icmp.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/wire/codec.hpp"
#include "harness/wire/samples_test.hpp"

namespace finwait::wire {
namespace {

using testing::HasSubstr;

const Address kRouterV4 = *Address::from_string("198.18.255.1");
const Address kRouterV6 = *Address::from_string("2001:db8:ffff::1");

Bytes quoted(Family family, std::size_t text = 100) {
  Segment segment = samples::segment(family);
  segment.options.timestamps(1, 2);
  segment.payload = Bytes(text, 'x');
  return *craft(segment);
}
Bytes part(const Bytes& octets, std::size_t begin, std::size_t end) {
  return {octets.begin() + static_cast<std::ptrdiff_t>(begin), octets.begin() + static_cast<std::ptrdiff_t>(end)};
}

struct Mapping {
  IcmpError error;
  int type_v4, code_v4, type_v6, code_v6;  // -1: the family has no such error
};
constexpr Mapping kMappings[] = {
    {IcmpError::network_unreachable, 3, 0, 1, 0},  {IcmpError::host_unreachable, 3, 1, 1, 3},
    {IcmpError::protocol_unreachable, 3, 2, 4, 1}, {IcmpError::port_unreachable, 3, 3, 1, 4},
    {IcmpError::fragmentation_needed, 3, 4, 2, 0}, {IcmpError::source_route_failed, 3, 5, 1, 7},
    {IcmpError::admin_prohibited, 3, 13, 1, 1},    {IcmpError::source_quench, 4, 0, -1, -1},
    {IcmpError::time_exceeded, 11, 0, 3, 0},       {IcmpError::parameter_problem, 12, 0, 4, 0},
};

class Icmp : public testing::TestWithParam<Mapping> {};
INSTANTIATE_TEST_SUITE_P(Errors, Icmp, testing::ValuesIn(kMappings), [](const auto& which) {
  return "error" + std::to_string(static_cast<int>(which.param.error));
});

TEST_P(Icmp, over_ipv4_quotes_the_header_and_eight_octets) {
  const Bytes original = quoted(Family::ipv4);
  const auto packet = icmp_error(GetParam().error, kRouterV4, original);
  ASSERT_TRUE(packet) << packet.error();
  EXPECT_EQ((*packet)[20], GetParam().type_v4);
  EXPECT_EQ((*packet)[21], GetParam().code_v4);
  EXPECT_EQ(part(*packet, 24, 28), Bytes(4));
  EXPECT_EQ(part(*packet, 28, packet->size()), part(original, 0, 28));
  EXPECT_EQ(samples::plain_checksum(part(*packet, 20, packet->size())), 0);
  EXPECT_TRUE(samples::ip_checksum_right(*packet));
}

TEST_P(Icmp, over_ipv6_has_a_checksum_with_pseudo_header) {
  const Bytes original = quoted(Family::ipv6);
  const auto packet = icmp_error(GetParam().error, kRouterV6, original);
  if (GetParam().type_v6 < 0) {
    EXPECT_EQ(packet.error(), "ICMPv6 has no such error");
    return;
  }
  ASSERT_TRUE(packet) << packet.error();
  EXPECT_EQ((*packet)[40], GetParam().type_v6);
  EXPECT_EQ((*packet)[41], GetParam().code_v6);
  EXPECT_EQ(part(*packet, 48, packet->size()), original);
  EXPECT_EQ(samples::plain_checksum(samples::with_pseudo_header(*packet, 40, packet->size(), 58)), 0);
}

TEST(IcmpPacket, goes_from_the_router_to_the_source_over_ipv4) {
  const Bytes packet = *icmp_error(IcmpError::host_unreachable, kRouterV4, quoted(Family::ipv4));
  const Bytes header{0x45, 0, 0, 56, 0, 0, 0, 0, 64, 1, packet[10], packet[11], 198, 18, 255, 1, 198, 18, 0, 1};
  EXPECT_EQ(part(packet, 0, 20), header);
}

TEST(IcmpPacket, goes_from_the_router_to_the_source_over_ipv6) {
  const Bytes packet = *icmp_error(IcmpError::host_unreachable, kRouterV6, quoted(Family::ipv6, 0));
  EXPECT_EQ(part(packet, 0, 8), (Bytes{0x60, 0, 0, 0, 0, 8 + 40 + 32, 58, 64}));
  EXPECT_EQ(part(packet, 8, 24), Bytes(kRouterV6.octets.begin(), kRouterV6.octets.end()));
  const Address source = samples::ipv6().source;
  EXPECT_EQ(part(packet, 24, 40), Bytes(source.octets.begin(), source.octets.end()));
}

TEST(IcmpPacket, quotes_ipv4_options_and_what_is_left_of_a_cut_packet) {
  Bytes original = quoted(Family::ipv4);
  original[0] = 0x46;
  const Bytes packet = *icmp_error(IcmpError::port_unreachable, kRouterV4, original);
  EXPECT_EQ(part(packet, 28, packet.size()), part(original, 0, 32));
  original.resize(26);
  const Bytes less = *icmp_error(IcmpError::port_unreachable, kRouterV4, original);
  EXPECT_EQ(part(less, 28, less.size()), original);
}

TEST(IcmpPacket, is_1280_octets_of_ipv6_at_most) {
  const Bytes original = quoted(Family::ipv6, 1400);
  const Bytes packet = *icmp_error(IcmpError::fragmentation_needed, kRouterV6, original, 1280);
  EXPECT_EQ(packet.size(), 1280U);
  EXPECT_EQ(part(packet, 48, 1280), part(original, 0, 1232));
}

TEST(IcmpPacket, carries_the_mtu_where_the_family_has_it) {
  const Bytes v4 = *icmp_error(IcmpError::fragmentation_needed, kRouterV4, quoted(Family::ipv4), 1400);
  EXPECT_EQ(part(v4, 24, 28), (Bytes{0, 0, 0x05, 0x78})) << "RFC 1191 4: the low 16 bits";
  const Bytes v6 = *icmp_error(IcmpError::fragmentation_needed, kRouterV6, quoted(Family::ipv6), 0x00012345);
  EXPECT_EQ(part(v6, 44, 48), (Bytes{0, 1, 0x23, 0x45})) << "RFC 4443 3.2: all 32";
  const Bytes other = *icmp_error(IcmpError::port_unreachable, kRouterV6, quoted(Family::ipv6), 1400);
  EXPECT_EQ(part(other, 44, 48), Bytes(4)) << "only one error has an MTU";
  const Bytes other_v4 = *icmp_error(IcmpError::port_unreachable, kRouterV4, quoted(Family::ipv4), 1400);
  EXPECT_EQ(part(other_v4, 24, 28), Bytes(4));
}

TEST(IcmpPacket, points_at_the_next_header_that_ipv6_does_not_recognise) {
  const Bytes packet = *icmp_error(IcmpError::protocol_unreachable, kRouterV6, quoted(Family::ipv6));
  EXPECT_EQ(part(packet, 44, 48), (Bytes{0, 0, 0, 6}));
}

TEST(IcmpPacket, is_refused_with_a_reason) {
  const auto why = [](const Address& router, const Bytes& octets, std::uint32_t mtu = 0) {
    const auto packet = icmp_error(IcmpError::fragmentation_needed, router, octets, mtu);
    return packet ? std::string("it was made") : packet.error();
  };
  EXPECT_EQ(why(kRouterV6, quoted(Family::ipv4)), "the router is IPv6 and the quoted packet IPv4");
  EXPECT_EQ(why(kRouterV4, quoted(Family::ipv6)), "the router is IPv4 and the quoted packet IPv6");
  EXPECT_EQ(why(kRouterV4, quoted(Family::ipv4), 65536), "MTU 65536 does not fit the 16 bits of ICMP");
  EXPECT_EQ(why(Address{}, quoted(Family::ipv4)), "the router has no address");
  EXPECT_THAT(why(kRouterV4, {}), HasSubstr("not IP: no octets"));
  EXPECT_THAT(why(kRouterV4, Bytes(40, 0x45 | 0x0f)), HasSubstr("not IP: IPv4 header length 15"));
}

}  // namespace
}  // namespace finwait::wire
