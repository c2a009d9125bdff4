// craft: every trap of libtins (docs/architecture.md) has a test here. What parse refuses is in parse_test.cpp.
#include "harness/wire/codec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "harness/wire/samples_test.hpp"

namespace finwait::wire {
namespace {

using testing::HasSubstr;

/// While it lives, the process can open neither file nor socket.
class WithoutDescriptors {
 public:
  WithoutDescriptors() {
    getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit none{0, before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
  }
  WithoutDescriptors(const WithoutDescriptors&) = delete;
  WithoutDescriptors& operator=(const WithoutDescriptors&) = delete;
  ~WithoutDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

class Craft : public testing::TestWithParam<Family> {
 protected:
  Segment segment = samples::segment(GetParam());
  const std::size_t tcp = samples::ip_header(GetParam());
  const bool v4 = GetParam() == Family::ipv4;

  void expect_right_checksums(const Bytes& packet) const {
    EXPECT_TRUE(samples::tcp_checksum_right(packet));
    EXPECT_TRUE(!v4 || samples::ip_checksum_right(packet));
  }
  [[nodiscard]] Bytes options_in(const Bytes& packet) const {
    const auto at = packet.begin() + static_cast<std::ptrdiff_t>(tcp);
    return {at + 20, at + std::ptrdiff_t{packet[tcp + 12] >> 4} * 4};
  }
};

INSTANTIATE_TEST_SUITE_P(Families, Craft, testing::Values(Family::ipv4, Family::ipv6),
                         [](const auto& which) { return std::string(to_string(which.param)); });

TEST(CraftOctets, of_an_ipv4_segment) {
  Segment segment = samples::ipv4();
  segment.flags = kFin | kAck;
  segment.payload = to_bytes("hi");
  const Bytes expected{0x45, 0, 0, 42, 0, 0,    0x40, 0, 64, 6,    0xae, 0xa6, 198,  18,   0, 1, 198, 18, 0, 2,   0x9c,
                       0x40, 0, 7, 0,  0, 0x03, 0xe8, 0, 0,  0x07, 0xd0, 0x50, 0x11, 0x20, 0, 0, 0,   0,  0, 'h', 'i'};
  Bytes packet = *craft(segment);
  packet[36] = packet[37] = 0;  // the TCP checksum has tests of its own
  EXPECT_EQ(packet, expected);
}

TEST(CraftOctets, of_an_ipv6_header) {
  Segment segment = samples::ipv6();
  segment.traffic_class = 0xa5;
  segment.flow_label = 0xbcdef;
  segment.hop_limit = 1;
  segment.payload = to_bytes("hi");
  const Bytes packet = *craft(segment);
  EXPECT_EQ(Bytes(packet.begin(), packet.begin() + 8), (Bytes{0x6a, 0x5b, 0xcd, 0xef, 0, 22, 6, 1}));
}

TEST_P(Craft, sends_a_hop_limit_of_64_when_nothing_is_said) {
  EXPECT_EQ(craft(segment)->at(v4 ? 8 : 7), 64) << "libtins: 0 for IPv6, 128 for IPv4";
}

TEST_P(Craft, sends_zeros_for_zeros) {
  segment = Segment{};
  segment.source = samples::segment(GetParam()).source;
  segment.destination = segment.source.plus(1);
  segment.hop_limit = 0;
  segment.dont_fragment = false;
  const Bytes packet = *craft(segment);
  Bytes header(packet.begin() + static_cast<std::ptrdiff_t>(tcp), packet.end());
  header[16] = header[17] = 0;
  Bytes zeros(20);
  zeros[12] = 0x50;
  EXPECT_EQ(header, zeros) << "libtins' default window is 32678";
  // libtins: identification 1, TTL 128, and for IPv6 a hop limit of 0.
  EXPECT_EQ(v4 ? Bytes(packet.begin() + 4, packet.begin() + 9) : Bytes{packet[7]}, Bytes(v4 ? 5 : 1));
}

TEST_P(Craft, keeps_an_unset_source_unset) {
  ASSERT_TRUE(craft(segment));  // UBSan learns libtins' types now: it needs a descriptor for that
  segment.source = Address{GetParam(), {}};
  tl::expected<Bytes, std::string> packet;
  {
    const WithoutDescriptors no_look_up;  // libtins' own fails here, as it does in a sandbox without routes
    ASSERT_NO_THROW(packet = craft(segment));
  }
  ASSERT_TRUE(packet);
  const auto parsed = parse(*packet);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->segment.source, segment.source);
  expect_right_checksums(*packet);
}

TEST_P(Craft, keeps_the_broadcast_address_as_source) {
  segment.source.octets.fill(0);
  std::fill_n(segment.source.octets.begin(), segment.source.size(), std::uint8_t{0xff});
  EXPECT_EQ(parse(*craft(segment))->segment.source, segment.source);
}

TEST_P(Craft, pads_options_with_zeros) {
  segment.options.window_scale(7).sack_permitted();
  const Bytes packet = *craft(segment);
  EXPECT_EQ(options_in(packet), (Bytes{3, 3, 7, 4, 2, 0, 0, 0}));
  expect_right_checksums(packet);
}

TEST_P(Craft, writes_an_unknown_option_without_data) {
  segment.options.add(253, {}).nop().nop();
  const Bytes packet = *craft(segment);
  EXPECT_EQ(options_in(packet), (Bytes{253, 2, 1, 1}));
  expect_right_checksums(packet);
}

TEST_P(Craft, writes_malformed_options_as_they_stand) {
  for (const Bytes& octets : {Bytes{2, 0, 0, 0}, Bytes{2, 1, 1, 1}, Bytes{8, 40, 1, 1}, Bytes{1, 1, 1, 3},
                              Bytes{0, 2, 4, 5}, Bytes(40, 255)}) {
    segment.options = OptionList::raw(octets);
    const Bytes packet = *craft(segment);
    EXPECT_EQ(options_in(packet), octets);
    expect_right_checksums(packet);
  }
}

TEST_P(Craft, writes_40_option_octets) {
  segment.options = OptionList().add(253, Bytes(38, 9));
  const Bytes packet = *craft(segment);
  EXPECT_EQ(packet[tcp + 12] >> 4, 15);
  EXPECT_EQ(packet.size(), tcp + 60);
  expect_right_checksums(packet);
}

TEST_P(Craft, sums_text_of_odd_length) {
  segment.payload = to_bytes("odd");
  expect_right_checksums(*craft(segment));
  segment.options.nop();
  expect_right_checksums(*craft(segment));
}

TEST_P(Craft, sets_the_reserved_bits_and_every_flag) {
  segment.reserved = 0x0f;
  segment.flags = Flags{0xff};
  const Bytes packet = *craft(segment);
  EXPECT_EQ(packet[tcp + 12], 0x5f);
  EXPECT_EQ(packet[tcp + 13], 0xff);
  expect_right_checksums(packet);
}

TEST_P(Craft, goes_up_to_65535_octets) {
  segment.payload.resize(65535 - tcp - 20);
  const auto largest = craft(segment);
  ASSERT_TRUE(largest);
  EXPECT_EQ(largest->size(), 65535U);
  expect_right_checksums(*largest);
  EXPECT_EQ(parse(*largest)->segment, segment);
  segment.payload.push_back(0);
  EXPECT_THAT(craft(segment).error(), HasSubstr("65536 octets"));
}

TEST_P(Craft, refuses_what_does_not_fit) {
  Segment mixed = segment;
  mixed.destination = samples::segment(v4 ? Family::ipv6 : Family::ipv4).destination;
  EXPECT_THAT(craft(mixed).error(), HasSubstr(v4 ? "the source is IPv4 and the destination IPv6" : "IPv6"));
  Segment reserved = segment;
  reserved.reserved = 0x10;
  EXPECT_THAT(craft(reserved).error(), HasSubstr("reserved 0x10"));
  Segment label = segment;
  label.flow_label = 0x100000;
  EXPECT_THAT(craft(label).error(), HasSubstr("flow label 0x100000"));
}

TEST_P(Craft, is_read_back_with_good_checksums) {
  segment.payload = to_bytes("text");
  segment.options.timestamps(1, 2);
  const auto parsed = parse(*craft(segment));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->segment, segment);
  EXPECT_TRUE(parsed->ip_checksum_ok);
  EXPECT_TRUE(parsed->tcp_checksum_ok);
}

TEST_P(Craft, wrong_checksums_are_seen_when_read) {
  segment.payload = to_bytes("text");
  const Bytes right = *craft(segment);
  Bytes wrong_text = right;
  wrong_text.back() ^= 1;
  EXPECT_FALSE(parse(wrong_text)->tcp_checksum_ok);
  EXPECT_TRUE(parse(wrong_text)->ip_checksum_ok);
  Bytes wrong_hops = right;
  wrong_hops[v4 ? 8 : 7] ^= 1;
  EXPECT_EQ(parse(wrong_hops)->ip_checksum_ok, !v4) << "IPv6 has no header checksum";
  EXPECT_TRUE(parse(wrong_hops)->tcp_checksum_ok) << "the pseudo header has no hop limit";
  Bytes wrong_address = right;
  wrong_address[tcp - 1] ^= 1;
  EXPECT_FALSE(parse(wrong_address)->tcp_checksum_ok) << "the pseudo header has the addresses";
}

}  // namespace
}  // namespace finwait::wire
