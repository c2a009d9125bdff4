#include "harness/wire/seq.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace finwait::wire {
namespace {

TEST(SeqNum, wraps_around_when_it_grows_and_when_it_shrinks) {
  EXPECT_EQ(SeqNum(0xffffffff) + 1, SeqNum(0));
  EXPECT_EQ(SeqNum(0) - 1, SeqNum(0xffffffff));
  SeqNum n(0xfffffff0);
  n += 0x20;
  EXPECT_EQ(n.value(), 0x10U);
}

TEST(SeqNum, orders_across_the_wrap) {
  EXPECT_TRUE(before(SeqNum(0xfffffff0), SeqNum(0x10)));
  EXPECT_TRUE(after(SeqNum(0x10), SeqNum(0xfffffff0)));
  EXPECT_FALSE(before(SeqNum(5), SeqNum(5)));
  EXPECT_FALSE(after(SeqNum(5), SeqNum(5)));
  EXPECT_EQ(SeqNum(0x10) - SeqNum(0xfffffff0), 0x20);
  EXPECT_EQ(SeqNum(0xfffffff0) - SeqNum(0x10), -0x20);
}

TEST(SeqNum, window_holds_its_left_edge_and_not_its_right_one) {
  const SeqNum left(0xfffffffe);
  EXPECT_TRUE(in_window(left, left, 4));
  EXPECT_TRUE(in_window(SeqNum(1), left, 4));
  EXPECT_FALSE(in_window(SeqNum(2), left, 4));
  EXPECT_FALSE(in_window(left - 1, left, 4));
  EXPECT_FALSE(in_window(left, left, 0));
}

RC_GTEST_PROP(SeqNum, distance_undoes_addition, (std::uint32_t start, std::uint32_t octets)) {
  const SeqNum seq(start);
  RC_ASSERT((seq + octets) - octets == seq);
  RC_ASSERT(static_cast<std::uint32_t>((seq + octets) - seq) == octets);
  RC_ASSERT(after(seq + octets, seq) == (octets != 0 && octets < 0x80000000U));
}

}  // namespace
}  // namespace finwait::wire
