// Timestamps while a connection ends: which segments carry them, which are dropped for them (RFC 7323 3.2, 4.3, 5).
#include "cases/steps.hpp"

namespace finwait {

FINWAIT_CHAPTER(timestamps)

namespace {

/// The segment carries timestamps, as every one but a reset must.
void expect_stamped(Scenario& s, const Received& received, std::string_view what) {
  if (received.segment.options.timestamps()) return;
  s.fail(std::string(what) + " lacks the timestamps that were agreed on", "a segment with timestamps", "none",
         "RFC7323-3.2-EVERY");
}

/// Old enough that no stack takes it for reordered.
std::uint32_t long_ago(const Peer& peer) { return peer.ts_first() - 100000; }

}  // namespace

CASE(on_every_segment, "timestamps/on-every-segment",
     "once agreed on, timestamps are in every segment to the end: text, ACK, FIN, FIN again, the ACK of TIME-WAIT",
     Covers{{"RFC7323-3.2-EVERY"}}, Lasts{4s}) {
  auto [peer, app] = co_await with_timestamps(s);
  app.send("hello");
  expect_stamped(s, co_await peer.expect(data("hello"), within(kAtOnce)), "text");
  peer.send(ack());
  peer.send(data("hello"));
  expect_stamped(s, co_await peer.expect(ack(), within(kDelayedAck)), "an ACK");
  co_await app.expect_data("hello");
  app.close();
  expect_stamped(s, co_await peer.expect(fin(), within(kAtOnce)), "a FIN");
  const auto again = fin().seq(peer.rcv_nxt() - 1);
  expect_stamped(s, co_await peer.expect(again, within(s.profile().rto_initial + 500ms)), "a FIN sent again");
  peer.send(ack());
  peer.send(fin());
  expect_stamped(s, co_await peer.expect(ack(), within(kDelayedAck)), "the ACK of a FIN");
  peer.send(fin().seq(peer.snd_nxt() - 1));
  expect_stamped(s, co_await peer.expect(ack(), within(kAtOnce)), "an ACK of TIME-WAIT");
}

CASE(on_challenge, "timestamps/on-a-challenge-ack", "a challenge ACK carries timestamps",
     Covers{{"RFC7323-3.2-EVERY"}}) {
  auto [peer, app] = co_await with_timestamps(s);
  peer.send(syn().seq(peer.snd_nxt() + 10).options(stamp(peer, peer.ts_now())));
  expect_stamped(s, co_await peer.expect(ack(), within(kAtOnce)), "a challenge ACK");
}

CASE(on_probe, "timestamps/on-a-keepalive-probe", "a keepalive probe carries timestamps", Covers{{"RFC7323-3.2-EVERY"}},
     Needs{{Capability::keepalive}}, Lasts{3s}) {
  auto [peer, app] = co_await with_timestamps(s);
  app.keepalive({.idle = 1s, .interval = 1s, .count = 3});
  const auto probe = ack().any_seq().any_payload();
  expect_stamped(s, co_await peer.expect(probe, within(3s)), "a keepalive probe");
  peer.send(ack());
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

CASE(on_reset_to_orphan, "timestamps/on-a-reset-that-was-provoked",
     "a reset that a segment with timestamps has provoked carries them, too, and echoes that segment's value",
     Covers{{"RFC7323-5.2-RSTGEN", "RFC7323-3.2-RST", "RFC7323-3.2-TSECR0"}}) {
  auto [peer, app] = co_await with_timestamps(s);
  co_await fin_wait_2(peer, app);
  const auto now = peer.ts_now();
  peer.send(data("too late").options(stamp(peer, now)));
  co_await peer.arrival(kDelayedAck);
  const bool other = peer.pending().empty() || !peer.pending().front().segment.flags.has(wire::kRst);
  if (other) s.unsupported("text after close() draws no reset here (RFC 9293 MAY-1)");
  const auto reset = co_await peer.expect(rst().any_seq().any_ack(), within(kDelayedAck));
  const auto stamps = reset.segment.options.timestamps();
  if (!stamps) {
    s.fail("the reset lacks the timestamps", "a reset with the echo of what provoked it", "no timestamps",
           "RFC7323-5.2-RSTGEN");
  }
  if (stamps->echo != now && stamps->echo != 0) {
    s.fail("the reset echoes something else", "TSecr = SEG.TSval, or 0", "another value", "RFC7323-3.2-TSECR0");
  }
}

CASE(unasked_timestamp, "timestamps/never-agreed-on",
     "a timestamp that was not agreed on is no reason to drop a segment", Covers{{"RFC7323-3.2-UNNEG"}}) {
  auto [peer, app] = co_await s.established();
  peer.send(data("hello").options(wire::OptionList().timestamps(1, 0)));
  co_await peer.expect(ack(), within(kDelayedAck));
  co_await app.expect_data("hello", "RFC7323-3.2-UNNEG");
}

CASE(missing, "timestamps/missing",
     "text without the timestamps that were agreed on is dropped, or taken by a target that says so; in no case does "
     "it end "
     "the connection",
     Covers{{"RFC7323-3.2-MISSING", "RFC7323-3.2-NOABORT"}}) {
  auto [peer, app] = co_await with_timestamps(s);
  const auto next = peer.snd_nxt();
  peer.send(data("plain").options(wire::OptionList()));
  co_await s.pause(kDelayedAck);
  for (const auto& one : peer.take_all()) {
    if (one.segment.flags.has(wire::kRst))
      s.fail("it has ended the connection", "no reset", "a reset", "RFC7323-3.2-NOABORT");
  }
  peer.send(data("stamp").seq(next));
  co_await peer.expect(ack().ack(next + 5), within(kDelayedAck), "RFC7323-3.2-NOABORT");
}

CASE(old_text, "timestamps/old-text", "text with an old timestamp draws one ACK and is dropped",
     Covers{{"RFC7323-5.3-R1"}}) {
  auto [peer, app] = co_await with_timestamps(s);
  const auto next = peer.snd_nxt();
  peer.send(data("older").options(stamp(peer, long_ago(peer))));
  co_await peer.expect(ack().ack(next), within(kAtOnce));
  co_await s.pause(600ms);
  peer.send(data("newer").seq(next));
  co_await peer.expect(ack().ack(next + 5), within(kDelayedAck));
  co_await app.expect_data("newer");
}

CASE(
    old_before_window, "timestamps/old-and-out-of-window",
    "the timestamp is looked at before the number: text from outside the window with an old one draws one ACK, and its "
    "timestamp does not count",
    Covers{{"RFC7323-5.3-PREC"}}) {
  auto [peer, app] = co_await with_timestamps(s);
  const auto next = peer.snd_nxt();
  const auto far = next + peer.snd_wnd() + 1000;
  peer.send(data("older").seq(far).options(stamp(peer, long_ago(peer))));
  co_await peer.expect(ack().ack(next), within(kAtOnce));
  co_await peer.quiet(kShortSilence);
  peer.send(data("newer").seq(next));
  co_await peer.expect(ack().ack(next + 5), within(kDelayedAck));
}

CASE(old_reset, "timestamps/old-reset", "an exact reset is believed however old its timestamp is",
     Covers{{"RFC7323-5.2-RST"}}) {
  auto [peer, app] = co_await with_timestamps(s);
  peer.send(wire::Spec(wire::kRst).seq(peer.snd_nxt()).options(stamp(peer, long_ago(peer))));
  co_await peer.quiet(kShortSilence);
  co_await app.expect_error(ECONNRESET);
}

CASE(odd_echo_in_reset, "timestamps/odd-echo-in-a-reset",
     "a target may be strict about the echo in a reset: it believes the reset, or drops it without an answer",
     Covers{{"RFC7323-5.2-TSECRCHECK"}}) {
  auto [peer, app] = co_await with_timestamps(s);
  const auto next = peer.snd_nxt();
  const auto odd = wire::OptionList().timestamps(peer.ts_now(), peer.ts_seen() + 0x40000000U);
  peer.send(wire::Spec(wire::kRst).seq(next).options(odd));
  co_await peer.quiet(kShortSilence);
}

CASE(stamp_above_gap, "timestamps/of-text-above-a-gap",
     "the timestamp of text above a gap does not make older text old", Covers{{"RFC7323-5.3-R1"}}) {
  auto [peer, app] = co_await with_timestamps(s);
  const auto now = peer.ts_now();
  peer.send(data("b").seq(peer.snd_nxt() + 1).options(stamp(peer, now + 1000)));
  co_await s.pause(kDelayedAck);  // whether it is acknowledged at once is left open (RFC 9293 MAY-13)
  peer.take_all();
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

}  // namespace finwait
