// What the other chapters pass by: opening and its ends, text that does not come in order, closed windows, timestamps,
// time-outs that an application sets.
#include "cases/steps.hpp"
#include "harness/explore/perform.hpp"

namespace finwait {

FINWAIT_CHAPTER(seldom)

namespace {

/// The target has text to send and the peer's window is closed. By an ACK that is new: not every stack believes
/// another.
Task<> close_window(Peer& peer, App& app) {
  app.send("before");
  co_await peer.expect(data("before"), within(kAtOnce));
  peer.set_rcv_wnd(0);
  peer.send(ack());
  app.send("hello");
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

CASE(push, "send/push-on-last-segment", "the last segment of what send() was given carries PSH",
     Covers{{"RFC9293-MUST-61"}}) {
  auto [peer, app] = co_await s.established();
  app.send("hello");
  const auto text = co_await peer.expect(data("hello"), within(kAtOnce));
  peer.send(ack());
  if (!text.segment.flags.has(wire::kPsh)) {
    s.fail("nothing says that the text ends here", "P. with the last octet", ". without PSH", "RFC9293-MUST-61");
  }
}

CASE(text_above_gap, "receive/text-above-gap", "text above a gap is kept and counts once the gap is filled",
     Covers{{"RFC9293-SHLD-31"}}) {
  auto [peer, app] = co_await s.established();
  peer.send(data("b").seq(peer.snd_nxt() + 1));
  co_await peer.expect(ack(), within(kAtOnce), "RFC9293-SHLD-31");
  const auto first = peer.snd_nxt();
  peer.send(data("a"));
  co_await peer.expect(ack().ack(first + 2), within(kDelayedAck), "RFC9293-SHLD-31");
  co_await app.expect_data("ab", "RFC9293-SHLD-31");
}

CASE(fin_above_gap, "receive/fin-above-gap", "a FIN above a gap is kept and counts once the gap is filled",
     Covers{{"RFC9293-SHLD-31"}}) {
  auto [peer, app] = co_await s.established();
  peer.send(fin().seq(peer.snd_nxt() + 1));
  co_await peer.expect(ack(), within(kAtOnce), "RFC9293-SHLD-31");
  const auto first = peer.snd_nxt();
  peer.send(data("a"));
  co_await peer.expect(ack().ack(first + 2), within(kDelayedAck), "RFC9293-SHLD-31");
  co_await app.expect_data("a", "RFC9293-SHLD-31");
  co_await app.expect_eof("RFC9293-SHLD-31");
}

CASE(close_wait_stays, "half-close/by-peer/stays-open",
     "CLOSE-WAIT lasts until the application closes: no timer ends it", Covers{{"RFC9293-3.6-NOFIN-UNTIL-CLOSE"}},
     Lasts{65s}) {
  auto [peer, app] = co_await s.established();
  co_await close_wait(peer);
  co_await peer.quiet(62s, "RFC9293-3.6-NOFIN-UNTIL-CLOSE");
  app.send("still here", "RFC9293-3.6-NOFIN-UNTIL-CLOSE");
  co_await peer.expect(data("still here"), within(kAtOnce), "RFC9293-3.6-NOFIN-UNTIL-CLOSE");
  peer.send(ack());
}

CASE(user_timeout, "timeout/user-timeout",
     "what is not acknowledged for as long as TCP_USER_TIMEOUT ends the connection", Covers{{"LINUX-TCP_USER_TIMEOUT"}},
     Needs{{Capability::options}}, Lasts{9s}) {
  auto [peer, app] = co_await s.established();
  app.set(SocketOption::user_timeout_ms, 3000);
  app.send("hello");
  co_await s.pause(8s);  // the next retransmission after the 3 s finds that they are over
  peer.take_all();
  co_await app.expect_error(ETIMEDOUT, "LINUX-TCP_USER_TIMEOUT");
}

CASE(keepalive_off_again, "keepalive/switched-off-again", "an application can switch keepalive off again",
     Covers{{"RFC9293-MUST-24"}}, Needs{{Capability::keepalive}}, Lasts{6s}) {
  auto [peer, app] = co_await s.established();
  app.keepalive({.idle = 2s, .interval = 1s, .count = 3});
  co_await s.pause(500ms);
  app.set(SocketOption::keepalive, 0);
  co_await peer.quiet(5s, "RFC9293-MUST-24");
}

CASE(probes_answered, "window/answered-probes-never-end-it", "window probes that are answered keep the connection open",
     Covers{{"RFC9293-MUST-37"}}, Lasts{45s}) {
  auto [peer, app] = co_await s.established();
  co_await close_window(peer, app);
  for (const TimePoint end = s.loop().now() + 40s; s.loop().now() < end;) {
    co_await peer.arrival(end - s.loop().now());
    for (const auto& probe : peer.take_all()) {
      if (probe.segment.flags.has(wire::kRst)) {
        s.fail("the connection was ended although each window probe was answered", "window probes without an end",
               "a reset", "RFC9293-MUST-37");
      }
      peer.send(ack());
    }
  }
  peer.set_rcv_wnd(65535);
  peer.send(ack());
  co_await peer.arrival(kAtOnce);
  if (peer.take_all().empty()) {
    s.fail("after answered window probes the text did not come", "hello, once the window is open", "nothing",
           "RFC9293-MUST-37");
  }
  peer.send(ack().ack(peer.rcv_nxt()));
}

CASE(abort_stamped, "abort/with-timestamp", "the reset of an abort carries the timestamps that were agreed on",
     Covers{{"RFC7323-5.2-RSTABORT"}}, Needs{{Capability::abort}}) {
  auto [peer, app] = co_await with_timestamps(s);
  app.abort();
  const auto reset = co_await peer.expect(rst().maybe(wire::kAck), within(kAtOnce));
  if (!reset.segment.options.timestamps()) {
    s.fail("the reset of an abort lacks the timestamp", "R. with timestamps", "no timestamps", "RFC7323-5.2-RSTABORT");
  }
}

CASE(unasked_timestamp, "timestamps/never-agreed-on",
     "a timestamp that was not agreed on is no reason to drop a segment", Covers{{"RFC7323-3.2-UNNEG"}}) {
  auto [peer, app] = co_await s.established();
  peer.send(data("hello").options(wire::OptionList().timestamps(1, 0)));
  co_await peer.expect(ack(), within(kDelayedAck));
  co_await app.expect_data("hello", "RFC7323-3.2-UNNEG");
}

CASE(stamp_above_gap, "timestamps/of-text-above-a-gap",
     "the timestamp of text above a gap does not make older text old", Covers{{"RFC7323-5.3-R1"}}) {
  auto [peer, app] = co_await with_timestamps(s);
  const auto now = peer.ts_now();
  peer.send(data("b").seq(peer.snd_nxt() + 1).options(stamp(peer, now + 1000)));
  co_await peer.expect(ack(), within(kAtOnce));
  peer.send(data("a").options(stamp(peer, now)));
  co_await s.pause(kDelayedAck);
  peer.take_all();
  co_await app.expect_data("a", "RFC7323-5.3-R1");
}

CASE(stamp_of_reset, "timestamps/of-a-dropped-reset", "the timestamp of a reset that is dropped does not count",
     Covers{{"RFC7323-5.2-RSTNOUPD"}}) {
  auto [peer, app] = co_await with_timestamps(s);
  const auto now = peer.ts_now();
  peer.send(rst().seq(peer.snd_nxt() - 1).options(stamp(peer, now + 100000)));
  co_await peer.quiet(kShortSilence);
  peer.send(data("a").options(stamp(peer, now)));
  co_await s.pause(kDelayedAck);
  peer.take_all();
  co_await app.expect_data("a", "RFC7323-5.2-RSTNOUPD");
}

CASE(ack_at_closed_window, "window/ack-at-a-closed-window",
     "while the target's window is closed the ACK of a segment that it has no room for still counts",
     Covers{{"RFC9293-3.10.7.4-ZWIN-ALLOW"}}, Lasts{6s}) {
  auto [peer, app] = co_await s.established();
  co_await explore::fill_window(peer, 0);
  app.send("hello");
  co_await peer.expect(data("hello"), within(kAtOnce));
  peer.send(data("x"));
  co_await s.pause(3s);  // its retransmissions would come meanwhile
  for (const auto& one : peer.take_all()) {
    if (one.segment.payload.empty()) continue;
    s.fail("text that was acknowledged came again", "nothing but ACKs", "text", "RFC9293-3.10.7.4-ZWIN-ALLOW");
  }
}

CASE(icmp_of_nothing_in_flight, "icmp/quotes-nothing-in-flight",
     "an ICMP error that quotes a number which is not in flight does not end an opening", Covers{{"RFC5927-4.1-SEQ"}},
     Needs{{Capability::active}}) {
  auto opening = co_await s.opening();
  explore::send_icmp(opening.peer, wire::IcmpError::port_unreachable, 100000);
  co_await s.pause(kShortSilence);
  opening.peer.send(syn_ack());
  co_await opening.peer.arrival(kAtOnce);
  const auto answers = opening.peer.take_all();
  if (answers.empty() || answers.front().segment.flags.any(wire::kRst)) {
    s.fail("the opening was given up for an ICMP error about nothing in flight", "the ACK of the SYN,ACK",
           answers.empty() ? "nothing" : "a reset", "RFC5927-4.1-SEQ");
  }
  auto call = opening.call.before(s.loop(), s.now().latest + kAtOnce);
  const auto done = co_await call;
  if (!done) {
    s.fail("the opening was given up for an ICMP error about nothing in flight", "connect: 0",
           "connect: " + done.error().name(), "RFC5927-4.1-SEQ");
  }
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
  co_await peer.expect(ack(), within(kAtOnce), "RFC9293-3.10.4-CLOSE-SR");
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

}  // namespace finwait
