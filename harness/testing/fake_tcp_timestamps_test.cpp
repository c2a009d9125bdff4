// The fake TCP without defects: timestamps (RFC 7323), and SYNs in TIME-WAIT by them (RFC 6191).
#include <gmock/gmock.h>

#include "harness/testing/fake_peer_test.hpp"

namespace finwait::testing {
namespace {

using namespace std::chrono_literals;
using target::How;
using target::SocketOption;
using ::testing::ElementsAre;
using wire::kAck;
using wire::kFin;
using wire::kRst;
using wire::kSyn;

class FakeTcpTimestamps : public ::testing::Test, protected FakePeer {
 protected:
  void with_timestamps() {
    ts_value = 100;
    establish();
  }
};

TEST_F(FakeTcpTimestamps, are_in_every_segment_once_both_have_offered_them) {
  with_timestamps();
  EXPECT_THAT(handshake, ElementsAre("S. 0 ack 1 ts +0 ecr 100"));
  wait(5s);
  ts_value = 105;
  send(kAck, 1, 1, "x");
  app_sends("y");
  (void)app->shutdown(How::wr);
  wait(1s);
  EXPECT_THAT(replies(), ElementsAre(". 1 ack 2 ts +5000 ecr 105", "P. 1:2 ack 2 ts +5000 ecr 105",
                                     "F. 2 ack 2 ts +5000 ecr 105", "F. 1:2 ack 2 ts +6000 ecr 105"));
  app.reset();
  EXPECT_THAT(replies(), ElementsAre("R. 3 ack 2 ts +6000 ecr 105"));
}

TEST_F(FakeTcpTimestamps, are_offered_with_our_syn_and_used_when_the_answer_has_them) {
  for (const bool answered : {true, false}) {
    ts_value = 7;
    open_actively();
    const auto syn = wire::parse(last_packet)->segment;
    ASSERT_TRUE(syn.options.timestamps());
    EXPECT_EQ(syn.options.timestamps()->echo, 0U);
    EXPECT_EQ(syn.options.mss(), 1460);
    EXPECT_FALSE(syn.options.window_scale());
    if (!answered) ts_value.reset();
    send(kSyn | kAck, 0, 1);
    EXPECT_EQ(wire::parse(last_packet)->segment.options.timestamps().has_value(), answered);
    EXPECT_EQ(opened(), "open");
    app.reset();
  }
}

TEST_F(FakeTcpTimestamps, of_a_simultaneous_open) {
  ts_value = 7;
  open_actively();
  send(kSyn);
  EXPECT_THAT(replies(), ElementsAre("S 0 ts +0 ecr 0", "S. 0 ack 1 ts +0 ecr 7"));
}

TEST_F(FakeTcpTimestamps, make_room_in_full_segments) {
  with_timestamps();
  app_sends(std::string(600, 'x'));
  EXPECT_THAT(replies(), ElementsAre(". 1:525 ack 1 ts +0 ecr 100", "P. 525:601 ack 1 ts +0 ecr 100"));
}

TEST_F(FakeTcpTimestamps, without_agreement_mean_nothing) {
  establish();
  ts_value = 100;
  send(kAck, 1, 1, "x");
  ts_value = 50;
  send(kAck, 2, 1, "y");
  EXPECT_THAT(replies(), ElementsAre(". 1 ack 2 no ts", ". 1 ack 3 no ts"));
}

// RFC 7323 5.3: TS.Recent moves with what covers Last.ACK.sent and has passed the checks.
TEST_F(FakeTcpTimestamps, recent_comes_from_acceptable_segments_in_order) {
  with_timestamps();
  ts_value = 200;
  send(kAck, 3, 1, "c");   // above a gap
  send(kAck, 0, 1);        // below the window
  send(kRst, 5);           // in the window
  send(kAck, 1, 99, "a");  // acknowledges too much
  send(kFin, 1);           // no ACK bit
  send(kSyn, 1);
  ts_value = 150;
  send(kAck, 1, 1, "a");
  ts_value = 120;
  send(kAck, 2, 1, "b");
  EXPECT_THAT(replies(), ElementsAre(". 1 ack 1 ts +0 ecr 100", ". 1 ack 1 ts +0 ecr 100", ". 1 ack 1 ts +0 ecr 100",
                                     ". 1 ack 1 ts +0 ecr 100", ". 1 ack 1 ts +0 ecr 100", ". 1 ack 2 ts +0 ecr 150",
                                     ". 1 ack 2 ts +0 ecr 150"));
}

TEST_F(FakeTcpTimestamps, wrap) {
  ts_value = 0xfffffff0;
  establish();
  ts_value = 5;
  send(kAck, 1, 1, "x");
  ts_value = 0xffffffff;
  send(kAck, 2, 1, "y");
  EXPECT_THAT(replies(), ElementsAre(". 1 ack 2 ts +0 ecr 5", ". 1 ack 2 ts +0 ecr 5"));
}

TEST_F(FakeTcpTimestamps, are_outdated_after_24_days) {
  with_timestamps();
  wait(24h * 24);
  ts_value = 50;
  send(kAck, 1, 1, "x");
  EXPECT_THAT(replies(), ElementsAre(". 1 ack 1 ts +2073600000 ecr 100"));
  wait(1s);
  send(kAck, 1, 1, "x");
  EXPECT_THAT(replies(), ElementsAre(". 1 ack 2 ts +2073601000 ecr 50"));
}

TEST_F(FakeTcpTimestamps, keepalive_probes_carry_them) {
  with_timestamps();
  (void)app->set(SocketOption::keepalive_idle_s, 10);
  (void)app->set(SocketOption::keepalive, 1);
  wait(10s);
  EXPECT_THAT(replies(), ElementsAre(". 0 ack 1 ts +10000 ecr 100"));
}

TEST_F(FakeTcpTimestamps, a_reset_without_a_connection_echoes) {
  ts_value = 42;
  send(kAck, 1, 9);
  EXPECT_THAT(replies(), ElementsAre("R 9 ts +0 ecr 42"));
  EXPECT_EQ(last_ts->value, 0U);
}

// RFC 6191 2. Timestamps of the old connection (none: 0) and of the SYN, its SEQ from the peer's FIN on, reopened or
// not.
TEST(FakeTcpReopens, by_timestamp_and_sequence_number) {
  struct Try {
    std::uint32_t before, now;
    std::int32_t seq;
    bool reopens;
  };
  constexpr std::array<Try, 15> kTries{{{100, 101, -1000, true},
                                        {100, 101, 1, true},
                                        {100, 101, 70000, true},
                                        {100, 100, 1, true},
                                        {100, 100, 70000, true},
                                        {100, 100, 0, false},
                                        {100, 99, 1, false},
                                        {100, 99, 70000, false},
                                        {100, 0, 1, true},
                                        {100, 0, 0, false},
                                        {0, 5, -1000, true},
                                        {0, 5, 1, true},
                                        {0, 0, 1, true},
                                        {0, 0, 70000, true},
                                        {0, 0, 0, false}}};
  for (const Try& one : kTries) {
    FakePeer peer;
    if (one.before != 0) peer.ts_value = one.before;
    peer.establish();
    (void)peer.app->shutdown(How::wr);
    peer.send(kFin | kAck, 1, 2);
    (void)peer.replies();
    const SeqNum old = peer.irs;
    peer.ts_value.reset();
    if (one.now != 0) peer.ts_value = one.now;
    peer.send(kSyn, 1 + static_cast<std::uint32_t>(one.seq));
    const auto replies = peer.replies();
    EXPECT_EQ(!replies.empty(), one.reopens) << one.before << " " << one.now << " " << one.seq;
    if (replies.empty()) continue;
    EXPECT_THAT(replies[0], ::testing::StartsWith(fmt::format("S. 0 ack {}", 2 + one.seq)));
    EXPECT_GT(peer.irs - old, 2);
    EXPECT_EQ(wire::parse(peer.last_packet)->segment.options.timestamps().has_value(), one.now != 0);
  }
}

// Nobody could accept a new connection: the SYN is one like any other, and always draws an ACK.
TEST_F(FakeTcpTimestamps, without_a_listener_time_wait_is_not_reopened) {
  open_actively();
  send(kSyn | kAck, 0, 1);
  ASSERT_EQ(opened(), "open");
  (void)app->shutdown(How::wr);
  send(kFin | kAck, 1, 2);
  (void)replies();
  send(kSyn, 1000);
  send(kSyn, 0);
  EXPECT_THAT(replies(), ElementsAre(". 2 ack 2", ". 2 ack 2"));
}

}  // namespace
}  // namespace finwait::testing
