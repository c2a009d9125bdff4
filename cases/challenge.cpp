// Segments that a blind attacker would send, and what a doubtful segment may draw: a challenge ACK, never a reset (RFC
// 5961; RFC 9293 3.5.2, 3.10.7.4).
#include <array>

#include "cases/steps.hpp"

namespace finwait {

FINWAIT_CHAPTER(challenge)

namespace {

using Reach = Task<> (*)(Peer&, App&);

Task<> stay(Peer&, App&) { co_return; }
Task<> in_close_wait(Peer& peer, App&) { co_await close_wait(peer); }
Task<> in_fin_wait_2(Peer& peer, App& app) {
  co_await half_closed(peer, app);
  peer.send(ack());
}

/// A SYN in this state draws a challenge ACK and is dropped.
Task<> syn_in(Scenario& s, Reach reach) {
  auto [peer, app] = co_await s.established();
  co_await reach(peer, app);
  const auto next = peer.snd_nxt();
  peer.send(syn().seq(next + 10));
  co_await peer.expect(ack().ack(next), within(kAtOnce));
  co_await s.pause(1200ms);  // stacks may throttle such answers (RFC 5961 7)
  peer.take_all();           // a FIN that is not acknowledged comes again
  peer.send(old_ack(peer).seq(next - 1));
  co_await peer.expect(ack().maybe(wire::kFin).any_seq().ack(next), within(kAtOnce));
  peer.send(ack());  // of the FIN, if there is one
}

/// Segments whose numbers lie around both windows: each may draw an ACK or nothing, and never a reset.
Task<> doubtful_in(Scenario& s, Reach reach) {
  auto [peer, app] = co_await s.established();
  co_await reach(peer, app);
  // The target's RCV.NXT, SND.NXT and RCV.WND.
  const auto rcv_nxt = peer.snd_nxt();
  const auto snd_nxt = peer.rcv_nxt();
  const std::uint32_t rcv_wnd = peer.snd_wnd();
  const std::array seqs{rcv_nxt - 100000, rcv_nxt - 1, rcv_nxt + rcv_wnd, rcv_nxt + rcv_wnd + 1,
                        rcv_nxt + rcv_wnd + 100000};
  const std::array acks{snd_nxt - 100000, snd_nxt - 1, snd_nxt, snd_nxt + 1, snd_nxt + 100000};
  for (const auto seq : seqs) {
    for (const auto number : acks) {
      peer.send(ack().seq(seq).ack(number));
      co_await s.pause(600ms);  // over every throttle
      for (const auto& one : peer.take_all()) {
        if (!one.segment.flags.has(wire::kRst)) continue;
        s.fail("a doubtful segment drew a reset", "an ACK, or nothing", "a reset", "RFC9293-3.5.2-CLEAR");
      }
    }
  }
  peer.send(old_ack(peer).seq(rcv_nxt - 1));
  co_await peer.expect(ack(), within(kAtOnce), "RFC9293-3.5.2-CLEAR");
}

}  // namespace

CASE(syn_established, "challenge/syn/established",
     "a SYN in the window draws a challenge ACK, and the connection lives on",
     Covers{{"RFC5961-4.2-SYN", "RFC9293-3.10.7.4-SYN-SYNC"}}, Declared{{Choice::rfc5961}}, Lasts{3s}) {
  co_await syn_in(s, stay);
}

CASE(syn_close_wait, "challenge/syn/close-wait", "a SYN in CLOSE-WAIT draws a challenge ACK and changes nothing",
     Covers{{"RFC5961-4.2-SYN", "RFC9293-3.10.7.4-SYN-SYNC"}}, Declared{{Choice::rfc5961}}, Lasts{3s}) {
  co_await syn_in(s, in_close_wait);
}

CASE(syn_fin_wait_1, "challenge/syn/fin-wait-1", "a SYN in FIN-WAIT-1 draws a challenge ACK and changes nothing",
     Covers{{"RFC5961-4.2-SYN", "RFC9293-3.10.7.4-SYN-SYNC"}}, Declared{{Choice::rfc5961}},
     Needs{{Capability::half_close}}, Lasts{3s}) {
  co_await syn_in(s, half_closed);
}

CASE(syn_fin_wait_2, "challenge/syn/fin-wait-2", "a SYN in FIN-WAIT-2 draws a challenge ACK and changes nothing",
     Covers{{"RFC5961-4.2-SYN", "RFC9293-3.10.7.4-SYN-SYNC"}}, Declared{{Choice::rfc5961}},
     Needs{{Capability::half_close}}, Lasts{3s}) {
  co_await syn_in(s, in_fin_wait_2);
}

CASE(syn_closing, "challenge/syn/closing", "a SYN in CLOSING draws a challenge ACK and changes nothing",
     Covers{{"RFC5961-4.2-SYN", "RFC9293-3.10.7.4-SYN-SYNC"}}, Declared{{Choice::rfc5961}}, Lasts{3s}) {
  co_await syn_in(s, closing);
}

CASE(syn_last_ack, "challenge/syn/last-ack", "a SYN in LAST-ACK draws a challenge ACK and changes nothing",
     Covers{{"RFC5961-4.2-SYN", "RFC9293-3.10.7.4-SYN-SYNC"}}, Declared{{Choice::rfc5961}}, Lasts{3s}) {
  co_await syn_in(s, last_ack);
}

CASE(
    restarted_peer, "challenge/peer-restarted",
    "a peer that has lost the connection opens again: its SYN is challenged, its reset believed, its next SYN accepted",
    Covers{{"RFC5961-4.2-RESTART", "RFC5961-3.2-SECONDRST"}}, Declared{{Choice::rfc5961}}) {
  auto [peer, app] = co_await s.established();
  const auto next = peer.snd_nxt();
  const wire::SeqNum fresh = next + 40000;
  peer.send(syn().seq(fresh));
  const auto challenge = co_await peer.expect(ack().ack(next), within(kAtOnce));
  peer.send(wire::Spec(wire::kRst).seq(challenge.segment.ack));
  co_await peer.quiet(kShortSilence);
  peer.send(syn().seq(fresh));
  co_await peer.expect(syn_ack().any_seq().ack(fresh + 1), within(kAtOnce));
}

CASE(corner, "challenge/peer-restarted-below-the-window",
     "a SYN one below the window is challenged each time it comes, and resets nothing: the peer's opening has to wait",
     Covers{{"RFC5961-4.2-CORNER", "RFC5961-4.2-SYN"}}, Declared{{Choice::rfc5961}}, Lasts{4s}) {
  auto [peer, app] = co_await s.established();
  const auto next = peer.snd_nxt();
  for (int i = 0; i < 3; i++) {
    peer.send(syn().seq(next - 1));
    co_await peer.expect(ack().ack(next), within(kAtOnce));
    co_await s.pause(1s);
  }
  peer.send(data("hello").seq(next));
  co_await peer.expect(ack().ack(next + 5), within(kDelayedAck), "RFC5961-4.2-CORNER");
}

CASE(doubtful_established, "challenge/doubtful/established",
     "no segment from outside the window draws a reset, whatever it acknowledges",
     Covers{{"RFC9293-3.5.2-CLEAR", "RFC9293-3.5.2-G3"}}, Lasts{18s}) {
  co_await doubtful_in(s, stay);
}

CASE(doubtful_close_wait, "challenge/doubtful/close-wait", "the same in CLOSE-WAIT",
     Covers{{"RFC9293-3.5.2-CLEAR", "RFC9293-3.5.2-G3"}}, Lasts{18s}) {
  co_await doubtful_in(s, in_close_wait);
}

CASE(doubtful_fin_wait_2, "challenge/doubtful/fin-wait-2", "the same in FIN-WAIT-2",
     Covers{{"RFC9293-3.5.2-CLEAR", "RFC9293-3.5.2-G3"}}, Needs{{Capability::half_close}}, Lasts{18s}) {
  co_await doubtful_in(s, in_fin_wait_2);
}

CASE(throttle, "challenge/throttle", "a burst of resets that are not exact draws challenge ACKs, but not one for each",
     Covers{{"RFC5961-7-THROTTLE"}}, Declared{{Choice::rfc5961}}, Lasts{2s}) {
  constexpr std::size_t kBurst = 500;
  auto [peer, app] = co_await s.established();
  for (std::size_t i = 0; i < kBurst; i++) peer.send(wire::Spec(wire::kRst).seq(peer.snd_nxt() + 1));
  co_await s.pause(kDelayedAck);
  const auto answers = peer.take_all();
  if (answers.empty()) s.fail("no challenge ACK at all", "1 ACK or more", "nothing", "RFC5961-3.2-INWIN");
  if (answers.size() >= kBurst) {
    s.fail("challenge ACKs are not throttled", "fewer ACKs than resets",
           std::to_string(answers.size()) + " ACKs of " + std::to_string(kBurst) + " resets");
  }
  for (const auto& one : answers) {
    if (one.segment.flags != wire::kAck) s.fail("an answer is no ACK", "ACKs", to_string(one.segment.flags));
  }
}

CASE(
    side_channel, "challenge/throttle-is-not-shared",
    "a burst on one connection does not use up another one's challenge ACKs: who sees them counted learns of the other",
    Covers{{"RFC5961-7-SIDECHANNEL", "RFC5961-3.2-INWIN"}}, Declared{{Choice::rfc5961}}, Lasts{2s}) {
  constexpr std::size_t kBurst = 300;
  auto [noisy, noisy_app] = co_await s.established();
  auto [peer, app] = co_await s.established();
  for (std::size_t i = 0; i < kBurst; i++) noisy.send(wire::Spec(wire::kRst).seq(noisy.snd_nxt() + 1));
  peer.send(wire::Spec(wire::kRst).seq(peer.snd_nxt() + 1));
  co_await peer.expect(ack(), within(kAtOnce));
  co_await s.pause(kDelayedAck);
  noisy.take_all();
}

CASE(tunable, "challenge/throttle-can-be-set",
     "the throttle of challenge ACKs is a setting: without it each reset that is not exact draws one",
     Covers{{"RFC5961-7-TUNABLE"}}, Declared{{Choice::rfc5961}}, Lasts{2s},
     OwnSandbox{{{"net.ipv4.tcp_invalid_ratelimit", "0"}}}) {
  auto [peer, app] = co_await s.established();
  for (int i = 0; i < 5; i++) {
    peer.send(wire::Spec(wire::kRst).seq(peer.snd_nxt() + 1));
    co_await peer.expect(ack(), within(kAtOnce));
    co_await s.pause(20ms);
  }
}

CASE(too_old_ack, "challenge/too-old-ack",
     "text with an ACK that is older than the largest window is answered with an ACK and dropped, or taken by a target "
     "without RFC 5961 5",
     Covers{{"RFC9293-MAY-12", "RFC5961-5.2-HARD"}}) {
  auto [peer, app] = co_await s.established();
  const auto next = peer.snd_nxt();
  peer.send(data("hello").ack(peer.acked() - 65535 - 1000));
  const auto answer = co_await peer.expect(ack().any_ack(), within(kDelayedAck));
  const auto taken = answer.segment.ack - next;
  if (taken != 0 && taken != 5) {
    s.fail("the ACK is of something else", "ACK = RCV.NXT, or after the text",
           "ACK = RCV.NXT + " + std::to_string(taken));
  }
  if (taken == 5) co_await app.expect_data("hello", "RFC9293-MAY-12");
}

CASE(reset_with_text, "reset/established/with-text", "a reset that carries text is believed like one without",
     Covers{{"RFC9293-SHLD-2", "RFC9293-3.10.7.4-RST-EXACT-EST"}}) {
  auto [peer, app] = co_await s.established();
  peer.send(wire::Spec(wire::kRst).seq(peer.snd_nxt()).payload(wire::to_bytes("gone")));
  co_await peer.quiet(kShortSilence, "RFC9293-SHLD-2");
  co_await app.expect_error(ECONNRESET, "RFC9293-SHLD-2");
  co_await expect_closed(peer, "RFC9293-SHLD-2");
}

CASE(reset_any_ack, "reset/established/ack-field-is-free",
     "whether a reset is valid depends on its SEQ alone: a wrong ACK does not matter",
     Covers{{"RFC9293-3.5.3-VALID"}}) {
  auto [peer, app] = co_await s.established();
  peer.send(wire::Spec(wire::kRst | wire::kAck).seq(peer.snd_nxt()).ack(wire::SeqNum(s.random())));
  co_await peer.quiet(kShortSilence);
  co_await app.expect_error(ECONNRESET);
  co_await expect_closed(peer);
}

CASE(reset_closed_window, "reset/established/closed-window",
     "an exact reset is believed while the target's window is closed", Covers{{"RFC9293-MUST-66"}}, Lasts{6s}) {
  auto [peer, app] = co_await s.established();
  co_await shut_window(s, peer);
  peer.send(wire::Spec(wire::kRst).seq(peer.snd_una()));
  co_await peer.quiet(kShortSilence);
  peer.send(ack().seq(peer.snd_una()));
  co_await peer.expect(wire::Spec(wire::kRst).seq(peer.rcv_nxt()), within(kAtOnce));
}

}  // namespace finwait
