// Windows that are closed, on both sides, and what text and FIN have to do with them (RFC 9293 3.8.6; RFC 6429).
#include "cases/steps.hpp"

namespace finwait {

FINWAIT_CHAPTER(window)

namespace {

/// A window of the peer's that it has closed. A probe may carry an octet of text: that is not taken.
struct Shut {
  Peer& peer;
  wire::SeqNum at;  ///< what the peer has taken

  void answer() const { peer.send(ack().ack(at)); }
};

/// The target has text to send and the peer's window is closed. By an ACK that is new: not every stack believes
/// another.
Task<Shut> close_window(Peer& peer, App& app) {
  app.send("before");
  co_await peer.expect(data("before"), within(kAtOnce));
  peer.set_rcv_wnd(0);
  peer.send(ack());
  app.send("hello");
  co_return Shut{peer, peer.rcv_nxt()};
}

/// The next window probe; it is answered with a window that stays closed. Returns how long it took to come.
Task<Duration> answered_probe(Scenario& s, const Shut& shut, Duration limit) {
  const Instant since = shut.peer.last_event();
  co_await shut.peer.arrival(limit);
  const auto probes = shut.peer.take_all();
  if (probes.empty()) s.fail("a closed window is not probed", "a window probe", "nothing", "RFC9293-MUST-36");
  const Duration took = between(since, probes.front().at).most;
  shut.answer();
  co_return took;
}

}  // namespace

CASE(probes_answered, "window/answered-probes-never-end-it", "window probes that are answered keep the connection open",
     Covers{{"RFC9293-MUST-37"}}, Lasts{45s}) {
  auto [peer, app] = co_await s.established();
  const Shut shut = co_await close_window(peer, app);
  for (const TimePoint end = s.loop().now() + 40s; s.loop().now() < end;) {
    co_await peer.arrival(end - s.loop().now());
    for (const auto& probe : peer.take_all()) {
      if (probe.segment.flags.has(wire::kRst)) {
        s.fail("the connection was ended although each window probe was answered", "window probes without an end",
               "a reset", "RFC9293-MUST-37");
      }
      shut.answer();
    }
  }
  peer.set_rcv_wnd(65535);
  shut.answer();
  co_await peer.arrival(kAtOnce);
  if (peer.take_all().empty()) {
    s.fail("after answered window probes the text did not come", "hello, once the window is open", "nothing",
           "RFC9293-MUST-37");
  }
  peer.send(ack().ack(peer.rcv_nxt()));
}

CASE(first_probe, "window/first-probe", "a closed window is probed once a retransmission timeout has passed",
     Covers{{"RFC9293-SHLD-29", "RFC9293-MUST-36"}}, Lasts{16s}) {
  auto [peer, app] = co_await s.established();
  const Shut shut = co_await close_window(peer, app);
  const Duration first = co_await answered_probe(s, shut, 15s);
  const Duration most = s.timer(s.profile().rto_initial).latest + s.profile().reaction;
  if (first > most) {
    s.fail("the first window probe came late", "within the RTO, " + std::to_string(seconds(most)) + " s at most",
           "after " + std::to_string(seconds(first)) + " s", "RFC9293-SHLD-29");
  }
}

CASE(probes_back_off, "window/probes-back-off", "the interval between window probes grows exponentially",
     Covers{{"RFC9293-SHLD-30"}}, Lasts{30s}) {
  auto [peer, app] = co_await s.established();
  const Shut shut = co_await close_window(peer, app);
  Duration last = co_await answered_probe(s, shut, 15s);
  for (int i = 0; i < 3; i++) {
    const Duration next = co_await answered_probe(s, shut, 3 * last + 1s);
    const double factor = seconds(next) / seconds(last);
    if (factor < 1.5 || factor > 2.5) {
      s.fail("the interval between window probes does not double", "1.5 to 2.5 times the one before",
             std::to_string(factor) + " times");
    }
    last = next;
  }
}

CASE(probes_while_closing, "window/probed-while-closing",
     "a closed window is probed also when the application has closed: its text and FIN wait behind it",
     Covers{{"RFC9293-MUST-36", "RFC9293-3.6-RELIABLE"}}, Lasts{32s}) {
  auto [peer, app] = co_await s.established();
  const Shut shut = co_await close_window(peer, app);
  app.close();
  for (int i = 0; i < 2; i++) co_await answered_probe(s, shut, 15s);
  peer.set_rcv_wnd(65535);
  shut.answer();
  bool ended = false;
  for (int i = 0; i < 3 && !ended; i++) {  // a congestion window may have room for one segment at a time
    co_await s.pause(kDelayedAck);
    for (const auto& one : peer.take_all()) ended = ended || one.segment.flags.has(wire::kFin);
    peer.send(ack());
  }
  if (!ended) {
    s.fail("the FIN did not follow when the window opened", "hello, and a FIN", "no FIN", "RFC9293-3.6-RELIABLE");
  }
}

CASE(never_opened, "window/closed-for-a-quarter-of-an-hour",
     "a window that stays closed for 15 minutes while its probes are answered ends nothing; the application can",
     Covers{{"RFC6429-4", "RFC9293-MUST-37"}}, Needs{{Capability::abort}}, Lasts{1500s}) {
  auto [peer, app] = co_await s.established();
  const Shut shut = co_await close_window(peer, app);
  for (const TimePoint end = s.loop().now() + 900s; s.loop().now() < end;) {
    co_await peer.arrival(600s);
    const auto probes = peer.take_all();
    if (probes.empty()) s.fail("a closed window is no longer probed", "a window probe", "nothing", "RFC9293-MUST-36");
    for (const auto& probe : probes) {
      if (!probe.segment.flags.has(wire::kRst)) continue;
      s.fail("the connection was ended although each probe was answered", "window probes", "a reset", "RFC6429-4");
    }
    shut.answer();
  }
  app.abort();
  co_await peer.expect(rst().any_seq().any_ack(), within(kAtOnce), "RFC9293-3.10.5-ABORT-SYNC");
}

CASE(target_shut, "window/probes-of-the-peer",
     "while the target's application does not read, each probe of its closed window is answered with an ACK",
     Covers{{"RFC9293-3.8.6.1-ZWREPLY", "RFC9293-MAY-8"}}, Lasts{10s}) {
  auto [peer, app] = co_await s.established();
  co_await shut_window(s, peer);
  const auto next = peer.snd_una();
  for (int i = 0; i < 4; i++) {
    peer.send(data("x").seq(next));
    co_await peer.expect(ack().ack(next), within(kDelayedAck));
    co_await s.pause(1s);
  }
}

CASE(ack_at_closed_window, "window/ack-at-a-closed-window",
     "while the target's window is closed the ACK of a segment that it has no room for still counts",
     Covers{{"RFC9293-3.10.7.4-ZWIN-ALLOW"}}, Lasts{6s}) {
  auto [peer, app] = co_await s.established();
  co_await shut_window(s, peer);
  app.send("hello");
  co_await peer.expect(data("hello"), within(kAtOnce));
  peer.send(data("x"));
  co_await s.pause(3s);  // its retransmissions would come meanwhile
  for (const auto& one : peer.take_all()) {
    if (one.segment.payload.empty()) continue;
    s.fail("text that was acknowledged came again", "nothing but ACKs", "text", "RFC9293-3.10.7.4-ZWIN-ALLOW");
  }
}

CASE(over_the_edge, "window/over-the-right-edge",
     "of text that begins inside the window and ends beyond it the part inside is taken, and no more",
     Covers{{"RFC9293-3.10.7.4-TRIM"}}, Lasts{3s}) {
  auto [peer, app] = co_await s.established();
  co_await shut_window(s, peer, 4);
  const auto next = peer.snd_una();
  peer.send(wire::data("12345678").seq(next));
  co_await peer.expect(ack().ack(next + 4), within(kDelayedAck));
}

}  // namespace finwait
