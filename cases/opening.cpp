// Opening, as far as ending depends on it: what ends an opening, what must not, and what a listener answers (RFC 9293
// 3.5, 3.10.4, 3.10.5, 3.10.7.2 - 3.10.7.4).
#include "cases/steps.hpp"
#include "harness/explore/perform.hpp"

namespace finwait {

FINWAIT_CHAPTER(opening)

namespace {

/// The handshake has begun and the peer has not ended it: SYN-RECEIVED by a passive open.
Task<Peer*> syn_received(Scenario& s) {
  Peer& peer = s.new_peer();
  peer.send(syn());
  co_await peer.expect(syn_ack(), within(kAtOnce));
  co_return &peer;
}

/// The target's connect() has not come to an end.
Task<> expect_still_opening(Scenario::Opening& opening, std::string_view requirement) {
  Peer& peer = opening.peer;
  const auto ours = peer.iss() + 1000;
  peer.send(syn_ack().seq(ours));
  co_await peer.expect(ack().ack(ours + 1), within(kAtOnce), requirement);
}

/// It has ended, by a reset.
Task<> expect_refused(Scenario& s, Scenario::Opening& opening, std::string_view requirement) {
  auto call = opening.call.before(s.loop(), s.now().latest + kAtOnce);
  const auto done = co_await call;
  if (!done && (done.error() == ECONNREFUSED || done.error() == ECONNRESET)) co_return;
  s.fail("the application was not told why the opening ended", "connect: ECONNREFUSED",
         done ? "connect: 0" : "connect: " + done.error().name(), requirement);
}

}  // namespace

CASE(initial_numbers, "open/initial-sequence-numbers",
     "connections that follow each other begin with different numbers", Covers{{"RFC9293-MUST-8"}}) {
  auto [first, first_app] = co_await s.established();
  auto [second, second_app] = co_await s.established();
  auto [third, third_app] = co_await s.established();
  if (first.irs() == second.irs() && second.irs() == third.irs()) {
    s.fail("three connections begin with the same number", "an ISS from a clock and a secret",
           "the same ISS three times", "RFC9293-MUST-8");
  }
}

CASE(numbers_of_one_tuple, "open/initial-sequence-numbers-of-one-tuple",
     "the numbers of connections between the same ports go up: ISN = M + F(addresses, ports, secret)",
     Covers{{"RFC9293-SHLD-1"}}, Lasts{2s}) {
  Peer& peer = s.new_peer();
  std::optional<wire::SeqNum> last;
  for (int i = 0; i < 4; i++) {
    const auto ours = peer.iss() + static_cast<std::uint32_t>(i) * 1000;
    peer.send(syn().seq(ours));
    const auto answer = co_await peer.expect(syn_ack().any_seq().ack(ours + 1), within(kAtOnce));
    const auto theirs = answer.segment.seq;
    // M of RFC 6528 counts 4 us; some clocks are faster or slower, none runs half a round in a moment.
    if (last && !wire::after(theirs, *last)) {
      s.fail("a later connection between the same ports begins below an earlier one", "an ISS above the last one",
             "the last one " + std::to_string(theirs - *last));
    }
    last = theirs;
    peer.send(wire::Spec(wire::kRst).seq(ours + 1));
    co_await s.pause(200ms);
  }
}

CASE(reset_at_listener, "open/listener/reset", "a reset to a listener is ignored",
     Covers{{"RFC9293-3.10.7.2-LISTEN-RST"}}) {
  Peer& peer = s.new_peer();
  peer.send(wire::Spec(wire::kRst));
  peer.send(wire::Spec(wire::kRst | wire::kAck).ack(wire::SeqNum(s.random())));
  co_await peer.quiet(kShortSilence);
}

CASE(ack_at_listener, "open/listener/ack", "every segment with an ACK to a listener draws <SEQ=SEG.ACK><CTL=RST>",
     Covers{{"RFC9293-3.10.7.2-LISTEN-ACK", "RFC9293-3.5.2-G2"}}) {
  for (const auto& spec : {ack(), syn_ack(), data("hello")}) {
    Peer& peer = s.new_peer();
    const wire::SeqNum acked(s.random());
    auto wrong = spec;
    peer.send(wrong.ack(acked));
    co_await peer.expect(wire::Spec(wire::kRst).seq(acked), within(kAtOnce), "RFC9293-3.10.7.2-LISTEN-ACK");
  }
}

CASE(received_reset, "open/syn-received/reset",
     "a reset in SYN-RECEIVED returns the listener to LISTEN: nothing is accepted, and another peer can connect",
     Covers{{"RFC9293-3.10.7.4-RST-EXACT-SR-PASSIVE", "RFC9293-MUST-11"}}, Lasts{3s}) {
  auto beginning = syn_received(s);
  Peer& peer = *co_await beginning;
  peer.send(wire::Spec(wire::kRst).seq(peer.snd_nxt()));
  co_await peer.quiet(1500ms);  // the SYN,ACK does not come again
  auto accepting = s.try_accept(peer, kShortSilence);
  if (co_await accepting != nullptr) {
    s.fail("a connection was accepted that was reset while it opened", "nothing to accept", "accept: a connection");
  }
  auto [other, app] = co_await s.established();
  other.send(data("hello"));
  co_await other.expect(ack(), within(kDelayedAck), "RFC9293-MUST-11");
}

CASE(received_bad_ack, "open/syn-received/unacceptable-ack",
     "in SYN-RECEIVED an ACK of what was never sent draws a reset, and the right one still opens",
     Covers{{"RFC9293-3.10.7.4-ACK-SR-BAD", "RFC9293-3.5.2-G2"}}) {
  auto beginning = syn_received(s);
  Peer& peer = *co_await beginning;
  const auto wrong = peer.rcv_nxt() + 1000;
  peer.send(ack().ack(wrong));
  co_await peer.expect(wire::Spec(wire::kRst).seq(wrong), within(kAtOnce));
  peer.send(ack());
  (void)co_await expect_accepted(s, peer, "RFC9293-3.10.7.4-ACK-SR-BAD");
}

CASE(received_syn, "open/syn-received/syn-again",
     "the SYN once more in SYN-RECEIVED draws the SYN,ACK once more, or an ACK, and the connection opens",
     Covers{{"RFC9293-3.10.7.4-SYN-SR"}}) {
  auto beginning = syn_received(s);
  Peer& peer = *co_await beginning;
  peer.send(syn().seq(peer.iss()));
  co_await peer.expect(ack().maybe(wire::kSyn).any_seq().ack(peer.iss() + 1), within(kAtOnce));
  peer.send(ack());
  (void)co_await expect_accepted(s, peer, "RFC9293-3.10.7.4-SYN-SR");
}

CASE(syn_ack_again, "open/syn-received/syn-ack-again", "a SYN,ACK that is not acknowledged comes again",
     Covers{{"RFC9293-MUST-22"}}, Lasts{14s}) {
  auto beginning = syn_received(s);
  Peer& peer = *co_await beginning;
  for (int i = 0; i < 2; i++) {
    co_await peer.expect(syn_ack().seq(peer.irs()), within(8s));
  }
}

CASE(syn_again, "open/syn-sent/syn-again", "a SYN that nobody answers comes again after a second, the initial RTO",
     Covers{{"RFC6298-2.1", "RFC9293-MUST-22"}}, Needs{{Capability::active}}, Lasts{3s}) {
  auto [peer, app, call] = co_await s.opening();
  const auto again = syn().seq(peer.irs()).any_ack();
  co_await peer.expect(again, s.timer(1s));
}

CASE(sent_reset, "open/syn-sent/reset",
     "a reset that acknowledges the SYN refuses the opening; one without ACK is dropped",
     Covers{{"RFC9293-3.10.7.3-SS-RST"}}, Needs{{Capability::active}}) {
  auto opening = co_await s.opening();
  opening.peer.send(wire::Spec(wire::kRst));
  co_await opening.peer.quiet(kShortSilence);
  // As a port has it that nobody listens on.
  opening.peer.send(wire::Spec(wire::kRst | wire::kAck).seq(wire::SeqNum(0)).ack(opening.peer.rcv_nxt()));
  co_await expect_refused(s, opening, "RFC9293-3.10.7.3-SS-RST");
}

CASE(sent_reset_number, "open/syn-sent/reset-with-any-number",
     "the SEQ of a reset that acknowledges the SYN decides nothing, before there is a RCV.NXT: the opening ends, or it "
     "is "
     "dropped",
     Covers{{"RFC9293-3.10.7.3-SS-RST-5961"}}, Needs{{Capability::active}}) {
  auto opening = co_await s.opening();
  opening.peer.send(wire::Spec(wire::kRst | wire::kAck).seq(wire::SeqNum(12345)).ack(opening.peer.rcv_nxt()));
  co_await opening.peer.quiet(kShortSilence);
  auto call = opening.call.before(s.loop(), s.now().latest + kAtOnce);
  const auto done = co_await call;
  const bool dropped = !done && done.error() == ETIME;
  const bool refused = !done && (done.error() == ECONNREFUSED || done.error() == ECONNRESET);
  if (!dropped && !refused) {
    s.fail("connect() ended otherwise", "ECONNREFUSED, or nothing yet", done ? "0" : done.error().name());
  }
}

CASE(sent_bad_ack, "open/syn-sent/unacceptable-ack",
     "a SYN,ACK of what was never sent draws a reset; the opening goes on",
     Covers{{"RFC9293-3.10.7.3-SS-BADACK", "RFC9293-3.5.2-G2"}}, Needs{{Capability::active}}) {
  auto opening = co_await s.opening();
  const auto wrong = opening.peer.rcv_nxt() + 1;
  opening.peer.send(syn_ack().ack(wrong));
  co_await opening.peer.expect(wire::Spec(wire::kRst).seq(wrong), within(kAtOnce));
  co_await expect_still_opening(opening, "RFC9293-3.10.7.3-SS-BADACK");
}

CASE(sent_closed, "open/syn-sent/close", "close() in SYN-SENT sends nothing, and nothing is left",
     Covers{{"RFC9293-3.10.4-CLOSE-SS"}}, Needs{{Capability::active}}, Lasts{3s}) {
  auto [peer, app, call] = co_await s.opening();
  app.close();
  co_await peer.quiet(2s);
  peer.send(syn_ack().seq(peer.iss()));
  co_await peer.expect(wire::Spec(wire::kRst).seq(peer.rcv_nxt()), within(kAtOnce));
}

CASE(sent_aborted, "open/syn-sent/abort", "ABORT in SYN-SENT sends nothing, and nothing is left",
     Covers{{"RFC9293-3.10.5-ABORT-EARLY"}}, Needs{{Capability::active, Capability::abort}}, Lasts{3s}) {
  auto [peer, app, call] = co_await s.opening();
  app.abort();
  co_await peer.quiet(2s);
}

CASE(simultaneous, "open/simultaneous/both-syns-cross", "when both SYNs cross, both sides acknowledge and are open",
     Covers{{"RFC9293-MUST-10"}}, Needs{{Capability::active}}) {
  auto [peer, app, call] = co_await s.opening();
  peer.send(syn());
  co_await peer.expect(syn_ack().seq(peer.rcv_nxt() - 1), within(kAtOnce));
  peer.send(ack());
  peer.send(data("hello"));
  co_await peer.expect(ack(), within(kDelayedAck));
  co_await app.expect_data("hello");
}

CASE(close_in_simultaneous_open, "open/simultaneous/close", "close() in SYN-RECEIVED sends a FIN",
     Covers{{"RFC9293-3.10.4-CLOSE-SR"}}, Needs{{Capability::active}}) {
  auto [peer, app, call] = co_await s.opening();
  peer.send(syn());
  co_await peer.expect(syn_ack().seq(peer.rcv_nxt() - 1), within(kAtOnce));
  app.close();
  co_await peer.expect(fin(), within(kAtOnce), "RFC9293-3.10.4-CLOSE-SR");
  peer.send(ack());
  peer.send(fin());
  co_await peer.expect(ack(), within(kDelayedAck), "RFC9293-3.10.4-CLOSE-SR");
}

CASE(reset_in_simultaneous_open, "open/simultaneous/reset",
     "a reset in SYN-RECEIVED of an active open refuses the connection",
     Covers{{"RFC9293-3.10.7.4-RST-EXACT-SR-ACTIVE"}}, Needs{{Capability::active}}) {
  auto opening = co_await s.opening();
  opening.peer.send(syn());
  co_await opening.peer.expect(syn_ack().seq(opening.peer.rcv_nxt() - 1), within(kAtOnce));
  opening.peer.send(rst());
  auto call = opening.call.before(s.loop(), s.now().latest + kAtOnce);
  const auto socket = co_await call;
  const bool refused = !socket && (socket.error() == ECONNREFUSED || socket.error() == ECONNRESET);
  if (!refused) {
    s.fail("the application was not told that the connection was refused", "connect: ECONNREFUSED",
           socket ? "connect: 0" : "connect: " + socket.error().name(), "RFC9293-3.10.7.4-RST-EXACT-SR-ACTIVE");
  }
}

CASE(listener_closed, "open/listener-closed",
     "closing a listener ends what nobody has accepted, and what comes to it later is reset",
     Covers{{"RFC9293-3.10.4-CLOSE-LISTEN"}}, OwnSandbox{{{"net.ipv4.tcp_fin_timeout", "60"}}}) {
  Peer& late = s.new_peer();
  Peer& peer = s.new_peer();
  peer.send(syn());
  co_await peer.expect(syn_ack(), within(kAtOnce));
  peer.send(ack());
  co_await s.pause(kShortSilence);
  s.close_listener();
  co_await peer.expect(rst().any_ack(), within(kAtOnce), "RFC9293-3.10.4-CLOSE-LISTEN");
  late.send(syn());
  const auto answer = wire::Spec(wire::kRst | wire::kAck).seq(wire::SeqNum(0)).ack(late.iss() + 1);
  co_await late.expect(answer, within(kAtOnce), "RFC9293-3.10.4-CLOSE-LISTEN");
}

CASE(many_recipients, "open/multicast", "a SYN to a multicast address is dropped without an answer",
     Covers{{"RFC9293-MUST-57"}}) {
  Peer& peer = s.new_peer_of(wire::all_nodes(s.family()));
  peer.send(syn());
  co_await peer.quiet(1s);
}

}  // namespace finwait
