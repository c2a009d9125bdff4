// Events that cross on the way: each end has acted before it heard of the other (RFC 9293 3.5, 3.6, 3.10.7.4).
#include "cases/steps.hpp"

namespace finwait {

FINWAIT_CHAPTER(crossing)

namespace {

/// A bare reset where the target expects the next octet.
wire::Spec crossing_reset(const Peer& peer) { return wire::Spec(wire::kRst).seq(peer.snd_nxt()); }

}  // namespace

CASE(reset_fin, "crossing/reset-and-fin",
     "the peer's reset crosses the target's FIN: the connection is gone, the FIN does not come again",
     Covers{{"RFC9293-3.10.7.4-RST-EXACT-FW1"}}, Lasts{3s}) {
  auto [peer, app] = co_await s.established();
  co_await fin_wait_1(peer, app);
  peer.send(crossing_reset(peer));
  co_await peer.quiet(2s);
  co_await expect_closed(peer);
}

CASE(reset_text, "crossing/reset-and-text",
     "the peer's reset crosses text: what comes of the connection afterwards draws resets only",
     Covers{{"RFC9293-3.10.7.4-RST-EXACT-EST", "RFC9293-3.5.2-G1"}}) {
  auto [peer, app] = co_await s.established();
  app.send("hello");
  co_await peer.expect(data("hello"), within(kAtOnce));
  peer.send(crossing_reset(peer));
  co_await s.pause(kShortSilence);
  co_await expect_closed(peer, "RFC9293-3.5.2-G1");
}

CASE(abort_fin, "crossing/abort-and-fin",
     "the target's abort crosses the peer's FIN: the FIN draws a reset, there is no connection any more",
     Covers{{"RFC9293-3.5.2-G1", "RFC9293-3.10.7.1-CLOSED-ACK"}}, Needs{{Capability::abort}}) {
  auto [peer, app] = co_await s.established();
  const auto before = peer.rcv_nxt();
  app.abort();
  co_await peer.expect(rst(), within(kAtOnce), "RFC9293-3.10.5-ABORT-SYNC");
  peer.send(fin().ack(before));
  // Who has issued a reset may wait in TIME-WAIT, says 3.5.2, against 3.10.5.
  const auto answer = co_await peer.expect(ack().maybe(wire::kAck | wire::kRst).any_seq().any_ack(), within(kAtOnce));
  if (answer.segment.flags.has(wire::kAck)) co_return;
  if (answer.segment.seq != before) s.fail("the reset has a wrong number", "SEQ = SEG.ACK", "another");
}

CASE(abort_abort, "crossing/both-abort", "both ends abort: the peer's reset draws no answer",
     Covers{{"RFC9293-3.10.7.1-CLOSED-RST"}}, Needs{{Capability::abort}}) {
  auto [peer, app] = co_await s.established();
  app.abort();
  co_await peer.expect(rst(), within(kAtOnce), "RFC9293-3.10.5-ABORT-SYNC");
  peer.send(crossing_reset(peer));
  co_await peer.quiet(kShortSilence);
}

CASE(abort_reopen, "crossing/abort-and-open",
     "after an abort the same ports can be used again: a SYN above the old numbers opens a new connection",
     Covers{{"RFC9293-3.5.2-ISSUER-TW", "RFC9293-3.9.1.6-ABORT"}}, Needs{{Capability::abort}}) {
  auto [peer, app] = co_await s.established();
  app.abort();
  co_await peer.expect(rst(), within(kAtOnce), "RFC9293-3.10.5-ABORT-SYNC");
  const auto fresh = peer.snd_nxt() + 1000;
  peer.send(syn().seq(fresh));
  co_await peer.expect(syn_ack().any_seq().ack(fresh + 1), within(kAtOnce));
}

CASE(text_fin, "crossing/text-and-close",
     "the peer's text crosses the target's shutdown: it is acknowledged and delivered, and both ends come to their end",
     Covers{{"RFC9293-3.10.7.4-TEXT-FW1", "RFC9293-3.10.7.4-FIN-FW1-CLOSING"}}, Needs{{Capability::half_close}}) {
  auto [peer, app] = co_await s.established();
  co_await half_closed(peer, app);
  const auto before_fin = peer.rcv_nxt() - 1;
  peer.send(data("crossing").ack(before_fin));
  co_await peer.expect(ack(), within(kDelayedAck));
  co_await app.expect_data("crossing");
  peer.send(fin().ack(before_fin));
  co_await peer.expect(ack(), within(kDelayedAck), "RFC9293-3.10.7.4-FIN-FW1-CLOSING");
  co_await app.expect_eof("RFC9293-3.10.7.4-FIN-NOTIFY");
  peer.send(ack());
}

CASE(ack_fin, "crossing/old-ack-and-fin",
     "an ACK of the text before the FIN crosses it: FIN-WAIT-1 goes on, and the FIN alone comes again",
     Covers{{"RFC9293-3.10.7.4-FW1-PARTACK"}}, Lasts{3s}) {
  auto [peer, app] = co_await s.established();
  app.send("hello");
  co_await peer.expect(data("hello"), within(kAtOnce));
  co_await fin_wait_1(peer, app);
  const auto of_fin = peer.rcv_nxt() - 1;
  peer.send(ack().ack(of_fin));
  co_await peer.expect(fin().seq(of_fin), within(s.profile().rto_initial + 500ms));
  peer.send(ack());
  peer.send(fin());
  co_await peer.expect(ack(), within(kDelayedAck), "RFC9293-3.10.7.4-FIN-FW2");
}

CASE(closing_old_ack, "crossing/old-ack-in-closing", "in CLOSING an ACK that is not of the FIN changes nothing",
     Covers{{"RFC9293-3.10.7.4-CLG-OTHERACK"}}, Lasts{3s}) {
  auto [peer, app] = co_await s.established();
  co_await closing(peer, app);
  const auto of_fin = peer.rcv_nxt() - 1;
  peer.send(ack().ack(of_fin));
  co_await peer.expect(fin().seq(of_fin), within(s.profile().rto_initial + 500ms));
  peer.send(ack());
  co_await expect_alive(peer, "RFC9293-3.10.7.4-CLG-ACKFIN");  // TIME-WAIT
}

CASE(last_ack_old_ack, "crossing/old-ack-in-last-ack", "in LAST-ACK an ACK that is not of the FIN changes nothing",
     Covers{{"RFC9293-3.10.7.4-LA-OTHERACK"}}, Lasts{3s}) {
  auto [peer, app] = co_await s.established();
  co_await last_ack(peer, app);
  const auto of_fin = peer.rcv_nxt() - 1;
  peer.send(ack().ack(of_fin));
  co_await peer.expect(fin().seq(of_fin), within(s.profile().rto_initial + 500ms));
  peer.send(ack());
  co_await expect_closed(peer, "RFC9293-3.10.7.4-LA-ACKFIN");
}

CASE(window_in_close_wait, "crossing/window-update-in-close-wait",
     "in CLOSE-WAIT ACKs and windows count as in ESTABLISHED: text waits for the window, and goes when it opens",
     Covers{{"RFC9293-3.10.7.4-CW-ACK"}}) {
  auto [peer, app] = co_await s.established();
  co_await close_wait(peer);
  app.send("first");
  co_await peer.expect(data("first"), within(kAtOnce));
  peer.send(ack().window(0));
  app.send("second");
  co_await peer.quiet(100ms);
  peer.send(ack().window(1000));
  co_await peer.expect(data("second"), within(kAtOnce));
  peer.send(ack());
}

CASE(duplicate_ack, "crossing/duplicate-ack", "a duplicate ACK draws nothing, and text that it carries counts",
     Covers{{"RFC9293-3.10.7.4-ACK-DUP"}}) {
  auto [peer, app] = co_await s.established();
  app.send("hello");
  co_await peer.expect(data("hello"), within(kAtOnce));
  const auto before = peer.rcv_nxt() - 5;
  peer.send(ack());
  peer.send(ack().ack(before));
  co_await peer.quiet(100ms);
  peer.send(data("more").ack(before));
  co_await peer.expect(ack(), within(kDelayedAck));
  co_await app.expect_data("more");
}

CASE(urgent_after_fin, "crossing/urgent-after-fin", "an urgent pointer after the peer's own FIN is ignored",
     Covers{{"RFC9293-3.10.7.4-URG-CLOSED-SIDE"}}) {
  auto [peer, app] = co_await s.established();
  co_await close_wait(peer);
  const auto end = peer.snd_nxt();
  peer.send(ack().with(wire::kUrg).urgent(1));
  co_await s.pause(kShortSilence);
  for (const auto& one : peer.take_all()) {
    if (one.segment.flags != wire::kAck)
      s.fail("it drew something else than an ACK", "nothing", to_string(one.segment.flags));
  }
  app.send("still here", "RFC9293-3.10.2-SEND-CW");
  co_await peer.expect(data("still here").ack(end), within(kAtOnce));
  peer.send(ack());
}

}  // namespace finwait
