// The fake TCP without defects, seen through its link and its sockets in virtual time.
#include <gmock/gmock.h>

#include "harness/testing/fake_peer_test.hpp"

namespace finwait::testing {
namespace {

using namespace std::chrono_literals;
using target::How;
using target::SocketOption;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using wire::kAck;
using wire::kFin;
using wire::kPsh;
using wire::kRst;
using wire::kSyn;

class FakeTcpTest : public ::testing::Test, protected FakePeer {
 protected:
  explicit FakeTcpTest(const Defects& defects = {}) : FakePeer(defects) {}
};

TEST_F(FakeTcpTest, handshake_in_both_families) {
  for (const auto one : {wire::Family::ipv4, wire::Family::ipv6}) {
    family = one;
    establish();
    ASSERT_NE(app, nullptr);
    EXPECT_EQ(state(), TcpState::established);
    app.reset();
    EXPECT_THAT(replies(), ElementsAre("R. 1 ack 1"));
  }
}

TEST_F(FakeTcpTest, active_open_and_its_retransmissions) {
  auto op = *made->connect({made->first_peer_address(family), wire::Port{9}}, {});
  EXPECT_THAT(times(300s), ElementsAre(0, 1, 3, 7, 15, 31, 63, 127));
  ASSERT_TRUE(op.done.ready());
  EXPECT_EQ(op.done.result().error().name(), "ETIMEDOUT");
}

TEST_F(FakeTcpTest, what_a_closed_port_and_a_listener_answer) {
  send(kSyn);
  send(kAck, 1, 42);
  send(kRst, 1);
  EXPECT_THAT(replies(), ElementsAre("R. 0 ack 1", "R 42"));
  listen();
  send(kRst, 1);
  send(kFin, 1);
  EXPECT_THAT(replies(), IsEmpty());
  send(kFin | kAck, 1, 42);
  EXPECT_THAT(replies(), ElementsAre("R 42"));
}

TEST_F(FakeTcpTest, data_both_ways) {
  establish();
  auto waiting = app->recv(100);
  EXPECT_FALSE(waiting.ready());
  send(kAck | kPsh, 1, 1, "hello");
  ASSERT_TRUE(waiting.ready());
  EXPECT_EQ(*waiting.result(), wire::to_bytes("hello"));
  app_sends("bye");
  send(kAck, 6, 4);
  EXPECT_THAT(replies(), ElementsAre(". 1 ack 6", "P. 1:4 ack 6"));
  EXPECT_THAT(times(100s), IsEmpty());
}

TEST_F(FakeTcpTest, text_above_a_gap_is_held_with_its_fin) {
  establish();
  send(kAck | kFin, 3, 1, "cd");
  send(kAck, 1, 1, "ab");
  EXPECT_THAT(replies(), ElementsAre(". 1 ack 1", ". 1 ack 6"));
  EXPECT_EQ(recv(), "abcd");
  EXPECT_EQ(recv(), "EOF");
}

TEST_F(FakeTcpTest, four_segments_and_time_wait) {
  establish();
  (void)app->shutdown(How::wr);
  EXPECT_EQ(state(), TcpState::fin_wait_1);
  EXPECT_EQ(send_error(), "EPIPE");
  send(kAck, 1, 2);
  EXPECT_EQ(state(), TcpState::fin_wait_2);
  send(kAck | kPsh, 1, 2, "late");
  EXPECT_EQ(recv(), "late");
  send(kFin | kAck, 5, 2);
  EXPECT_EQ(state(), TcpState::time_wait);
  EXPECT_EQ(recv(), "EOF");
  EXPECT_THAT(replies(), ElementsAre("F. 1 ack 1", ". 2 ack 5", ". 2 ack 6"));
  wait(40s);
  send(kFin | kAck, 5, 2);  // starts the 2 MSL again
  wait(59s);
  EXPECT_EQ(state(), TcpState::time_wait);
  wait(1s);
  EXPECT_EQ(state(), TcpState::closed);
  EXPECT_THAT(replies(), ElementsAre(". 2 ack 6"));
  send(kAck, 6, 2);
  EXPECT_THAT(replies(), ElementsAre("R 2"));
}

TEST_F(FakeTcpTest, passive_close) {
  establish();
  send(kFin | kAck, 1, 1);
  EXPECT_EQ(state(), TcpState::close_wait);
  EXPECT_EQ(recv(), "EOF");
  app_sends("x");
  (void)app->shutdown(How::wr);
  EXPECT_EQ(state(), TcpState::last_ack);
  send(kFin | kAck, 1, 1);
  send(kAck, 2, 3);
  EXPECT_EQ(state(), TcpState::closed);
  EXPECT_THAT(replies(), ElementsAre(". 1 ack 2", "P. 1:2 ack 2", "F. 2 ack 2", ". 3 ack 2"));
}

TEST_F(FakeTcpTest, simultaneous_close) {
  establish();
  (void)app->shutdown(How::wr);
  send(kFin | kAck, 1, 1);
  EXPECT_EQ(state(), TcpState::closing);
  send(kAck, 2, 2);
  EXPECT_EQ(state(), TcpState::time_wait);
  EXPECT_THAT(replies(), ElementsAre("F. 1 ack 1", ". 2 ack 2"));
}

TEST_F(FakeTcpTest, fin_is_retransmitted_with_backoff_until_r2) {
  establish();
  (void)app->shutdown(How::wr);
  const auto all = times(2000s);
  ASSERT_EQ(all.size(), 16U);
  EXPECT_DOUBLE_EQ(all[1], 1);
  EXPECT_DOUBLE_EQ(all[2], 3);
  EXPECT_DOUBLE_EQ(all[9], 367);
  EXPECT_DOUBLE_EQ(all[15], 1087);
  EXPECT_EQ(state(), TcpState::closed);
  EXPECT_EQ(recv(), "ETIMEDOUT");
  EXPECT_EQ(recv(), "EOF");
}

TEST_F(FakeTcpTest, keepalive_probes_and_death) {
  establish();
  EXPECT_EQ(*app->get(SocketOption::keepalive).result(), 0);
  (void)app->set(SocketOption::keepalive_idle_s, 100);
  (void)app->set(SocketOption::keepalive_interval_s, 10);
  (void)app->set(SocketOption::keepalive_count, 3);
  (void)app->set(SocketOption::keepalive, 1);
  wait(100s);
  EXPECT_THAT(replies(), ElementsAre(". 0 ack 1"));
  send(kAck, 1, 1);
  mark_now();
  wait(1000s);
  EXPECT_THAT(seen, ElementsAre(Seen{100s, ". 0 ack 1"}, Seen{110s, ". 0 ack 1"}, Seen{120s, ". 0 ack 1"},
                                Seen{130s, "R. 1 ack 1"}));
  EXPECT_EQ(recv(), "ETIMEDOUT");
}

TEST_F(FakeTcpTest, resets_by_their_sequence_number) {
  establish();
  send(kRst, 0);
  send(kRst, 65536);
  EXPECT_THAT(replies(), IsEmpty());
  send(kRst, 2);
  send(kSyn, 99);
  send(kAck, 0, 1, "x");
  send(kAck, 1, 2);
  EXPECT_THAT(replies(), ElementsAre(". 1 ack 1", ". 1 ack 1", ". 1 ack 1", ". 1 ack 1"));
  send(kRst, 1);
  EXPECT_THAT(replies(), IsEmpty());
  EXPECT_EQ(recv(), "ECONNRESET");
  EXPECT_EQ(recv(), "EOF");
  EXPECT_EQ(send_error(), "EPIPE");
}

TEST_F(FakeTcpTest, reset_in_close_wait_gives_epipe) {
  establish();
  send(kFin | kAck, 1, 1);
  send(kRst, 2);
  EXPECT_EQ(*app->take_error().result(), EPIPE);
  EXPECT_EQ(*app->take_error().result(), 0);
}

TEST_F(FakeTcpTest, close_is_half_duplex) {
  establish();
  send(kAck, 1, 1, "unread");
  (void)app->close();
  EXPECT_THAT(replies(), ElementsAre(". 1 ack 7", "R. 1 ack 7"));
}

TEST_F(FakeTcpTest, data_for_an_orphan_draws_a_reset) {
  establish();
  (void)app->close();
  send(kAck, 1, 2);
  send(kAck, 1, 2, "more");
  send(kAck, 5, 2);
  EXPECT_THAT(replies(), ElementsAre("F. 1 ack 1", "R 2", "R 2"));
}

TEST_F(FakeTcpTest, abort) {
  establish();
  (void)app->abort();
  EXPECT_THAT(replies(), ElementsAre("R. 1 ack 1"));
}

TEST_F(FakeTcpTest, closed_window_of_the_peer_is_probed_and_fin_waits) {
  establish();
  window = 0;
  send(kAck, 1, 1);
  app_sends("ab");
  (void)app->shutdown(How::wr);
  EXPECT_THAT(times(8s), ElementsAre(1, 3, 7));
  window = 100;
  send(kAck, 1, 1);
  EXPECT_THAT(replies(), ElementsAre("F. 1:3 ack 1"));
}

TEST_F(FakeTcpTest, reading_opens_the_window_again) {
  establish();
  const std::string chunk(1285, 'x');  // 51 of them fill the buffer exactly
  for (std::uint32_t i = 0; i < 51; i++) send(kAck, 1 + i * 1285, 1, chunk);
  (void)replies();
  send(kAck, 65536, 1, "x");
  EXPECT_THAT(replies(), ElementsAre(". 1 ack 65536"));
  (void)app->recv(65535);
  EXPECT_THAT(replies(), ElementsAre(". 1 ack 65536"));
}

TEST_F(FakeTcpTest, a_new_syn_reopens_time_wait_and_an_old_one_does_not) {
  establish();
  (void)app->close();
  send(kFin | kAck, 1, 2);
  send(kSyn, 0);
  EXPECT_THAT(replies(), ElementsAre("F. 1 ack 1", ". 2 ack 2"));
  send(kSyn, 1000);
  EXPECT_THAT(replies(), ElementsAre("S. 0 ack 1001"));
}

TEST_F(FakeTcpTest, sysctls) {
  EXPECT_TRUE(made->set_sysctl("net.ipv4.tcp_keepalive_time", "5"));
  EXPECT_EQ(made->set_sysctl("net.ipv4.tcp_sack", "0").error().value, ENOENT);
  establish();
  EXPECT_EQ(*app->get(SocketOption::keepalive_idle_s).result(), 5);
}

class OneDefect : public FakeTcpTest {
 protected:
  OneDefect() : FakeTcpTest({Defect::time_wait_half}) {}
};

TEST_F(OneDefect, makes_the_difference_it_says) {
  establish();
  (void)app->shutdown(How::wr);
  send(kFin | kAck, 1, 2);
  wait(30s);
  EXPECT_EQ(state(), TcpState::closed);
}

}  // namespace
}  // namespace finwait::testing
