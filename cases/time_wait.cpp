// TIME-WAIT: how long it lasts, what restarts it, how it ends (RFC 9293 3.6.1 MUST-13, 3.10.7.4, 3.10.8).
//
// On several stacks a probe restarts the timer. So each connection is probed once, and one connection is spent for each
// instant.
#include "cases/steps.hpp"

namespace finwait {

FINWAIT_CHAPTER(time_wait)

namespace {

/// A connection in TIME-WAIT, and when it entered it (or was last restarted).
struct Waiting {
  Peer* peer;
  Instant since;
};

Task<Waiting> waiting(Scenario& s) {
  auto [peer, app] = co_await s.established();
  co_await time_wait(peer, app);
  co_return Waiting{&peer, peer.last_event()};
}

/// How long TIME-WAIT lasts.
model::TimerWindow two_msl(Scenario& s) { return s.documented(&model::Profile::two_msl); }

/// So long after `since` the target has to be in TIME-WAIT still.
Task<> expect_waiting(Scenario& s, const Waiting& w, Duration after, std::string_view requirement) {
  const auto timer = two_msl(s);
  co_await s.until(w.since, after);
  const Instant sent = w.peer->send(old_ack(*w.peer));
  if (finwait::between(w.since, sent).most >= timer.earliest) {
    s.inconclusive("the probe was sent too late to say whether TIME-WAIT was cut short");
  }
  co_await w.peer->expect(ack(), within(kAtOnce).because_of(timer), requirement);
}

/// So long after `since` it has to be gone.
Task<> expect_gone(Scenario& s, const Waiting& w, Duration after, std::string_view requirement) {
  co_await s.until(w.since, after);
  const auto soon = within(kAtOnce).because_of(two_msl(s));
  co_await expect_closed(*w.peer, requirement, soon);
}

}  // namespace

CASE(lasts_two_msl, "time-wait/two-msl",
     "TIME-WAIT lasts 2 MSL as the target declares it (Linux: 60 s), not less, and then ends",
     Covers{{"RFC9293-MUST-13", "RFC9293-3.10.8-TWTO", "RFC9293-3.5.2-G1"}}, Lasts{3s, 1}) {
  const auto timer = two_msl(s);
  const Waiting half = co_await waiting(s);
  const Waiting late = co_await waiting(s);
  const Waiting last = co_await waiting(s);
  const Waiting first_gone = co_await waiting(s);
  const Waiting gone = co_await waiting(s);
  co_await expect_waiting(s, half, timer.nominal / 2, "RFC9293-MUST-13");
  co_await expect_waiting(s, late, timer.nominal - 5s, "RFC9293-MUST-13");
  co_await expect_waiting(s, last, timer.nominal - 500ms, "RFC9293-MUST-13");
  co_await expect_gone(s, first_gone, timer.latest, "RFC9293-3.10.8-TWTO");
  co_await expect_gone(s, gone, timer.latest + 500ms, "RFC9293-3.10.8-TWTO");
}

CASE(after_closing, "time-wait/two-msl-after-closing", "a TIME-WAIT entered through CLOSING lasts as long",
     Covers{{"RFC9293-MUST-13-CLG"}}, Lasts{3s, 1}) {
  const auto timer = two_msl(s);
  std::vector<Waiting> all;
  for (int i = 0; i < 2; i++) {
    auto [peer, app] = co_await s.established();
    co_await closing(peer, app);
    const Instant entered = peer.send(ack());
    all.push_back({&peer, entered});
  }
  co_await expect_waiting(s, all[0], timer.nominal - 1s, "RFC9293-MUST-13-CLG");
  co_await expect_gone(s, all[1], timer.latest + 100ms, "RFC9293-3.10.8-TWTO");
}

CASE(restarted, "time-wait/restarted-by-fin",
     "a retransmitted FIN is acknowledged and starts the 2 MSL anew: its ACK may have been lost again",
     Covers{{"RFC9293-3.10.7.4-TW-FIN-ACK", "RFC9293-3.10.7.4-FIN-TW"}}, Lasts{5s, 1.5}) {
  const auto timer = two_msl(s);
  std::vector<Waiting> all;
  for (int i = 0; i < 2; i++) {
    const Waiting one = co_await waiting(s);
    all.push_back(one);
  }
  for (Waiting& w : all) {
    co_await s.until(w.since, timer.nominal / 2);
    w.since = w.peer->send(fin().seq(w.peer->snd_nxt() - 1));
    co_await w.peer->expect(ack(), within(kAtOnce), "RFC9293-3.10.7.4-TW-FIN-ACK");
  }
  co_await expect_waiting(s, all[0], timer.nominal - 1s, "RFC9293-3.10.7.4-TW-FIN-ACK");
  co_await expect_gone(s, all[1], timer.latest + 100ms, "RFC9293-3.10.8-TWTO");
}

CASE(survives, "time-wait/survives-its-socket", "closing the socket in TIME-WAIT does not cut it short",
     Covers{{"RFC9293-MUST-13-ORPHAN"}}, Needs{{Capability::half_close}}, Lasts{1s, 1}) {
  auto [peer, app] = co_await s.established();
  co_await half_closed(peer, app);
  peer.send(ack());
  peer.send(fin());
  const auto entered = co_await peer.expect(ack(), within(kDelayedAck), "RFC9293-3.10.7.4-FIN-FW2");
  co_await s.pause(1s);
  app.close();
  const Waiting w{&peer, entered.at};
  co_await expect_waiting(s, w, two_msl(s).nominal - 1s, "RFC9293-MUST-13-ORPHAN");
}

CASE(ends_silently, "time-wait/ends-silently", "when the 2 MSL are over the connection is deleted without a segment",
     Covers{{"RFC9293-3.10.8-TWTO"}}, Lasts{4s, 1}) {
  const auto timer = two_msl(s);
  const Waiting w = co_await waiting(s);
  co_await w.peer->quiet(timer.latest + 1s);
  co_await expect_closed(*w.peer);
}

}  // namespace finwait
