// FINs that do not come as in a textbook: at the edge of the window, beyond it, with an ACK of nothing, a second time
// with a new number, with odd header bits and options (RFC 9293 3.10.7.4; RFC 3360; RFC 5482).
#include "cases/steps.hpp"
#include "harness/explore/perform.hpp"

namespace finwait {

FINWAIT_CHAPTER(fin)

namespace {

/// How long an in-window segment without ACK, or another that is dropped, is given to draw an answer.
constexpr Duration kNoAnswer = kShortSilence;

/// The target has taken no FIN: it is where it was, and one that is right is taken.
Task<> expect_open(Peer& peer, App& app, std::string_view requirement) {
  peer.send(fin());
  co_await peer.expect(ack(), within(kDelayedAck), requirement);
  co_await app.expect_eof("RFC9293-3.10.7.4-FIN-NOTIFY");
}

/// Five octets of the target's window are left.
Task<Connection> narrow(Scenario& s) {
  auto [peer, app] = co_await s.established();
  for (int tries = 0; tries < 3 && peer.snd_wnd() != 5; tries++) {
    co_await explore::fill_window(peer, 5);
    if (peer.snd_wnd() != 5) co_await explore::settle(peer, 2 * kDelayedAck);
  }
  if (peer.snd_wnd() != 5) s.inconclusive("the target's window could not be brought to five octets");
  co_return Connection{peer, app};
}

/// A FIN is taken as one that has nothing unusual about it.
Task<> expect_taken(Scenario& s, const wire::Spec& odd, std::string_view requirement) {
  auto [peer, app] = co_await s.established();
  peer.send(odd);
  co_await peer.expect(ack(), within(kDelayedAck), requirement);
  co_await app.expect_eof(requirement);
}

/// The application reads what there is; what comes of it is taken.
Task<> read_all(Scenario& s, Peer& peer, App& app) {
  for (;;) {
    const auto got = co_await app.recv(1U << 20U, kAtOnce);
    if (!got || got->empty()) break;
  }
  co_await s.pause(kShortSilence);
  peer.take_all();  // the window opens
}

constexpr std::uint8_t kEveryReservedBit = 0x0f;

}  // namespace

CASE(future_ack, "fin/unacceptable-ack",
     "a FIN whose segment acknowledges what was never sent is not taken: an ACK says so",
     Covers{{"RFC9293-3.10.7.4-FIN-BADACK", "RFC9293-3.10.7.4-FUTUREACK", "RFC9293-3.5.2-G3"}}, Lasts{2s}) {
  auto [peer, app] = co_await s.established();
  const auto before = peer.snd_nxt();
  peer.send(fin().seq(before).ack(peer.rcv_nxt() + 5000));
  co_await peer.expect(ack().ack(before), within(kAtOnce));
  co_await s.pause(1s);  // stacks may throttle such answers (RFC 5961 7)
  peer.send(data("hello").seq(before).ack(peer.rcv_nxt() + 1));
  co_await peer.expect(ack().ack(before), within(kAtOnce), "RFC9293-3.10.7.4-FUTUREACK");
  peer.send(data("right").seq(before));
  co_await peer.expect(ack().ack(before + 5), within(kDelayedAck), "RFC9293-3.10.7.4-FUTUREACK");
  co_await app.expect_data("right", "RFC9293-3.10.7.4-FUTUREACK");
}

CASE(below_window, "fin/below-window", "a FIN from below the window is not taken: an ACK says so",
     Covers{{"RFC9293-3.10.7.4-FIN-OTW", "RFC9293-3.10.7.4-OTW-ACK"}}) {
  auto [peer, app] = co_await s.established();
  const auto before = peer.snd_nxt();
  peer.send(fin().seq(before - 100));
  co_await peer.expect(ack().ack(before), within(kAtOnce));
  co_await expect_open(peer, app, "RFC9293-3.10.7.4-FIN-OTW");
}

CASE(beyond_window, "fin/beyond-window", "a FIN from beyond the window is not taken: an ACK says so",
     Covers{{"RFC9293-3.10.7.4-FIN-OTW", "RFC9293-3.10.7.4-OTW-ACK"}}) {
  auto [peer, app] = co_await s.established();
  const auto before = peer.snd_nxt();
  peer.send(fin().seq(before + peer.snd_wnd() + 10));
  co_await peer.expect(ack().ack(before), within(kAtOnce));
  co_await expect_open(peer, app, "RFC9293-3.10.7.4-FIN-OTW");
}

CASE(last_octet, "fin/last-octet-of-window", "a FIN that is the last octet of the window is taken",
     Covers{{"RFC9293-3.10.7.4-FIN-EDGE"}}, Lasts{8s}) {
  auto [peer, app] = co_await narrow(s);
  const auto end = peer.snd_nxt() + 5;
  peer.send(fin().payload(wire::to_bytes("1234")));
  co_await peer.expect(ack().ack(end), within(kDelayedAck));
}

CASE(over_the_edge, "fin/over-the-edge-of-window",
     "a FIN just beyond the last octet of the window is cut off, or taken, for it needs no room; when it is sent again "
     "it "
     "is taken for sure",
     Covers{{"RFC9293-3.10.7.4-FIN-EDGE"}}, Lasts{10s}) {
  auto [peer, app] = co_await narrow(s);
  const auto begin = peer.snd_nxt();
  peer.send(fin().payload(wire::to_bytes("12345")));
  const auto answer = co_await peer.expect(ack().any_ack(), within(kDelayedAck));
  const auto taken = answer.segment.ack - begin;
  if (taken != 0 && taken != 5 && taken != 6) {
    s.fail("the ACK is neither of the window's end nor of the segment's", "ACK of 0, 5 or 6 octets",
           "ACK of " + std::to_string(taken), "RFC9293-3.10.7.4-FIN-EDGE");
  }
  co_await read_all(s, peer, app);
  if (taken < 6) {
    peer.send(fin().seq(begin).payload(wire::to_bytes("12345")));
    co_await peer.expect(ack().ack(begin + 6), within(kDelayedAck));
    co_await read_all(s, peer, app);
  }
  co_await app.expect_eof();
}

CASE(closed_window, "fin/closed-window",
     "a FIN at a closed window is answered with an ACK; when the application has read, it is taken",
     Covers{{"RFC9293-3.10.7.4-FIN-ZWIN", "RFC9293-3.8.6.1-ZWREPLY"}}, Lasts{6s}) {
  auto [peer, app] = co_await s.established();
  co_await shut_window(s, peer);
  const auto at = peer.snd_una();
  peer.send(fin().seq(at));
  const auto answer = co_await peer.expect(ack().any_ack(), within(kDelayedAck));
  const auto taken = answer.segment.ack - at;
  if (taken != 0 && taken != 1) {
    s.fail("the ACK is of something else", "ACK = RCV.NXT, or after the FIN",
           "ACK = RCV.NXT + " + std::to_string(taken));
  }
  co_await read_all(s, peer, app);
  peer.send(fin().seq(at));
  co_await peer.expect(ack().ack(at + 1), within(kDelayedAck), "RFC9293-3.10.7.4-FIN-ZWIN");
  co_await app.expect_eof("RFC9293-3.10.7.4-FIN-NOTIFY");
}

CASE(second, "fin/second",
     "a second FIN with a new number cannot come from a TCP: it is not acknowledged, and the connection lives on",
     Covers{{"RFC9293-3.10.7.4-FIN-PHANTOM"}}, Lasts{2s}) {
  auto [peer, app] = co_await s.established();
  co_await close_wait(peer);
  const auto end = peer.snd_nxt();
  peer.send(fin().seq(end));
  co_await s.pause(kDelayedAck);
  if (!peer.pending().empty()) co_await peer.expect(ack().ack(end), within(kDelayedAck + kAtOnce));
  app.send("still here", "RFC9293-3.10.2-SEND-CW");
  co_await peer.expect(data("still here").ack(end), within(kAtOnce), "RFC9293-3.10.7.4-FIN-PHANTOM");
  peer.send(ack().seq(end));
}

CASE(without_ack, "fin/without-ack-bit", "a FIN without the ACK bit is dropped without an answer",
     Covers{{"RFC9293-3.10.7.4-NOACK-DROP"}}) {
  auto [peer, app] = co_await s.established();
  peer.send(wire::Spec(wire::kFin).seq(peer.snd_nxt()));
  co_await peer.quiet(kNoAnswer);
}

CASE(to_a_listener, "fin/to-a-listener",
     "a FIN to a listener is never taken: without ACK it is dropped, with ACK it draws a reset",
     Covers{{"RFC9293-3.10.7.4-FIN-NONSYNC", "RFC9293-3.10.7.2-LISTEN-FIN", "RFC9293-3.10.7.2-LISTEN-ACK"}}) {
  Peer& bare = s.new_peer();
  bare.send(wire::Spec(wire::kFin));
  co_await bare.quiet(kNoAnswer, "RFC9293-3.10.7.2-LISTEN-FIN");
  Peer& peer = s.new_peer();
  const wire::SeqNum acked(s.random());
  peer.send(fin().ack(acked));
  co_await peer.expect(wire::Spec(wire::kRst).seq(acked), within(kAtOnce), "RFC9293-3.10.7.2-LISTEN-ACK");
}

CASE(while_opening, "fin/while-opening", "a FIN to a connection in SYN-SENT is dropped; the opening goes on",
     Covers{{"RFC9293-3.10.7.4-FIN-NONSYNC", "RFC9293-3.10.7.3-SS-FIN"}}, Needs{{Capability::active}}) {
  auto opening = co_await s.opening();
  opening.peer.send(wire::Spec(wire::kFin));
  opening.peer.send(fin());
  co_await opening.peer.quiet(kNoAnswer, "RFC9293-3.10.7.3-SS-FIN");
  opening.peer.send(syn_ack().seq(opening.peer.iss()));
  co_await opening.peer.expect(ack().ack(opening.peer.iss() + 1), within(kAtOnce), "RFC9293-3.10.7.3-SS-FIN");
}

CASE(completes_the_handshake, "fin/with-the-last-ack-of-the-handshake",
     "a FIN in the segment that completes the handshake is taken: the connection is accepted, and at its end",
     Covers{{"RFC9293-3.10.7.4-FIN-SR"}}) {
  Peer& peer = s.new_peer();
  peer.send(syn());
  co_await peer.expect(syn_ack(), within(kAtOnce));
  peer.send(fin());
  App* app = co_await expect_accepted(s, peer, "RFC9293-3.10.7.4-FIN-SR");
  co_await peer.expect(ack(), within(kDelayedAck));
  co_await app->expect_eof();
}

CASE(last_of_a_burst, "fin/last-of-a-burst",
     "four segments in a row, the last one with FIN, draw no more ACKs than there are segments, and the last ACK is of "
     "the "
     "FIN",
     Covers{{"RFC9293-MUST-58"}}) {
  auto [peer, app] = co_await s.established();
  for (const char* text : {"one ", "two ", "three "}) peer.send(data(text));
  peer.send(fin().payload(wire::to_bytes("four")));
  co_await s.pause(kDelayedAck);
  const auto acks = peer.take_all();
  if (acks.empty() || acks.size() > 4 || acks.back().segment.ack != peer.snd_nxt()) {
    s.fail("the ACKs are not aggregated", "1 to 4 ACKs, the last one of the FIN",
           std::to_string(acks.size()) + (acks.empty() || acks.back().segment.ack == peer.snd_nxt()
                                              ? " segments"
                                              : " segments, the last one not of the FIN"));
  }
  co_await app.expect_data("one two three four");
  co_await app.expect_eof();
}

CASE(fills_a_gap, "fin/behind-a-gap-that-is-filled",
     "when a gap is filled all that waited behind it, a FIN too, is taken before one ACK is sent",
     Covers{{"RFC9293-MUST-59"}}) {
  auto [peer, app] = co_await s.established();
  const auto first = peer.snd_nxt();
  peer.send(data("b").seq(first + 1));
  peer.send(fin().seq(first + 2).payload(wire::to_bytes("c")));
  co_await s.pause(kDelayedAck);
  peer.take_all();  // each may draw an ACK of what is missing
  peer.send(data("a").seq(first));
  const auto answer = co_await peer.expect(ack().any_ack(), within(kDelayedAck));
  if (answer.segment.ack != first + 4) {
    co_await s.pause(kDelayedAck);
    const bool kept = !peer.take_all().empty();
    s.fail(kept ? "not all that waited was taken before an ACK was sent" : "what came behind the gap was not kept",
           "one ACK, of the FIN", kept ? "an ACK in between" : "an ACK of what filled the gap",
           kept ? "RFC9293-MUST-59" : "RFC9293-SHLD-31");
  }
  co_await app.expect_data("abc");
  co_await app.expect_eof();
}

CASE(reserved_bits, "fin/reserved-bits", "reserved header bits are no reason to refuse a FIN",
     Covers{{"RFC3360-2-RESERVED"}}) {
  wire::Patch patch;
  patch.reserved = kEveryReservedBit;
  auto odd = fin().patch(patch);
  co_await expect_taken(s, odd, "RFC3360-2-RESERVED");
}

CASE(ecn_bits, "fin/ecn-bits", "ECE and CWR that nobody has negotiated are no reason to refuse a FIN",
     Covers{{"RFC3360-2-RESERVED"}}) {
  auto odd = fin().with(wire::kEce | wire::kCwr);
  co_await expect_taken(s, odd, "RFC3360-2-RESERVED");
}

CASE(bad_option, "fin/option-length-zero",
     "a FIN with an option of length zero is taken, dropped or answered with a reset; the target survives it",
     Covers{{"RFC3360-2.5-OPTLEN"}}) {
  auto [peer, app] = co_await s.established();
  constexpr std::array<std::uint8_t, 4> kLengthZero{253, 0, 0, 0};
  const auto first = peer.snd_nxt();
  peer.send(fin().options(wire::OptionList::raw(kLengthZero)));
  co_await s.pause(kDelayedAck);
  const auto answers = peer.take_all();
  if (!answers.empty() && answers.back().segment.flags.has(wire::kRst)) {
    co_await expect_closed(peer);
    co_return;
  }
  peer.send(ack().seq(first - 1));
  const auto alive = co_await peer.expect(ack().any_ack(), within(kAtOnce));
  if (alive.segment.ack != first && alive.segment.ack != first + 1) {
    s.fail("something else was taken", "an ACK without the FIN, or with it", "another ACK");
  }
}

CASE(user_timeout_option, "fin/user-timeout-option",
     "a target without RFC 5482 ignores the User Timeout option; one with it takes the FIN as well",
     Covers{{"RFC5482-3-IGNORE"}}) {
  auto odd = fin().options(wire::OptionList().user_timeout(false, 120));
  co_await expect_taken(s, odd, "RFC5482-3-IGNORE");
}

CASE(user_timeout_zero, "fin/user-timeout-option-zero",
     "a User Timeout option of zero is reserved: it is ignored, in seconds and in minutes",
     Covers{{"RFC5482-3.4-ZERO"}}, Lasts{2s}) {
  auto [peer, app] = co_await s.established();
  app.send("hello");
  co_await peer.expect(data("hello"), within(kAtOnce));
  peer.send(ack().ack(peer.rcv_nxt() - 5).options(wire::OptionList().user_timeout(false, 0)));
  peer.send(ack().ack(peer.rcv_nxt() - 5).options(wire::OptionList().user_timeout(true, 0)));
  co_await s.pause(1s);
  for (const auto& one : peer.take_all()) {
    if (one.segment.flags.has(wire::kRst)) {
      s.fail("a timeout of zero has ended the connection", "no effect", "a reset");
    }
  }
  peer.send(ack());
  co_await expect_alive(peer);
}

}  // namespace finwait
