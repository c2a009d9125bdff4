// Release: the four segments, who sends which first, and the states on the way (RFC 9293 3.6, 3.10.4, 3.10.7.4).
#include "cases/steps.hpp"

namespace finwait {

FINWAIT_CHAPTER(release)

CASE(active, "release/active/four-segments",
     "the side that closes first goes through FIN-WAIT-1 and FIN-WAIT-2 to TIME-WAIT",
     Covers{{"RFC9293-3.6-CASE1", "RFC9293-MUST-2", "RFC9293-MUST-68", "RFC9293-3.10.4-CLOSE-EST",
             "RFC9293-3.10.7.4-FW1-ACKFIN", "RFC9293-3.10.7.4-FIN-FW2"}}) {
  auto [peer, app] = co_await s.established();
  app.close();
  co_await peer.expect(fin(), within(kAtOnce), "RFC9293-3.10.4-CLOSE-EST");
  peer.send(ack());  // FIN-WAIT-2
  co_await peer.quiet(kShortSilence, "RFC9293-3.10.7.4-FW1-ACKFIN");
  peer.send(fin());
  co_await peer.expect(ack(), within(kDelayedAck), "RFC9293-3.10.7.4-FIN-FW2");
  co_await expect_alive(peer, "RFC9293-MUST-13");  // TIME-WAIT answers, CLOSED would reset
}

CASE(active_states, "release/active/states",
     "the states the target reports on the way are those of the standard, as far as its socket can be asked",
     Covers{{"RFC9293-3.3.2-FIG5", "RFC9293-3.10.4-CLOSE-EST", "RFC9293-3.10.7.4-FW1-ACKFIN"}},
     Needs{{Capability::half_close, Capability::tcp_state}}) {
  auto [peer, app] = co_await s.established();
  app.expect_state(TcpState::established);
  co_await half_closed(peer, app);
  app.expect_state(TcpState::fin_wait_1);
  peer.send(ack());
  app.expect_state(TcpState::fin_wait_2, "RFC9293-3.10.7.4-FW1-ACKFIN");
}

CASE(passive, "release/passive/four-segments",
     "the side that closes second goes through CLOSE-WAIT and LAST-ACK to CLOSED, without TIME-WAIT",
     Covers{
         {"RFC9293-3.6-CASE2", "RFC9293-3.10.7.4-FIN-EST", "RFC9293-3.10.4-CLOSE-CW", "RFC9293-3.10.7.4-LA-ACKFIN"}}) {
  auto [peer, app] = co_await s.established();
  peer.send(fin());
  co_await peer.expect(ack(), within(kDelayedAck), "RFC9293-3.10.7.4-FIN-EST");
  co_await app.expect_eof("RFC9293-3.10.7.4-FIN-NOTIFY");
  app.close();
  co_await peer.expect(fin(), within(kAtOnce), "RFC9293-3.10.4-CLOSE-CW");
  peer.send(ack());
  co_await peer.quiet(kShortSilence, "RFC9293-3.10.7.4-LA-ACKFIN");
  co_await expect_closed(peer, "RFC9293-3.10.7.4-LA-ACKFIN");
}

CASE(passive_states, "release/passive/states", "CLOSE-WAIT and LAST-ACK are reported where the standard has them",
     Covers{{"RFC9293-3.3.2-FIG5", "RFC9293-3.10.7.4-FIN-EST", "RFC9293-3.10.4-CLOSE-CW"}},
     Needs{{Capability::half_close, Capability::tcp_state}}) {
  auto [peer, app] = co_await s.established();
  co_await close_wait(peer);
  app.expect_state(TcpState::close_wait, "RFC9293-3.10.7.4-FIN-EST");
  app.shutdown(How::wr);
  co_await peer.expect(fin(), within(kAtOnce), "RFC9293-3.10.4-CLOSE-CW");
  app.expect_state(TcpState::last_ack, "RFC9293-3.10.4-CLOSE-CW");
  peer.send(ack());
  app.expect_state(TcpState::closed, "RFC9293-3.10.7.4-LA-ACKFIN");
}

CASE(opened_actively, "release/active/after-active-open",
     "a connection that the target opened itself is released like one it accepted",
     Covers{{"RFC9293-3.6-CASE1", "RFC9293-3.10.7.4-FIN-FW2"}}, Needs{{Capability::active}}) {
  auto [peer, app] = co_await s.established(Open::active);
  co_await time_wait(peer, app);
  co_await expect_alive(peer, "RFC9293-MUST-13");
}

CASE(passive_opened_actively, "release/passive/after-active-open",
     "a connection that the target opened itself can be released by the peer",
     Covers{{"RFC9293-3.6-CASE2", "RFC9293-3.10.7.4-LA-ACKFIN"}}, Needs{{Capability::active}}) {
  auto [peer, app] = co_await s.established(Open::active);
  co_await last_ack(peer, app);
  peer.send(ack());
  co_await expect_closed(peer, "RFC9293-3.10.7.4-LA-ACKFIN");
}

CASE(no_fin_until_close, "release/passive/no-fin-until-close",
     "a target that has got a FIN sends none itself until its application closes",
     Covers{{"RFC9293-3.6-NOFIN-UNTIL-CLOSE"}}, Lasts{5s}) {
  auto [peer, app] = co_await s.established();
  co_await close_wait(peer);
  co_await peer.quiet(4s, "RFC9293-3.6-NOFIN-UNTIL-CLOSE");
  co_await expect_alive(peer, "RFC9293-3.6-NOFIN-UNTIL-CLOSE");
}

CASE(fin_with_ack, "release/active/three-segments",
     "a FIN that also acknowledges the target's FIN leads from FIN-WAIT-1 straight to TIME-WAIT",
     Covers{{"RFC9293-3.10.7.4-FIN-FW1-TW"}}, Lasts{2s}) {
  auto [peer, app] = co_await s.established();
  co_await fin_wait_1(peer, app);
  peer.send(fin());  // acknowledges the FIN in the same segment
  co_await peer.expect(ack(), within(kDelayedAck));
  co_await peer.quiet(1s);  // the FIN was acknowledged: it may not come again
  co_await expect_alive(peer, "RFC9293-MUST-13");
}

CASE(fin_with_data, "release/passive/fin-with-data",
     "data that comes in the FIN's own segment is delivered, then the end of the stream; one ACK covers both",
     Covers{{"RFC9293-3.10.7.4-FIN-EST", "RFC9293-3.10.7.4-FIN-PUSH"}}) {
  auto [peer, app] = co_await s.established();
  peer.send(fin().payload(wire::to_bytes("goodbye")));
  co_await peer.expect(ack(), within(kDelayedAck));
  co_await app.expect_data("goodbye", "RFC9293-3.10.7.4-FIN-PUSH");
  co_await app.expect_eof("RFC9293-3.10.7.4-FIN-NOTIFY");
}

CASE(data_then_fin, "release/active/data-then-fin",
     "data sent before the close reaches the peer before the FIN, or with it",
     Covers{{"RFC9293-3.6-CASE1", "RFC9293-3.6-RELIABLE"}}) {
  auto [peer, app] = co_await s.established();
  app.send("last words");
  app.close();
  const auto words = data("last words").maybe(wire::kPsh | wire::kFin);
  const auto last = co_await peer.expect(words, within(kAtOnce), "RFC9293-3.6-RELIABLE");
  if (!last.segment.flags.has(wire::kFin)) co_await peer.expect(fin(), within(kAtOnce), "RFC9293-3.6-CASE1");
  peer.send(ack());
  peer.send(fin());
  co_await peer.expect(ack(), within(kDelayedAck), "RFC9293-3.10.7.4-FIN-FW2");
}

CASE(unacknowledged_data, "release/active/fin-after-lost-data",
     "data that was lost is sent again before the FIN counts: the peer gets every octet",
     Covers{{"RFC9293-3.6-RELIABLE", "RFC9293-3.10.8-RETX"}}, Lasts{2s}) {
  auto [peer, app] = co_await s.established();
  app.send("lost");
  const auto first = co_await peer.expect(data("lost"), within(kAtOnce), "RFC9293-3.6-RELIABLE");
  app.close();
  co_await peer.expect(fin(), within(kAtOnce), "RFC9293-3.6-CASE1");
  // Nothing is acknowledged: the front of the queue comes again, with the FIN in the same segment or not.
  const auto again = data("lost").seq(first.segment.seq).maybe(wire::kPsh | wire::kFin);
  const auto rto = s.profile().timer(s.profile().rto_min);
  co_await peer.expect(again, within(rto.earliest / 2, s.profile().rto_initial + 500ms).since(first.at),
                       "RFC9293-3.10.8-RETX");
  co_await explore::settle(peer, 50ms);  // or in one of its own, right behind
  peer.send(ack());
  peer.send(fin());
  co_await peer.expect(ack(), within(kDelayedAck), "RFC9293-3.10.7.4-FIN-FW2");
}

CASE(simultaneous, "release/simultaneous/both-fins-cross",
     "when both FINs cross, both sides acknowledge and go through CLOSING to TIME-WAIT",
     Covers{{"RFC9293-3.6-CASE3", "RFC9293-3.10.7.4-FIN-FW1-CLOSING", "RFC9293-3.10.7.4-CLG-ACKFIN"}}) {
  auto [peer, app] = co_await s.established();
  co_await closing(peer, app);
  peer.send(ack());  // TIME-WAIT
  co_await peer.quiet(kShortSilence, "RFC9293-3.10.7.4-CLG-ACKFIN");
  co_await expect_alive(peer, "RFC9293-MUST-13-CLG");
}

CASE(simultaneous_states, "release/simultaneous/states",
     "a target whose FIN is not acknowledged when the peer's comes is in CLOSING",
     Covers{{"RFC9293-3.10.7.4-FIN-FW1-CLOSING"}}, Needs{{Capability::half_close, Capability::tcp_state}}) {
  auto [peer, app] = co_await s.established();
  co_await half_closed(peer, app);
  peer.send(fin().ack(peer.rcv_nxt() - 1));
  co_await peer.expect(ack(), within(kDelayedAck));
  app.expect_state(TcpState::closing);
  peer.send(ack());
}

CASE(simultaneous_lost_ack, "release/simultaneous/fin-retransmitted-in-closing",
     "in CLOSING the FIN is still retransmitted until it is acknowledged",
     Covers{{"RFC9293-3.6-FIN-RETX", "RFC9293-3.10.7.4-FIN-FW1-CLOSING"}}, Lasts{3s}) {
  auto [peer, app] = co_await s.established();
  co_await closing(peer, app);
  co_await peer.expect(fin().seq(peer.rcv_nxt() - 1), within(s.profile().rto_initial + 500ms), "RFC9293-3.6-FIN-RETX");
  peer.send(ack());
  co_await peer.quiet(2s, "RFC9293-3.10.7.4-CLG-ACKFIN");
}

}  // namespace finwait
