// parse: what it refuses and with which words, and what it lets pass.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "harness/wire/codec.hpp"
#include "harness/wire/samples_test.hpp"

namespace finwait::wire {
namespace {

using Kind = ParseError::Kind;

Bytes packet_v4() {
  Segment segment = samples::ipv4();
  segment.payload = to_bytes("text");
  return *craft(segment);
}
Bytes packet_v6() {
  Segment segment = samples::ipv6();
  segment.payload = to_bytes("text");
  return *craft(segment);
}

/// The IPv6 sample with extension headers put in before TCP; `first` is the protocol number of the first of them.
Bytes with_extension(std::uint8_t first, const Bytes& headers) {
  Bytes packet = packet_v6();
  packet[6] = first;
  packet[5] = static_cast<std::uint8_t>(packet[5] + headers.size());
  packet.insert(packet.begin() + 40, headers.begin(), headers.end());
  return packet;
}

struct Refused {
  const char* name;
  std::function<Bytes()> packet;
  Kind kind;
  const char* message;
};

Bytes edited(Bytes packet, std::size_t at, std::uint8_t value) {
  packet[at] = value;
  return packet;
}
Bytes cut(Bytes packet, std::size_t size) {
  packet.resize(size);
  return packet;
}

const Refused kRefused[] = {
    {"nothing", [] { return Bytes{}; }, Kind::malformed, "no octets at all"},
    {"version", [] { return edited(packet_v4(), 0, 0x75); }, Kind::malformed, "IP version 7 is neither 4 nor 6"},
    {"v4_cut_header", [] { return cut(packet_v4(), 19); }, Kind::malformed,
     "an IPv4 header takes 20 octets but only 19 arrived"},
    {"v4_short_ihl", [] { return edited(packet_v4(), 0, 0x44); }, Kind::malformed,
     "IPv4 header length 4 words is under the 5 of a header without options"},
    {"v4_long_ihl", [] { return edited(packet_v4(), 0, 0x4f); }, Kind::malformed,
     "IPv4 header length 15 words but only 44 octets arrived"},
    {"v4_total_in_header", [] { return edited(packet_v4(), 3, 19); }, Kind::malformed,
     "IPv4 total length 19 is less than the header's own 20 octets"},
    {"v4_total_too_long", [] { return cut(edited(packet_v4(), 3, 60), 40); }, Kind::malformed,
     "IPv4 total length 60 but only 40 octets arrived"},
    {"v4_first_fragment", [] { return edited(packet_v4(), 6, 0x20); }, Kind::not_tcp,
     "IPv4 fragment (offset 0, more to come); fragments are not put together here"},
    {"v4_last_fragment", [] { return edited(packet_v4(), 7, 3); }, Kind::not_tcp,
     "IPv4 fragment (offset 24, the last); fragments are not put together here"},
    {"v4_udp", [] { return edited(packet_v4(), 9, 17); }, Kind::not_tcp,
     "the IPv4 packet carries protocol 17 (UDP), not TCP"},
    {"v6_cut_header", [] { return cut(packet_v6(), 39); }, Kind::malformed,
     "an IPv6 header takes 40 octets but only 39 arrived"},
    {"v6_length_too_long", [] { return edited(packet_v6(), 5, 25); }, Kind::malformed,
     "IPv6 payload length 25 but only 24 octets arrived after the header"},
    {"v6_icmp", [] { return edited(packet_v6(), 6, 58); }, Kind::not_tcp,
     "the IPv6 packet carries protocol 58 (ICMPv6), not TCP"},
    {"v6_none", [] { return edited(packet_v6(), 6, 59); }, Kind::not_tcp,
     "the IPv6 packet carries protocol 59 (nothing), not TCP"},
    {"v6_esp", [] { return edited(packet_v6(), 6, 50); }, Kind::not_tcp,
     "the IPv6 packet carries protocol 50 (ESP), not TCP"},
    {"v6_extension_too_long",
     [] {
       return with_extension(60, {6, 9, 0, 0, 0, 0, 0, 0});
     },
     Kind::malformed, "IPv6 extension header 60 at octet 40 takes 80 octets but 32 are left"},
    {"v6_extension_cut", [] { return cut(edited(edited(packet_v6(), 6, 0), 5, 7), 47); }, Kind::malformed,
     "IPv6 extension header 0 at octet 40 takes 8 octets but 7 are left"},
    {"v6_fragment",
     [] {
       return with_extension(44, {6, 0, 0, 0x11, 0, 0, 0, 1});
     },
     Kind::not_tcp, "IPv6 fragment (offset 16, more to come); fragments are not put together here"},
    {"v6_last_fragment",
     [] {
       return with_extension(44, {6, 0, 0, 0x08, 0, 0, 0, 1});
     },
     Kind::not_tcp, "IPv6 fragment (offset 8, the last); fragments are not put together here"},
    {"v4_cut_tcp", [] { return edited(packet_v4(), 3, 39); }, Kind::malformed,
     "a TCP header takes 20 octets but the segment has 19"},
    {"v6_no_tcp", [] { return edited(packet_v6(), 5, 0); }, Kind::malformed,
     "a TCP header takes 20 octets but the segment has 0"},
    {"short_offset", [] { return edited(packet_v4(), 32, 0x4f); }, Kind::malformed,
     "TCP data offset 4 words is under the 5 of a header without options"},
    {"long_offset", [] { return edited(packet_v6(), 52, 0x70); }, Kind::malformed,
     "TCP data offset 7 words runs over the segment's 24 octets"},
};

class ParseRefuses : public testing::TestWithParam<Refused> {};
INSTANTIATE_TEST_SUITE_P(Packets, ParseRefuses, testing::ValuesIn(kRefused),
                         [](const auto& which) { return std::string(which.param.name); });

TEST_P(ParseRefuses, with_the_place_and_the_numbers) {
  const auto parsed = parse(GetParam().packet());
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().kind, GetParam().kind);
  EXPECT_EQ(parsed.error().message, GetParam().message);
}

TEST(Parse, cuts_off_what_the_link_padded) {
  for (Bytes packet : {packet_v4(), packet_v6()}) {
    const Segment whole = parse(packet)->segment;
    packet.insert(packet.end(), 6, 0xee);
    const auto padded = parse(packet);
    ASSERT_TRUE(padded);
    EXPECT_EQ(padded->segment, whole);
    EXPECT_TRUE(padded->tcp_checksum_ok) << "the padding is not summed";
  }
}

TEST(Parse, keeps_malformed_options_and_what_follows_them) {
  Segment segment = samples::ipv4();
  segment.payload = to_bytes("text");
  segment.options = OptionList::raw(Bytes{1, 3, 0, 9, 2, 4, 5, 0xb4});
  const auto parsed = parse(*craft(segment));
  ASSERT_TRUE(parsed);
  EXPECT_FALSE(parsed->segment.options.well_formed());
  EXPECT_EQ(parsed->segment, segment);
}

TEST(Parse, keeps_octets_after_the_end_of_the_options) {
  Segment segment = samples::ipv6();
  segment.options = OptionList::raw(Bytes{1, 0, 2, 4, 9, 9, 9, 9});
  EXPECT_EQ(parse(*craft(segment))->segment.options, segment.options);
}

TEST(Parse, steps_over_ipv4_options_good_or_bad) {
  for (const Bytes& options : {Bytes{1, 1, 1, 0}, Bytes{7, 0, 1, 1}, Bytes{7, 200, 4, 4}}) {
    Bytes packet = packet_v4();
    packet[0] = 0x46;
    packet[3] = static_cast<std::uint8_t>(packet[3] + 4);
    packet.insert(packet.begin() + 20, options.begin(), options.end());
    packet[10] = packet[11] = 0;
    const auto sum = samples::plain_checksum(Bytes(packet.begin(), packet.begin() + 24));
    packet[10] = static_cast<std::uint8_t>(sum >> 8);
    packet[11] = static_cast<std::uint8_t>(sum & 0xff);
    const auto parsed = parse(packet);
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_TRUE(parsed->ip_checksum_ok) << "the options are summed too";
    EXPECT_TRUE(parsed->tcp_checksum_ok);
    EXPECT_EQ(parsed->segment, parse(packet_v4())->segment);
  }
}

TEST(Parse, steps_over_ipv6_extension_headers) {
  const Bytes destination_options{6, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  const Bytes atomic_fragment{6, 0, 0, 6, 0, 0, 0, 1};  // RFC 6946: offset 0, no more to come, reserved bits set
  const Bytes authentication{6, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  Bytes chain{60, 0, 1, 4, 0, 0, 0, 0};
  chain.insert(chain.end(), destination_options.begin(), destination_options.end());
  const std::pair<std::uint8_t, Bytes> chains[] = {
      {60, destination_options}, {44, atomic_fragment}, {51, authentication}, {0, chain}};
  for (const auto& [first, headers] : chains) {
    const auto parsed = parse(with_extension(first, headers));
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(parsed->segment, parse(packet_v6())->segment);
    EXPECT_TRUE(parsed->tcp_checksum_ok) << "the pseudo header says TCP and the length of the segment alone";
  }
}

TEST(Parse, reads_dont_fragment_and_ignores_the_reserved_bit_beside_it) {
  EXPECT_TRUE(parse(packet_v4())->segment.dont_fragment);
  EXPECT_FALSE(parse(edited(packet_v4(), 6, 0))->segment.dont_fragment);
  EXPECT_TRUE(parse(edited(packet_v4(), 6, 0xc0))->segment.dont_fragment);
}

}  // namespace
}  // namespace finwait::wire
