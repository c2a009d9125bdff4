// The fake TCP without defects against the event x state table: CLOSED, LISTEN, SYN-SENT and SYN-RECEIVED, and ICMP
// errors.
#include <gmock/gmock.h>

#include "harness/testing/fake_peer_test.hpp"

namespace finwait::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using wire::IcmpError;
using wire::kAck;
using wire::kFin;
using wire::kRst;
using wire::kSyn;

class FakeTcpOpening : public ::testing::Test, protected FakePeer {
 protected:
  void half_open() {
    listen();
    send(kSyn);
    EXPECT_THAT(replies(), ElementsAre("S. 0 ack 1"));
  }
  void half_open_actively() {
    open_actively();
    send(kSyn);
    EXPECT_THAT(replies(), ElementsAre("S 0", "S. 0 ack 1"));
  }
  /// What an ACK that could complete a handshake draws.
  std::vector<std::string> asked() {
    send(kAck, 1, 1);
    return replies();
  }
};

TEST_F(FakeTcpOpening, closed_answers_all_but_resets) {
  send(kAck, 1, 42, "text");
  send(kFin | kAck, 1, 42);
  send(kSyn | kAck, 0, 42);
  EXPECT_THAT(replies(), ElementsAre("R 42", "R 42", "R 42"));
  send(kFin, 1);
  send(kSyn, 0, 0, "ab");
  send(kRst | kAck, 1, 42);
  EXPECT_THAT(replies(), ElementsAre("R. 0 ack 2", "R. 0 ack 3"));
}

TEST_F(FakeTcpOpening, a_listener_resets_what_acknowledges) {
  listen();
  for (const auto flags : {kSyn | kAck, kFin | kAck, kAck}) send(flags, 0, 42, "x");
  EXPECT_THAT(replies(), ElementsAre("R 42", "R 42", "R 42"));
  for (const auto flags : {kFin, kRst, kRst | kAck, kRst | kSyn, wire::Flags{}}) send(flags, 0, 42, "x");
  EXPECT_THAT(replies(), IsEmpty());
}

TEST_F(FakeTcpOpening, text_with_a_syn_has_to_come_again) {
  listen();
  send(kSyn | kFin, 0, 0, "early");
  EXPECT_THAT(replies(), ElementsAre("S. 0 ack 1"));
  send(kAck | kFin, 1, 1, "early");
  EXPECT_THAT(replies(), ElementsAre(". 1 ack 7"));
}

TEST_F(FakeTcpOpening, closing_a_listener_resets_what_nobody_has_accepted) {
  half_open();
  send(kAck, 1, 1);
  listener.reset();
  EXPECT_THAT(replies(), ElementsAre("R. 1 ack 1"));
  EXPECT_THAT(asked(), ElementsAre("R 1"));
}

TEST_F(FakeTcpOpening, syn_sent) {
  open_actively();
  EXPECT_THAT(replies(), ElementsAre("S 0"));
  for (const auto flags : {kAck, kFin | kAck, kSyn | kAck}) {
    send(flags, 0, 2);  // of what was never sent
    send(flags, 0, 0);  // of nothing
    EXPECT_THAT(replies(), ElementsAre("R 2", "R 0"));
  }
  send(kAck, 0, 1, "x");
  send(kFin | kAck, 0, 1);
  send(kFin, 0);
  send(kRst, 0);
  send(kRst | kAck, 0, 2);
  EXPECT_THAT(replies(), IsEmpty());
  send(kSyn | kAck, 0, 1);
  EXPECT_THAT(replies(), ElementsAre(". 1 ack 1"));
  EXPECT_EQ(opened(), "open");
}

TEST_F(FakeTcpOpening, syn_sent_refused) {
  open_actively();
  send(kRst | kAck, 0, 1);
  EXPECT_EQ(opened(), "ECONNREFUSED");
}

TEST_F(FakeTcpOpening, syn_received_stays_for_what_is_not_acceptable) {
  for (const bool active : {false, true}) {
    active ? half_open_actively() : half_open();
    send(kAck, 1, 2);
    send(kAck, 1, 0, "x");
    EXPECT_THAT(replies(), ElementsAre("R 2", "R 0"));
    send(kAck, 0, 1);
    send(kAck, 65536, 1);
    send(kRst, 2);
    send(kSyn, 0);
    send(kSyn, 65536);
    EXPECT_THAT(replies(), ElementsAre(". 1 ack 1", ". 1 ack 1", ". 1 ack 1", ". 1 ack 1", ". 1 ack 1"));
    send(kFin, 1);
    send(wire::Flags{}, 1, 0, "x");
    send(kRst, 0);
    send(kRst, 65536);
    EXPECT_THAT(replies(), IsEmpty());
    EXPECT_THAT(times(2s).size(), 1U);  // it still retransmits
    send(kFin | kAck, 1, 1, "x");
    EXPECT_THAT(replies(), ElementsAre(". 1 ack 3"));
    EXPECT_EQ(opened(), active ? "open" : "waits");
    listener.reset();
    (void)replies();
  }
}

TEST_F(FakeTcpOpening, syn_received_completed_by_text_above_a_gap) {
  half_open();
  send(kFin | kAck, 2, 1, "b");
  send(kAck, 1, 1, "a");
  EXPECT_THAT(replies(), ElementsAre(". 1 ack 1", ". 1 ack 4"));
}

TEST_F(FakeTcpOpening, a_reset_or_a_syn_takes_a_passive_open_back_to_listen) {
  for (const auto flags : {kRst, kSyn}) {
    half_open();
    send(flags, 1);
    EXPECT_THAT(asked(), ElementsAre("R 1"));
    listener.reset();
  }
}

TEST_F(FakeTcpOpening, a_reset_refuses_an_active_open_and_a_syn_is_challenged) {
  half_open_actively();
  send(kSyn, 1);
  EXPECT_THAT(replies(), ElementsAre(". 1 ack 1"));
  send(kRst, 1);
  EXPECT_EQ(opened(), "ECONNREFUSED");
  EXPECT_THAT(asked(), ElementsAre("R 1"));
}

TEST_F(FakeTcpOpening, simultaneous_open) {
  half_open_actively();
  send(kSyn | kAck, 0, 1);
  EXPECT_THAT(replies(), ElementsAre(". 1 ack 1"));
  EXPECT_EQ(opened(), "open");
  EXPECT_EQ(state(), TcpState::established);
  EXPECT_THAT(times(300s), IsEmpty());
}

TEST_F(FakeTcpOpening, close_in_syn_received_sends_a_fin) {
  half_open_actively();
  close();
  EXPECT_THAT(replies(), ElementsAre("F. 1 ack 1"));
  EXPECT_THAT(times(2s).size(), 1U);
  send(kAck, 1, 1);  // of the SYN only
  send(kFin | kAck, 1, 2);
  EXPECT_THAT(replies(), ElementsAre(". 2 ack 2"));
  wait(60s);
  send(kAck, 2, 2);
  EXPECT_THAT(replies(), ElementsAre("R 2"));
}

TEST_F(FakeTcpOpening, a_syn_that_was_an_old_duplicate_leads_back_to_time_wait) {
  establish();
  (void)app->shutdown(target::How::wr);
  send(kFin | kAck, 1, 2);
  (void)replies();
  const SeqNum old = irs;
  send(kSyn, 1000);
  EXPECT_GE(irs - old, 2);
  send(kRst, 1001);
  (void)replies();
  irs = old;
  send(kFin | kAck, 1, 2);
  EXPECT_THAT(replies(), ElementsAre(". 2 ack 2"));
}

TEST_F(FakeTcpOpening, hard_icmp_errors_end_an_open) {
  for (const auto one : {wire::Family::ipv4, wire::Family::ipv6}) {
    family = one;
    open_actively();
    icmp(IcmpError::port_unreachable, 1);  // quotes what was never sent
    for (const auto soft : {IcmpError::network_unreachable, IcmpError::host_unreachable, IcmpError::time_exceeded,
                            IcmpError::parameter_problem, IcmpError::fragmentation_needed, IcmpError::admin_prohibited,
                            IcmpError::source_route_failed}) {
      icmp(soft);
    }
    EXPECT_EQ(opened(), "waits");
    icmp(IcmpError::port_unreachable);
    EXPECT_EQ(opened(), "ECONNREFUSED");
    (void)replies();
    target_port = kPort;
    half_open();
    icmp(IcmpError::protocol_unreachable);
    EXPECT_THAT(asked(), ElementsAre("R 1"));
    listener.reset();
  }
}

TEST_F(FakeTcpOpening, icmp_errors_end_nothing_later_and_can_be_asked_for) {
  establish();
  app_sends("x");
  for (const auto error : {IcmpError::port_unreachable, IcmpError::protocol_unreachable, IcmpError::host_unreachable,
                           IcmpError::source_quench}) {
    icmp(error);
  }
  EXPECT_EQ(state(), TcpState::established);
  EXPECT_EQ(*app->take_error().result(), EHOSTUNREACH);  // the last one
  EXPECT_EQ(*app->take_error().result(), 0);
  EXPECT_THAT(replies(), ElementsAre("P. 1:2 ack 1"));
}

// What only the TCP itself can show: no socket exists before the connection is established.
TEST(FakeTcpQueue, text_and_close_wait_for_the_handshake) {
  engine::VirtualTime time;
  std::vector<std::string> sent;
  SeqNum iss;
  FakeTcp tcp(time, fake_profile(), {}, [&](const Bytes& packet) {
    wire::Segment segment = wire::parse(packet)->segment;
    if (segment.flags.any(kSyn)) iss = segment.seq;
    sent.push_back(fmt::format("{} {} {}", to_string(segment.flags), segment.seq - iss, segment.payload.size()));
  });
  const auto local = wire::Address::v4(0xC6120001), peer = wire::Address::v4(0xC6120002);
  const auto tcb = tcp.connect(local, {peer, wire::Port{9}});
  EXPECT_EQ(*tcp.send(tcb, wire::to_bytes("text")), 4U);
  wire::Segment segment;
  segment.source = peer;
  segment.destination = local;
  segment.source_port = wire::Port{9};
  segment.destination_port = tcb->local.port;
  segment.flags = kSyn;
  segment.seq = kIss;
  segment.window = 100;
  tcp.packet(*wire::craft(segment));
  tcp.close(tcb);
  EXPECT_EQ(tcb->state, TcpState::syn_received);
  segment.flags = kAck;
  segment.seq = kIss + 1;
  segment.ack = iss + 1;
  tcp.packet(*wire::craft(segment));
  EXPECT_EQ(tcb->state, TcpState::fin_wait_1);
  EXPECT_THAT(sent, ElementsAre("S 0 0", "S. 0 0", "F. 1 4"));
}

}  // namespace
}  // namespace finwait::testing
