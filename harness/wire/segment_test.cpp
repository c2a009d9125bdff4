#include "harness/wire/segment.hpp"

#include <gtest/gtest.h>

#include "harness/wire/samples_test.hpp"

namespace finwait::wire {
namespace {

std::string about(const Segment& segment) { return describe(segment, SeqNum(1000), SeqNum(2000)); }

TEST(Flags, are_written_as_tcpdump_does) {
  EXPECT_EQ(to_string(Flags{}), "none");
  EXPECT_EQ(to_string(kSyn), "S");
  EXPECT_EQ(to_string(kSyn | kAck), "S.");
  EXPECT_EQ(to_string(kFin | kPsh | kAck), "FP.");
  EXPECT_EQ(to_string(kSyn | kEce | kCwr), "SEW");
  EXPECT_EQ(to_string(Flags{0xff}), "FSRP.UEW");
}

TEST(Flags, has_wants_all_and_any_wants_one) {
  EXPECT_TRUE((kSyn | kAck).has(kAck));
  EXPECT_FALSE(kAck.has(kSyn | kAck));
  EXPECT_TRUE(kAck.any(kSyn | kAck));
  EXPECT_FALSE(kAck.any(kSyn | kFin));
}

TEST(Segment, counts_syn_and_fin_in_its_length) {
  Segment segment = samples::ipv4();
  segment.payload = to_bytes("hello");
  EXPECT_EQ(segment.length(), 5U);
  segment.flags = kSyn;
  EXPECT_EQ(segment.length(), 6U);
  segment.flags = kSyn | kFin;
  EXPECT_EQ(segment.length(), 7U);
}

TEST(SegmentText, counts_from_the_initial_sequence_numbers) {
  Segment segment = samples::ipv4();
  segment.seq = SeqNum(1001);
  segment.ack = SeqNum(2001);
  EXPECT_EQ(about(segment), ". 1 ack 1 win 8192");
  segment.flags = kFin | kAck;
  segment.payload = to_bytes("hello");
  segment.options.nop();
  EXPECT_EQ(about(segment), "F. 1:6 ack 1 win 8192 <nop>");
  segment.seq = SeqNum(999);
  segment.payload = {};
  EXPECT_EQ(about(segment), "F. -1 ack 1 win 8192 <nop>") << "before the initial number";
}

TEST(SegmentText, is_absolute_without_initial_sequence_numbers) {
  Segment segment = samples::ipv4();
  segment.seq = SeqNum(0xfffffffe);
  segment.payload = to_bytes("abcd");
  EXPECT_EQ(describe(segment, SeqNum(), SeqNum()), ". 4294967294:2 ack 2000 win 8192");
}

TEST(SegmentText, leaves_out_what_says_nothing_and_keeps_what_does) {
  Segment segment = samples::ipv4();
  segment.flags = kSyn;
  EXPECT_EQ(about(segment), "S 0 win 8192") << "no acknowledgment number without the bit";
  segment.urgent = 3;
  segment.reserved = 4;
  EXPECT_EQ(about(segment), "S 0 win 8192 urg 3 reserved 0x4");
  segment = samples::ipv4();
  segment.flags = kUrg;
  EXPECT_EQ(about(segment), "U 0 win 8192 urg 0");
}

}  // namespace
}  // namespace finwait::wire
