#include "harness/wire/checksum.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "harness/wire/samples_test.hpp"

namespace finwait::wire {
namespace {

TEST(Checksum, is_the_example_of_rfc_1071) {
  const Bytes example{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};  // section 3: the sum is ddf2
  EXPECT_EQ(fold(sum_octets(example)), static_cast<std::uint16_t>(~0xddf2U & 0xffff));
}

TEST(Checksum, takes_a_missing_last_octet_for_zero) {
  EXPECT_EQ(sum_octets(Bytes{0x12}), 0x1200U);
  EXPECT_EQ(sum_octets(Bytes{0, 1, 0, 2, 3}), 0x0303U);
  EXPECT_EQ(sum_octets(Bytes{}), 0U);
}

TEST(Checksum, fold_brings_every_carry_round) {
  EXPECT_EQ(fold(0), 0xffff);
  EXPECT_EQ(fold(0xffff), 0);
  EXPECT_EQ(fold(0x1ffff), 0xfffe);
  EXPECT_EQ(fold(0xffffffff), 0);
}

RC_GTEST_PROP(Checksum, is_the_plain_sum_of_words, (const Bytes& octets)) {
  RC_ASSERT(fold(sum_octets(octets)) == samples::plain_checksum(octets));
}

RC_GTEST_PROP(Checksum, can_be_summed_in_even_pieces, (const Bytes& octets)) {
  const std::size_t cut = *rc::gen::inRange<std::size_t>(0, octets.size() / 2 + 1) * 2;
  const ByteView all(octets);
  RC_ASSERT(fold(sum_octets(all.subspan(cut), sum_octets(all.first(cut)))) == fold(sum_octets(all)));
}

RC_GTEST_PROP(Checksum, covers_the_pseudo_header_of_both_families,
              (const Bytes& octets, bool v6, std::uint8_t protocol)) {
  const Segment sample = samples::segment(v6 ? Family::ipv6 : Family::ipv4);
  Bytes packet = *craft(sample);
  const std::size_t begin = samples::ip_header(sample.source.family);
  packet.resize(begin);
  packet.insert(packet.end(), octets.begin(), octets.end());
  const auto plain = samples::plain_checksum(samples::with_pseudo_header(packet, begin, packet.size(), protocol));
  RC_ASSERT(transport_checksum(sample.source, sample.destination, protocol, octets) == plain);
}

}  // namespace
}  // namespace finwait::wire
