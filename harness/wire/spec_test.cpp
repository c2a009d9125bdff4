#include "harness/wire/spec.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "harness/wire/samples_test.hpp"

namespace finwait::wire {
namespace {

const Expected kExpected{
    .seq = SeqNum(1001), .ack = SeqNum(2001), .sender_iss = SeqNum(1000), .receiver_iss = SeqNum(2000)};

Segment seen(Flags flags, std::string_view text = "") {
  Segment segment = samples::ipv4();
  segment.flags = flags;
  segment.seq = kExpected.seq;
  segment.ack = kExpected.ack;
  segment.payload = to_bytes(text);
  return segment;
}

/// matches() and diff() have to agree; both are asked every time.
bool fits(const Spec& spec, const Segment& actual) {
  const bool fast = matches(spec, kExpected, actual);
  const auto lines = diff(spec, kExpected, actual);
  EXPECT_EQ(fast, std::ranges::all_of(lines, &FieldDiff::same)) << render(lines);
  return fast;
}
FieldDiff line(const Spec& spec, const Segment& actual, std::string_view field) {
  const auto lines = diff(spec, kExpected, actual);
  return *std::ranges::find(lines, field, &FieldDiff::field);
}

TEST(SpecMatch, flags_are_exact_apart_from_those_that_may_differ) {
  EXPECT_TRUE(fits(fin(), seen(kFin | kAck)));
  EXPECT_TRUE(fits(fin(), seen(kFin | kAck | kPsh | kEce | kCwr)));
  EXPECT_FALSE(fits(fin(), seen(kAck)));
  EXPECT_FALSE(fits(ack(), seen(kFin | kAck)));
  EXPECT_FALSE(fits(ack(), seen(kAck | kUrg)));
  EXPECT_TRUE(fits(ack().maybe(kFin), seen(kFin | kAck)));
  EXPECT_TRUE(fits(ack().maybe(kFin), seen(kAck)));
  EXPECT_TRUE(fits(rst(), seen(kRst)));
  EXPECT_TRUE(fits(rst(), seen(kRst | kAck)));
  EXPECT_FALSE(fits(rst(), seen(kAck)));
}

TEST(SpecMatch, sequence_number_is_the_expected_one_unless_said_otherwise) {
  Segment actual = seen(kAck);
  actual.seq = SeqNum(1000);
  EXPECT_FALSE(fits(ack(), actual));
  EXPECT_TRUE(fits(ack().seq(SeqNum(1000)), actual));
  EXPECT_FALSE(fits(ack().seq(SeqNum(1000)), seen(kAck)));
  EXPECT_TRUE(fits(ack().any_seq(), actual));
}

TEST(SpecMatch, acknowledgment_number_is_the_expected_one_unless_said_otherwise) {
  Segment actual = seen(kAck);
  actual.ack = SeqNum(2000);
  EXPECT_FALSE(fits(ack(), actual));
  EXPECT_TRUE(fits(ack().ack(SeqNum(2000)), actual));
  EXPECT_FALSE(fits(ack().ack(SeqNum(2000)), seen(kAck)));
  EXPECT_TRUE(fits(ack().any_ack(), actual));
}

TEST(SpecMatch, acknowledgment_number_counts_only_with_its_bit) {
  Segment reset = seen(kRst);
  reset.ack = SeqNum(7);
  EXPECT_TRUE(fits(rst(), reset)) << "the bit may be clear, and then the field means nothing";
  EXPECT_TRUE(fits(rst().ack(SeqNum(9)), reset));
  reset.flags = kRst | kAck;
  EXPECT_FALSE(fits(rst(), reset));
  Segment first = seen(kSyn);
  first.ack = SeqNum(7);
  EXPECT_TRUE(fits(syn(), first));
  EXPECT_FALSE(fits(syn().ack(SeqNum(9)), first)) << "said explicitly, the field is compared";
  EXPECT_TRUE(fits(syn().ack(SeqNum(7)), first));
}

TEST(SpecMatch, text_is_none_unless_said_otherwise) {
  EXPECT_FALSE(fits(ack(), seen(kAck, "x")));
  EXPECT_TRUE(fits(ack().any_payload(), seen(kAck, "x")));
  EXPECT_TRUE(fits(data("hello"), seen(kAck, "hello")));
  EXPECT_FALSE(fits(data("hello"), seen(kAck, "hellO")));
  EXPECT_FALSE(fits(data("hello"), seen(kAck, "hell")));
  EXPECT_FALSE(fits(data("hello"), seen(kAck)));
}

TEST(SpecMatch, other_fields_are_free_until_set) {
  Segment actual = seen(kAck);
  actual.window = 5;
  actual.urgent = 6;
  actual.hop_limit = 7;
  actual.options.window_scale(8);
  EXPECT_TRUE(fits(ack(), actual));
  EXPECT_TRUE(fits(ack().window(5).urgent(6).hop_limit(7).options(OptionList().window_scale(8)), actual));
  EXPECT_FALSE(fits(ack().window(6), actual));
  EXPECT_FALSE(fits(ack().urgent(7), actual));
  EXPECT_FALSE(fits(ack().hop_limit(8), actual));
  EXPECT_FALSE(fits(ack().options(OptionList().window_scale(9)), actual));
  EXPECT_FALSE(fits(ack().options({}), actual));
}

RC_GTEST_PROP(SpecMatch, agrees_with_the_diff,
              (std::uint8_t wanted, std::uint8_t maybe, std::uint8_t actual, bool any)) {
  Spec spec{Flags{wanted}};
  spec.maybe(Flags{maybe});
  if (any) spec.any_ack();
  if (*rc::gen::arbitrary<bool>()) spec.ack(SeqNum(*rc::gen::inRange<std::uint32_t>(2000, 2003)));
  Segment segment = seen(Flags{actual});
  segment.ack = SeqNum(*rc::gen::inRange<std::uint32_t>(2000, 2003));
  const auto lines = diff(spec, kExpected, segment);
  RC_ASSERT(matches(spec, kExpected, segment) == std::ranges::all_of(lines, &FieldDiff::same));
}

TEST(SpecDiff, is_aligned_relative_and_marks_what_differs) {
  Segment actual = seen(kRst | kAck, "abc");
  actual.seq = SeqNum(1000);
  actual.options.nop().nop().timestamps(1, 2);
  EXPECT_EQ(render(diff(fin().window(0), kExpected, actual)),
            "             expected  actual\n"
            "> flags      F.        R.\n"
            "> seq        1         0\n"
            "  ack        1         1\n"
            "> len        0         3\n"
            "> window     0         8192\n"
            "  urgent     any       0\n"
            "  options    any       <nop,nop,TS val 1 ecr 2>\n"
            "  hop limit  any       64\n");
}

TEST(SpecDiff, columns_grow_with_their_text) {
  const Spec spec = syn().options(OptionList().mss(1460).sack_permitted());
  EXPECT_EQ(render({line(spec, seen(kSyn), "seq"), line(spec, seen(kSyn), "options")}),
            "           expected           actual\n"
            "  seq      1                  1\n"
            "> options  <mss 1460,sackOK>  <>\n");
}

TEST(SpecDiff, says_where_text_of_the_same_length_differs) {
  EXPECT_EQ(line(data("hello"), seen(kAck, "heLlo"), "len").actual, "5, octet 2 is 0x4c and not 0x6c");
  EXPECT_EQ(line(data("hello"), seen(kAck, "hello"), "len").actual, "5");
  EXPECT_EQ(line(data("hello"), seen(kAck, "jelly!"), "len").actual, "6");
}

TEST(SpecDiff, names_what_is_free_and_what_is_missing) {
  EXPECT_EQ(line(ack().any_seq(), seen(kAck), "seq").expected, "any");
  EXPECT_EQ(line(ack().any_ack(), seen(kAck), "ack").expected, "any");
  EXPECT_EQ(line(ack().any_payload(), seen(kAck), "len").expected, "any");
  const FieldDiff missing = line(ack(), seen(kFin), "ack");
  EXPECT_EQ(missing.expected, "1");
  EXPECT_EQ(missing.actual, "none");
  EXPECT_FALSE(missing.same);
  const FieldDiff unasked = line(syn(), seen(kSyn | kAck), "ack");
  EXPECT_EQ(unasked.expected, "any");
  EXPECT_EQ(unasked.actual, "1");
  EXPECT_EQ(line(rst(), seen(kRst), "flags").expected, "R(.)");
  EXPECT_EQ(line(ack().maybe(kAck), seen(Flags{}), "flags").expected, "none(.)");
}

TEST(SpecDiff, is_absolute_without_initial_sequence_numbers) {
  const Expected absolute{.seq = SeqNum(0xffffffff), .ack = SeqNum(5), .sender_iss = {}, .receiver_iss = {}};
  const auto lines = diff(ack(), absolute, seen(kAck));
  EXPECT_EQ(lines[1].expected, "4294967295");
  EXPECT_EQ(lines[1].actual, "1001");
  EXPECT_EQ(lines[2].actual, "2001");
}

TEST(SpecText, says_what_is_asked_for) {
  EXPECT_EQ(describe(fin(), kExpected), "F. seq 1 ack 1 len 0");
  EXPECT_EQ(describe(syn(), kExpected), "S seq 1 len 0");
  EXPECT_EQ(describe(rst().any_seq().any_ack(), kExpected), "R(.) seq any ack any len 0");
  EXPECT_EQ(describe(data("hello").any_payload().seq(SeqNum(999)), kExpected), "P. seq -1 ack 1 len any");
  EXPECT_EQ(describe(data("hello").window(1).urgent(2).hop_limit(3).options(OptionList().nop()), kExpected),
            "P. seq 1 ack 1 len 5 win 1 urg 2 hop limit 3 <nop>");
}

TEST(SpecMakers, can_be_changed) {
  EXPECT_EQ(ack().with(kUrg).flags(), kAck | kUrg);
  EXPECT_EQ(fin().without(kAck).flags(), kFin);
  EXPECT_EQ(data(Bytes{1, 2}).payload(), (Bytes{1, 2}));
  EXPECT_EQ(syn_ack().patch({.data_offset = 4}).patch().data_offset, 4);
}

}  // namespace
}  // namespace finwait::wire
