#include "harness/wire/patch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/wire/codec.hpp"
#include "harness/wire/samples_test.hpp"

namespace finwait::wire {
namespace {

using testing::HasSubstr;

class PatchOn : public testing::TestWithParam<Family> {
 protected:
  static Bytes packet() {
    Segment segment = samples::segment(GetParam());
    segment.options.mss(1460).nop().window_scale(7);
    segment.payload = to_bytes("text");
    return *craft(segment);
  }
  static Bytes patched(const Patch& patch) {
    Bytes octets = packet();
    const auto done = apply(patch, octets);
    EXPECT_TRUE(done) << done.error();
    return octets;
  }
  /// Why the patch does not fit; the packet must be as it was.
  static std::string refused(const Patch& patch) {
    Bytes octets = packet();
    const auto done = apply(patch, octets);
    EXPECT_FALSE(done);
    EXPECT_EQ(octets, packet());
    return done ? "" : done.error();
  }
  static bool v4() { return GetParam() == Family::ipv4; }
  static std::size_t tcp() { return samples::ip_header(GetParam()); }
  static std::uint16_t tcp_checksum(const Bytes& octets) {
    return static_cast<std::uint16_t>((octets[tcp() + 16] << 8) | octets[tcp() + 17]);
  }
  static bool right_for(const Bytes& octets, std::size_t end) {
    return samples::plain_checksum(samples::with_pseudo_header(octets, tcp(), end, 6)) == 0;
  }
};

INSTANTIATE_TEST_SUITE_P(Families, PatchOn, testing::Values(Family::ipv4, Family::ipv6),
                         [](const auto& which) { return std::string(to_string(which.param)); });

TEST_P(PatchOn, nothing_changes_nothing) {
  EXPECT_TRUE(Patch{}.empty());
  EXPECT_EQ(patched({}), packet());
  Bytes garbage{1, 2, 3};
  EXPECT_TRUE(apply({}, garbage));
}

TEST_P(PatchOn, sets_the_tcp_checksum) {
  const Bytes octets = patched({.tcp_checksum = 0xbeef});
  EXPECT_EQ(tcp_checksum(octets), 0xbeef);
  EXPECT_FALSE(parse(octets)->tcp_checksum_ok);
  EXPECT_TRUE(parse(octets)->ip_checksum_ok);
}

TEST_P(PatchOn, corrupts_the_tcp_checksum_and_nothing_else) {
  Bytes octets = patched({.corrupt_tcp_checksum = true});
  EXPECT_FALSE(parse(octets)->tcp_checksum_ok);
  EXPECT_EQ(parse(octets)->segment, parse(packet())->segment);
}

TEST_P(PatchOn, corrupts_a_checksum_of_zero_which_has_two_forms) {
  Segment segment = samples::segment(GetParam());
  segment.window = 0;
  segment.window = tcp_checksum(*craft(segment));
  Bytes octets = *craft(segment);
  ASSERT_EQ(tcp_checksum(octets), 0);
  ASSERT_TRUE(apply({.corrupt_tcp_checksum = true}, octets));
  EXPECT_FALSE(parse(octets)->tcp_checksum_ok);
}

TEST_P(PatchOn, sets_the_data_offset_and_mends_the_checksum) {
  for (const std::uint8_t words : Bytes{0, 4, 5, 15}) {
    const Bytes octets = patched({.data_offset = words});
    EXPECT_EQ(octets[tcp() + 12] >> 4, words);
    EXPECT_TRUE(right_for(octets, octets.size()));
  }
}

TEST_P(PatchOn, keeps_the_reserved_bits_beside_the_data_offset) {
  Segment segment = samples::segment(GetParam());
  segment.reserved = 5;
  Bytes octets = *craft(segment);
  ASSERT_TRUE(apply({.data_offset = 6}, octets));
  EXPECT_EQ(octets[tcp() + 12], 0x65);
}

TEST_P(PatchOn, writes_raw_options_over_their_place) {
  const Bytes octets = patched({.options = Bytes{8, 40, 1}});
  const auto parsed = parse(octets);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->segment.options, OptionList::raw(Bytes{8, 40, 1, 0xb4, 1, 3, 3, 7}));
  EXPECT_TRUE(parsed->tcp_checksum_ok);
  EXPECT_EQ(parsed->segment.payload, to_bytes("text"));
}

TEST_P(PatchOn, sets_the_ip_length_so_that_the_receiver_sees_a_shorter_segment) {
  const auto claimed = static_cast<std::uint16_t>(packet().size() - 3 - (v4() ? 0 : 40));
  const Bytes octets = patched({.total_length = claimed});
  const auto parsed = parse(octets);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->segment.payload, to_bytes("t"));
  EXPECT_TRUE(parsed->ip_checksum_ok);
  EXPECT_TRUE(parsed->tcp_checksum_ok) << "the receiver sums what the length claims";
}

TEST_P(PatchOn, sets_an_ip_length_that_no_segment_fits) {
  const std::uint16_t one_short = v4() ? 39 : 19;
  for (const std::uint16_t claimed : std::vector<std::uint16_t>{0, one_short, 2000}) {
    const Bytes octets = patched({.total_length = claimed});
    EXPECT_FALSE(parse(octets));
    EXPECT_TRUE(right_for(octets, octets.size())) << "the checksum of the segment that is there";
    EXPECT_TRUE(!v4() || samples::ip_checksum_right(octets));
  }
}

TEST_P(PatchOn, sets_the_ip_version) {
  const Bytes octets = patched({.ip_version = 5});
  EXPECT_EQ(octets[0] >> 4, 5);
  EXPECT_EQ(octets[0] & 0x0f, packet()[0] & 0x0f);
  EXPECT_TRUE(!v4() || samples::ip_checksum_right(octets));
}

TEST_P(PatchOn, truncates_last_of_all) {
  const Bytes octets = patched({.data_offset = 6, .truncate_to = 33});
  Bytes whole = patched({.data_offset = 6});
  whole.resize(33);
  EXPECT_EQ(octets, whole);
  EXPECT_EQ(patched({.truncate_to = 0}), Bytes{});
  EXPECT_EQ(patched({.truncate_to = packet().size()}), packet());
}

TEST_P(PatchOn, sets_several_fields_at_once) {
  const Bytes octets = patched({.data_offset = 5, .options = Bytes{0}, .tcp_checksum = 1});
  EXPECT_EQ(octets[tcp() + 12] >> 4, 5);
  EXPECT_EQ(octets[tcp() + 20], 0);
  EXPECT_EQ(tcp_checksum(octets), 1);
}

TEST_P(PatchOn, refuses_what_does_not_fit_and_says_which_field) {
  EXPECT_EQ(refused({.ip_version = 16}), "ip_version 16 does not fit 4 bits");
  EXPECT_EQ(refused({.header_length = 16}), "header_length 16 does not fit 4 bits");
  EXPECT_EQ(refused({.data_offset = 16}), "data_offset 16 does not fit 4 bits");
  EXPECT_EQ(refused({.options = Bytes(9)}), "options: 9 octets but the segment has room for 8");
  EXPECT_EQ(refused({.tcp_checksum = 1, .corrupt_tcp_checksum = true}),
            "tcp_checksum and corrupt_tcp_checksum are both set");
  EXPECT_EQ(refused({.truncate_to = 1000}),
            "truncate_to 1000 but the packet has " + std::to_string(packet().size()) + " octets");
}

TEST_P(PatchOn, refuses_a_packet_without_a_segment) {
  Bytes cut = packet();
  cut.resize(30);
  EXPECT_THAT(apply({.data_offset = 5}, cut).error(), HasSubstr("no TCP segment: "));
}

TEST(PatchIpv4, sets_the_header_checksum) {
  Bytes octets = *craft(samples::ipv4());
  ASSERT_TRUE(apply({.ip_checksum = 0xdead}, octets));
  EXPECT_EQ(octets[10], 0xde);
  EXPECT_EQ(octets[11], 0xad);
  EXPECT_FALSE(parse(octets)->ip_checksum_ok);
  EXPECT_TRUE(parse(octets)->tcp_checksum_ok);
}

TEST(PatchIpv4, sums_as_many_header_octets_as_the_length_claims) {
  Bytes octets = *craft(samples::ipv4());
  ASSERT_TRUE(apply({.header_length = 6}, octets));
  EXPECT_EQ(octets[0], 0x46);
  EXPECT_TRUE(samples::ip_checksum_right(octets));
  for (const std::uint8_t impossible : Bytes{0, 4, 15}) {
    octets = *craft(samples::ipv4());
    ASSERT_TRUE(apply({.header_length = impossible}, octets));
    EXPECT_EQ(samples::plain_checksum(Bytes(octets.begin(), octets.begin() + 20)), 0);
  }
}

TEST(PatchIpv6, has_no_header_length_and_no_header_checksum) {
  Bytes octets = *craft(samples::ipv6());
  EXPECT_EQ(apply({.header_length = 5}, octets).error(), "header_length: an IPv6 header has none");
  EXPECT_EQ(apply({.ip_checksum = 5}, octets).error(), "ip_checksum: an IPv6 header has none");
}

}  // namespace
}  // namespace finwait::wire
