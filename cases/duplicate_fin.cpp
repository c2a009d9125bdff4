// A FIN that comes again because its ACK was lost: SEQ = RCV.NXT - 1, so it is answered with an ACK and changes nothing
// (RFC 9293 3.10.7.4, first and eighth check), except that TIME-WAIT starts anew (time_wait.cpp).
#include "cases/steps.hpp"

namespace finwait {

FINWAIT_CHAPTER(duplicate_fin)

namespace {

/// The peer's FIN once more, acknowledging what it has got so far.
wire::Spec fin_again(const Peer& peer) { return fin().seq(peer.snd_nxt() - 1); }

}  // namespace

CASE(in_close_wait, "duplicate-fin/close-wait",
     "a FIN that comes again in CLOSE-WAIT is acknowledged and changes nothing", Covers{{"RFC9293-3.10.7.4-FIN-CW"}},
     Needs{{Capability::tcp_state}}) {
  auto [peer, app] = co_await s.established();
  co_await close_wait(peer);
  peer.send(fin_again(peer));
  co_await peer.expect(ack(), within(kAtOnce));
  app.expect_state(TcpState::close_wait);
  co_await app.expect_eof();
  app.send("still open", "RFC9293-3.10.2-SEND-CW");
  co_await peer.expect(data("still open"), within(kAtOnce), "RFC9293-3.10.2-SEND-CW");
  peer.send(ack());
}

CASE(in_closing, "duplicate-fin/closing",
     "a FIN that comes again in CLOSING is acknowledged; the target's own FIN stays unacknowledged",
     Covers{{"RFC9293-3.10.7.4-FIN-CLG"}}, Lasts{2s}) {
  auto [peer, app] = co_await s.established();
  co_await closing(peer, app);
  peer.send(fin_again(peer).ack(peer.rcv_nxt() - 1));
  co_await peer.expect(ack(), within(kAtOnce));
  // Still CLOSING: the FIN is retransmitted.
  co_await peer.expect(fin().seq(peer.rcv_nxt() - 1), within(s.profile().rto_initial + 500ms), "RFC9293-3.6-FIN-RETX");
  peer.send(ack());
}

CASE(in_last_ack, "duplicate-fin/last-ack",
     "a FIN that comes again in LAST-ACK is acknowledged, by an ACK or by the target's FIN once more",
     Covers{{"RFC9293-3.10.7.4-FIN-LA"}}, Lasts{2s}) {
  auto [peer, app] = co_await s.established();
  co_await last_ack(peer, app);
  peer.send(fin_again(peer).ack(peer.rcv_nxt() - 1));
  const auto by_ack_or_fin = ack().maybe(wire::kFin | wire::kPsh).any_seq();
  const auto answer = co_await peer.expect(by_ack_or_fin, within(kAtOnce));
  const bool is_fin = answer.segment.flags.has(wire::kFin);
  const auto right = is_fin ? peer.rcv_nxt() - 1 : peer.rcv_nxt();
  if (answer.segment.seq != right)
    s.fail("the answer has a wrong sequence number", "SND.NXT, or that of the FIN", "another");
  if (!is_fin) {
    co_await peer.expect(fin().seq(peer.rcv_nxt() - 1), within(s.profile().rto_initial + 500ms),
                         "RFC9293-3.6-FIN-RETX");
  }
  peer.send(ack());
  co_await expect_closed(peer, "RFC9293-3.10.7.4-LA-ACKFIN");
}

CASE(in_time_wait, "duplicate-fin/time-wait", "a FIN that comes again in TIME-WAIT is acknowledged",
     Covers{{"RFC9293-3.10.7.4-FIN-TW"}}) {
  auto [peer, app] = co_await s.established();
  co_await time_wait(peer, app);
  peer.send(fin_again(peer));
  co_await peer.expect(ack(), within(kAtOnce));
  co_await peer.quiet(kShortSilence);
}

CASE(in_time_wait_after_closing, "duplicate-fin/time-wait-after-closing",
     "a FIN that comes again in a TIME-WAIT entered through CLOSING is acknowledged",
     Covers{{"RFC9293-3.10.7.4-FIN-TW", "RFC9293-3.6-CASE3"}}) {
  auto [peer, app] = co_await s.established();
  co_await closing(peer, app);
  peer.send(ack());
  peer.send(fin_again(peer));
  co_await peer.expect(ack(), within(kAtOnce));
}

CASE(after_last_ack, "duplicate-fin/closed", "a FIN that comes again after the connection is gone draws a reset",
     Covers{{"RFC9293-3.5.2-G1", "RFC9293-3.10.7.1-CLOSED-ACK"}}) {
  auto [peer, app] = co_await s.established();
  co_await last_ack(peer, app);
  peer.send(ack());
  peer.send(fin_again(peer));
  co_await peer.expect(wire::Spec(wire::kRst), within(kAtOnce), "RFC9293-3.10.7.1-CLOSED-ACK");
}

}  // namespace finwait
