#include "harness/model/history.hpp"

#include <gtest/gtest.h>

namespace finwait::model {
namespace {

using namespace std::chrono_literals;

wire::Segment segment(std::uint32_t seq) {
  wire::Segment s;
  s.source.family = s.destination.family = wire::Family::ipv6;
  s.seq = SeqNum(seq);
  s.ack = SeqNum(7);
  s.flags = wire::kAck | wire::kPsh;
  s.reserved = 3;
  s.window = 60000;
  s.urgent = 9;
  s.options.mss(1220).timestamps(1, 2);
  s.payload = wire::to_bytes("hello");
  return s;
}

TEST(History, GivesBackWhatItWasTold) {
  Call call;
  call.kind = Call::Kind::set;
  call.how = How::rdwr;
  call.option = SocketOption::linger2_s;
  call.value = -1;
  call.error = 5;
  call.taken = 70000;
  call.text = wire::to_bytes("text");
  const Instant at{TimePoint{1s}, TimePoint{2s}};
  History history;
  history.add({segment(1), at, 11});
  history.add({call, at, 12});
  history.add({IcmpError{wire::IcmpError::port_unreachable, SeqNum(8)}, at, 13});
  history.add({Output{segment(2)}, at, static_cast<std::size_t>(-1)});
  const auto events = history.events();
  ASSERT_EQ(events.size(), 4U);
  EXPECT_EQ(std::get<wire::Segment>(events[0].what), segment(1));
  const auto& told = std::get<Call>(events[1].what);
  EXPECT_EQ(told.kind, call.kind);
  EXPECT_EQ(told.how, call.how);
  EXPECT_EQ(told.option, call.option);
  EXPECT_EQ(told.value, call.value);
  EXPECT_EQ(told.error, call.error);
  EXPECT_EQ(told.taken, call.taken);
  EXPECT_EQ(told.text, call.text);
  const auto& error = std::get<IcmpError>(events[2].what);
  EXPECT_EQ(error.error, wire::IcmpError::port_unreachable);
  EXPECT_EQ(error.quoted, SeqNum(8));
  EXPECT_EQ(std::get<Output>(events[3].what).segment, segment(2));
  EXPECT_FALSE(events[3].is_input());
  EXPECT_EQ(events[0].at, at);
  EXPECT_EQ(events[0].tag, 11U);
  EXPECT_EQ(events[3].tag, static_cast<std::size_t>(-1));
}

TEST(History, ForgetsTheOldest) {
  History history;
  for (std::uint32_t i = 0; i < 10; i++) history.add({segment(i), {}, i});
  history.keep(3);
  EXPECT_EQ(history.first(), 7U);
  EXPECT_EQ(history.end(), 10U);
  const auto events = history.events();
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].tag, 7U);
  EXPECT_EQ(std::get<wire::Segment>(events[0].what).seq, SeqNum(7));
}

}  // namespace
}  // namespace finwait::model
