#include "harness/wire/options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <stdexcept>

namespace finwait::wire {
namespace {

using Octets = std::vector<std::uint8_t>;

OptionList raw(const Octets& octets) { return OptionList::raw(octets); }
Octets octets_of(const OptionList& list) { return {list.octets().begin(), list.octets().end()}; }

TEST(OptionList, writes_each_option_as_its_rfc_has_it) {
  EXPECT_EQ(octets_of(OptionList().nop()), (Octets{1}));
  EXPECT_EQ(octets_of(OptionList().end()), (Octets{0}));
  EXPECT_EQ(octets_of(OptionList().mss(1460)), (Octets{2, 4, 0x05, 0xb4}));
  EXPECT_EQ(octets_of(OptionList().window_scale(7)), (Octets{3, 3, 7}));
  EXPECT_EQ(octets_of(OptionList().sack_permitted()), (Octets{4, 2}));
  EXPECT_EQ(octets_of(OptionList().sack({{1, 2}})), (Octets{5, 10, 0, 0, 0, 1, 0, 0, 0, 2}));
  EXPECT_EQ(octets_of(OptionList().timestamps(0x01020304, 5)), (Octets{8, 10, 1, 2, 3, 4, 0, 0, 0, 5}));
  EXPECT_EQ(octets_of(OptionList().user_timeout(true, 5)), (Octets{28, 4, 0x80, 5}));
  EXPECT_EQ(octets_of(OptionList().user_timeout(false, 0xffff)), (Octets{28, 4, 0x7f, 0xff}));
  EXPECT_EQ(octets_of(OptionList().add(253, {})), (Octets{253, 2}));
}

TEST(OptionList, reads_what_it_wrote) {
  const auto list = OptionList().mss(1460).sack_permitted().timestamps(1, 2).nop().window_scale(7);
  EXPECT_EQ(list.mss(), 1460);
  EXPECT_EQ(list.window_scale(), 7);
  EXPECT_TRUE(list.has_sack_permitted());
  EXPECT_EQ(list.timestamps(), (Timestamps{1, 2}));
  EXPECT_TRUE(list.well_formed());
  EXPECT_EQ(list.items().size(), 5U);
  EXPECT_EQ(list.to_string(), "mss 1460,sackOK,TS val 1 ecr 2,nop,wscale 7");
}

TEST(OptionList, does_not_find_what_is_absent_or_of_another_length) {
  const OptionList none;
  EXPECT_FALSE(none.mss() || none.window_scale() || none.has_sack_permitted() || none.timestamps());
  EXPECT_EQ(raw({2, 3, 9, 1}).mss(), std::nullopt);
  EXPECT_EQ(raw({2, 3, 9, 2, 4, 0, 5, 1}).mss(), 5);  // the first one of the right length
  EXPECT_FALSE(raw({4, 3, 0, 1}).has_sack_permitted());
  EXPECT_EQ(raw({3, 4, 7, 7}).window_scale(), std::nullopt);
}

TEST(OptionList, holds_40_octets_and_throws_over_them) {
  EXPECT_EQ(raw(Octets(40, 1)).octets().size(), 40U);
  EXPECT_THROW(raw(Octets(41, 1)), std::length_error);
  EXPECT_THROW(OptionList().add(253, Octets(39)), std::length_error);
  EXPECT_EQ(OptionList().add(253, Octets(38)).octets().size(), 40U);
  OptionList list = raw(Octets(38, 1));
  EXPECT_THROW(list.window_scale(7), std::length_error);
  EXPECT_EQ(list.octets().size(), 38U) << "a refused option must leave nothing behind";
  EXPECT_THROW(OptionList().sack({{1, 2}, {3, 4}, {5, 6}, {7, 8}, {9, 10}}), std::length_error);
}

TEST(OptionList, tells_malformed_from_well_formed) {
  EXPECT_TRUE(raw({}).well_formed());
  EXPECT_FALSE(raw({2}).well_formed());           // the zero that pads it is a length under two
  EXPECT_FALSE(raw({1, 1, 1, 2}).well_formed());  // no room for a length
  EXPECT_FALSE(raw({2, 1, 0, 0}).well_formed());  // length one
  EXPECT_FALSE(raw({2, 5, 0, 0}).well_formed());  // one octet over the end
  EXPECT_TRUE(raw({2, 4, 5}).well_formed());      // whole once padded
  EXPECT_TRUE(raw({0, 2, 0, 9}).well_formed());   // nothing counts after end-of-list
}

TEST(OptionList, items_stop_before_the_end_and_before_the_first_malformed) {
  const OptionList broken = raw({1, 3, 3, 7, 2, 40, 5, 5});
  ASSERT_EQ(broken.items().size(), 2U);
  EXPECT_EQ(broken.items()[1].kind, 3);
  EXPECT_THAT(broken.items()[1].data, testing::ElementsAre(7));
  EXPECT_EQ(broken.window_scale(), 7) << "options before the malformed one count";
  const OptionList ended = raw({1, 0, 3, 3, 7});
  EXPECT_EQ(ended.items().size(), 1U);
  EXPECT_EQ(ended.window_scale(), std::nullopt);
}

TEST(OptionList, is_equal_when_the_padded_octets_are) {
  EXPECT_EQ(raw({1}), raw({1, 0, 0, 0}));
  EXPECT_NE(raw({1}), raw({1, 0, 0, 0, 0}));
  EXPECT_NE(raw({}), raw({0}));
  EXPECT_NE(raw({1, 1}), raw({1, 2}));
  EXPECT_EQ(raw({1}).padded_size(), 4U);
  EXPECT_EQ(raw({}).padded_size(), 0U);
  EXPECT_EQ(raw({1, 1, 1, 1}).padded_size(), 4U);
}

TEST(OptionList, texts_lose_nothing) {
  EXPECT_EQ(raw({}).to_string(), "");
  EXPECT_EQ(OptionList().nop().to_string(), "nop") << "padding is not worth a word";
  EXPECT_EQ(raw({1, 0, 0, 0}).to_string(), "nop");
  EXPECT_EQ(OptionList().end().to_string(), "eol") << "more than padding";
  EXPECT_EQ(raw({1, 0, 2, 4}).to_string(), "nop,eol,[after eol 0x0204]");
  EXPECT_EQ(raw({1, 3, 9, 1}).to_string(), "nop,[bad opt 0x030901]");
  EXPECT_EQ(raw({253, 4, 0xab, 0xcd}).to_string(), "unknown-253 0xabcd");
  EXPECT_EQ(raw({253, 2}).to_string(), "unknown-253");
  EXPECT_EQ(raw({2, 3, 9, 1}).to_string(), "kind 2 of odd length 3 0x09,nop");
  EXPECT_EQ(OptionList().sack({{1, 2}, {0xffffffff, 4}}).to_string(), "sack 2 {1:2}{4294967295:4}");
  EXPECT_EQ(OptionList().user_timeout(true, 5).to_string(), "uto 0x8005 300");
  EXPECT_EQ(OptionList().user_timeout(false, 30).to_string(), "uto 0x1e 30");
}

RC_GTEST_PROP(OptionList, any_octets_can_be_read_and_equal_lists_read_the_same, (Octets octets)) {
  octets.resize(std::min(octets.size(), OptionList::kCapacity));
  const OptionList list = raw(octets);
  octets.resize(list.padded_size());
  const OptionList padded = raw(octets);
  std::size_t read = 0;
  for (const Option& option : list.items()) read += option.kind == 1 ? 1 : option.data.size() + 2;
  RC_ASSERT(read <= list.padded_size());
  RC_ASSERT(list == padded);
  RC_ASSERT(list.to_string() == padded.to_string());
  RC_ASSERT(list.well_formed() == padded.well_formed());
}

}  // namespace
}  // namespace finwait::wire
