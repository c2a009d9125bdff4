// Text, as far as ending depends on it: that all of it goes before the FIN, that none is kept back, that gaps are
// filled (RFC 9293 3.8.6.3, 3.9.1.4, 3.10.7.4; RFC 2525).
#include "cases/steps.hpp"

namespace finwait {

FINWAIT_CHAPTER(text)

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

CASE(fin_is_prompt, "send/fin-is-prompt",
     "close() sends the FIN at once, though text before it is not acknowledged yet", Covers{{"RFC2525-2.15"}}) {
  auto [peer, app] = co_await s.established();
  app.send("1");
  co_await peer.expect(data("1"), within(kAtOnce));
  app.close();
  co_await peer.expect(fin(), within(kAtOnce));
  peer.send(ack());
}

CASE(close_is_push, "send/close-is-push",
     "text that waits for an ACK (Nagle) does not wait longer when the application closes: it goes with the FIN, when "
     "the "
     "ACK comes at the latest",
     Covers{{"RFC9293-3.9.1.4-NAGLE-CLOSE", "RFC9293-MUST-60"}}, Lasts{2s}) {
  auto [peer, app] = co_await s.established();
  app.send("1");
  co_await peer.expect(data("1"), within(kAtOnce));
  const auto first = peer.rcv_nxt();
  app.send("2");
  app.close();
  co_await s.pause(100ms);
  auto got = peer.take_all();
  if (got.empty()) {
    peer.send(ack());
    co_await s.pause(kAtOnce);
    got = peer.take_all();
  }
  const bool all = !got.empty() && got.back().segment.flags.has(wire::kFin) && peer.rcv_nxt() == first + 2;
  if (!all) s.fail("text is kept back after close()", "the last octet and the FIN", "not both of them");
  peer.send(ack());
}

CASE(text_above_gap, "receive/text-above-gap", "text above a gap is kept and counts once the gap is filled",
     Covers{{"RFC9293-SHLD-31"}}) {
  auto [peer, app] = co_await s.established();
  peer.send(data("b").seq(peer.snd_nxt() + 1));
  co_await s.pause(kDelayedAck);  // whether it is acknowledged at once is left open (MAY-13)
  peer.take_all();
  const auto first = peer.snd_nxt();
  peer.send(data("a"));
  co_await peer.expect(ack().ack(first + 2), within(kDelayedAck), "RFC9293-SHLD-31");
  co_await app.expect_data("ab", "RFC9293-SHLD-31");
}

CASE(ack_at_once, "receive/above-gap-acknowledged-at-once",
     "text above a gap may be answered at once, with an ACK of what is missing; it is never lost for it",
     Covers{{"RFC9293-MAY-13"}}) {
  auto [peer, app] = co_await s.established();
  const auto first = peer.snd_nxt();
  peer.send(data("b").seq(first + 1));
  co_await s.pause(kDelayedAck);
  for (const auto& one : peer.take_all()) {
    if (one.segment.flags == wire::kAck && one.segment.ack == first) continue;
    s.fail("text above a gap drew something else", "an ACK of what is missing, or nothing",
           to_string(one.segment.flags));
  }
  peer.send(data("a").seq(first));
  co_await s.pause(kDelayedAck);
  peer.take_all();
  if (peer.snd_una() == first) s.fail("what filled the gap was not acknowledged", "an ACK", "nothing");
}

CASE(ack_in_time, "receive/ack-in-time", "a delayed ACK is delayed by less than half a second, whenever the text comes",
     Covers{{"RFC9293-MUST-40", "RFC9293-SHLD-18"}}, Lasts{4s}) {
  auto [peer, app] = co_await s.established();
  for (const char* text : {"a", "b", "c", "d"}) {
    peer.send(data(text));
    co_await peer.expect(ack(), within(kDelayedAck));
    co_await s.pause(600ms);
  }
  co_await app.expect_data("abcd");
}

CASE(fin_above_gap, "receive/fin-above-gap", "a FIN above a gap is kept and counts once the gap is filled",
     Covers{{"RFC9293-SHLD-31"}}) {
  auto [peer, app] = co_await s.established();
  peer.send(fin().seq(peer.snd_nxt() + 1));
  co_await s.pause(kDelayedAck);  // whether it is acknowledged at once is left open (MAY-13)
  peer.take_all();
  const auto first = peer.snd_nxt();
  peer.send(data("a"));
  co_await peer.expect(ack().ack(first + 2), within(kDelayedAck), "RFC9293-SHLD-31");
  co_await app.expect_data("a", "RFC9293-SHLD-31");
  co_await app.expect_eof("RFC9293-SHLD-31");
}

}  // namespace finwait
