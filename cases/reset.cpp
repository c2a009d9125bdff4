// Resets from the peer: which are believed, which are challenged, which are ignored (RFC 9293 3.5.3, 3.10.7.4; RFC
// 5961).
#include "cases/steps.hpp"

namespace finwait {

FINWAIT_CHAPTER(reset)

namespace {

/// A bare reset at this sequence number.
wire::Spec reset_at(wire::SeqNum seq) { return wire::Spec(wire::kRst).seq(seq); }

/// A reset that lies outside the window: no answer, and the connection lives on.
Task<> expect_ignored(Peer& peer, wire::SeqNum seq) {
  peer.send(reset_at(seq));
  co_await peer.quiet(kShortSilence);
  co_await expect_alive(peer, "RFC9293-3.5.3-VALID");  // a reset outside the window is not valid
}

}  // namespace

CASE(exact, "reset/established/exact", "a reset with SEQ = RCV.NXT ends the connection; the application is told",
     Covers{{"RFC9293-3.10.7.4-RST-EXACT-EST", "RFC5961-3.2-EXACT", "RFC9293-MUST-12"}}) {
  auto [peer, app] = co_await s.established();
  peer.send(reset_at(peer.snd_nxt()));
  co_await peer.quiet(kShortSilence);
  co_await app.expect_error(ECONNRESET, "RFC9293-MUST-12");
  co_await expect_closed(peer);
}

CASE(exact_send, "reset/established/exact-then-send",
     "a send after the reset fails with ECONNRESET, the next one with EPIPE",
     Covers{{"POSIX-SEND-ECONNRESET", "POSIX-SEND-EPIPE"}}) {
  auto [peer, app] = co_await s.established();
  peer.send(reset_at(peer.snd_nxt()));
  co_await s.pause(kAtOnce);
  app.expect_send_error(ECONNRESET, "POSIX-SEND-ECONNRESET");
  app.expect_send_error(EPIPE, "POSIX-SEND-EPIPE");
}

CASE(in_window, "reset/established/in-window",
     "a reset inside the window that is not exact draws a challenge ACK; the exact one that answers it is believed",
     Covers{{"RFC9293-3.10.7.4-RST-INWIN", "RFC5961-3.2-INWIN", "RFC5961-3.2-SECONDRST"}}) {
  auto [peer, app] = co_await s.established();
  peer.send(reset_at(peer.snd_nxt() + 1));
  const auto challenge = co_await peer.expect(ack(), within(kAtOnce));
  peer.send(reset_at(challenge.segment.ack));
  co_await app.expect_error(ECONNRESET, "RFC5961-3.2-SECONDRST");
  co_await expect_closed(peer, "RFC5961-3.2-SECONDRST");
}

CASE(last_in_window, "reset/established/last-octet-of-window",
     "a reset at the last octet of the window draws a challenge ACK",
     Covers{{"RFC9293-3.10.7.4-RST-INWIN", "RFC5961-3.2-INWIN"}}) {
  auto [peer, app] = co_await s.established();
  peer.send(reset_at(peer.snd_nxt() + (peer.snd_wnd() - 1)));
  co_await peer.expect(ack(), within(kAtOnce));
}

CASE(below, "reset/established/below-window", "a reset one below the window is dropped without an answer",
     Covers{{"RFC9293-3.10.7.4-RST-OTW", "RFC5961-3.2-OUT"}}) {
  auto [peer, app] = co_await s.established();
  co_await expect_ignored(peer, peer.snd_nxt() - 1);
}

CASE(right_edge, "reset/established/right-edge",
     "a reset just after the last octet of the window is dropped without an answer",
     Covers{{"RFC9293-3.10.7.4-RST-OTW", "RFC5961-3.2-OUT"}}) {
  auto [peer, app] = co_await s.established();
  co_await expect_ignored(peer, peer.snd_nxt() + peer.snd_wnd());
}

CASE(above, "reset/established/above-window", "a reset beyond the window is dropped without an answer",
     Covers{{"RFC9293-3.10.7.4-RST-OTW", "RFC5961-3.2-OUT"}}) {
  auto [peer, app] = co_await s.established();
  co_await expect_ignored(peer, peer.snd_nxt() + peer.snd_wnd() + 1);
}

CASE(in_close_wait, "reset/close-wait/exact", "a reset in CLOSE-WAIT ends the connection; a send then fails",
     Covers{{"RFC9293-3.10.7.4-RST-EXACT-CW"}}) {
  auto [peer, app] = co_await s.established();
  co_await close_wait(peer);
  peer.send(reset_at(peer.snd_nxt()));
  co_await peer.quiet(kShortSilence);
  const auto sent = app.try_send("x");
  if (sent) s.fail("the application was not told of the reset", "send: EPIPE or ECONNRESET", "send took the octets");
  co_await expect_closed(peer);
}

CASE(in_fin_wait_1, "reset/fin-wait-1/exact", "a reset in FIN-WAIT-1 ends the connection: the FIN does not come again",
     Covers{{"RFC9293-3.10.7.4-RST-EXACT-FW1"}}, Needs{{Capability::half_close}}, Lasts{2s}) {
  auto [peer, app] = co_await s.established();
  co_await half_closed(peer, app);
  peer.send(reset_at(peer.snd_nxt()));
  co_await peer.quiet(1500ms);
  co_await app.expect_error(ECONNRESET);
}

CASE(in_fin_wait_2, "reset/fin-wait-2/exact", "a reset in FIN-WAIT-2 ends the connection; the application is told",
     Covers{{"RFC9293-3.10.7.4-RST-EXACT-FW2"}}, Needs{{Capability::half_close}}) {
  auto [peer, app] = co_await s.established();
  co_await half_closed(peer, app);
  peer.send(ack());
  peer.send(reset_at(peer.snd_nxt()));
  co_await peer.quiet(kShortSilence);
  co_await app.expect_error(ECONNRESET);
  co_await expect_closed(peer);
}

CASE(in_closing, "reset/closing/exact", "a reset in CLOSING ends the connection: the FIN does not come again",
     Covers{{"RFC9293-3.10.7.4-RST-EXACT-CLG"}}, Lasts{2s}) {
  auto [peer, app] = co_await s.established();
  co_await closing(peer, app);
  peer.send(reset_at(peer.snd_nxt()));
  co_await peer.quiet(1500ms);
  co_await expect_closed(peer);
}

CASE(in_last_ack, "reset/last-ack/exact", "a reset in LAST-ACK ends the connection: the FIN does not come again",
     Covers{{"RFC9293-3.10.7.4-RST-EXACT-LA"}}, Lasts{2s}) {
  auto [peer, app] = co_await s.established();
  co_await last_ack(peer, app);
  peer.send(reset_at(peer.snd_nxt()));
  co_await peer.quiet(1500ms);
  co_await expect_closed(peer);
}

CASE(in_time_wait, "reset/time-wait/exact",
     "a reset in TIME-WAIT ends it, or is ignored (RFC 1337): one or the other, as the profile has it",
     Covers{{"RFC9293-3.10.7.4-RST-EXACT-TW"}}) {
  auto [peer, app] = co_await s.established();
  co_await time_wait(peer, app);
  peer.send(reset_at(peer.snd_nxt()));
  co_await peer.quiet(kShortSilence);
  using enum model::Choice;
  const auto fates = s.profile().choices & model::Choices::of(model::Axis::rst_in_time_wait);
  if (fates == model::Choices{tw_rst_deletes}) {
    co_await expect_closed(peer);
  } else if (!fates.contains(tw_rst_deletes)) {
    co_await expect_alive(peer);
  } else {  // the model takes either
    peer.send(old_ack(peer));
    co_await s.pause(kShortSilence);
    peer.take_all();
  }
}

CASE(at_closed_port, "reset/closed/never-answered", "a reset for a connection that does not exist draws no answer",
     Covers{{"RFC9293-3.10.7.1-CLOSED-RST"}}) {
  Peer& peer = s.new_peer_of_closed_port();
  peer.send(reset_at(peer.iss()));
  peer.send(wire::Spec(wire::kRst | wire::kAck).ack(wire::SeqNum(1)));
  co_await peer.quiet(kShortSilence);
}

CASE(closed_port_ack, "reset/closed/answer-to-ack",
     "an ACK for a connection that does not exist draws <SEQ=SEG.ACK><CTL=RST>",
     Covers{{"RFC9293-3.10.7.1-CLOSED-ACK"}}) {
  Peer& peer = s.new_peer_of_closed_port();
  const wire::SeqNum acked(s.random());
  peer.send(ack().ack(acked));
  co_await peer.expect(wire::Spec(wire::kRst).seq(acked), within(kAtOnce));
}

CASE(closed_port_no_ack, "reset/closed/answer-without-ack",
     "a segment without ACK for a connection that does not exist draws <SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>",
     Covers{{"RFC9293-3.10.7.1-CLOSED-NOACK"}}) {
  Peer& peer = s.new_peer_of_closed_port();
  peer.send(syn().payload(wire::to_bytes("12345")));
  const auto answer = wire::Spec(wire::kRst | wire::kAck).seq(wire::SeqNum(0)).ack(peer.iss() + 6);
  co_await peer.expect(answer, within(kAtOnce));
}

}  // namespace finwait
