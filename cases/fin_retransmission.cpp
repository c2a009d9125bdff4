// A FIN that is lost: sent again, unchanged, at doubling intervals, until it is acknowledged (RFC 9293 3.6, 3.8.1; RFC
// 6298).
#include "cases/steps.hpp"

namespace finwait {

FINWAIT_CHAPTER(fin_retransmission)

namespace {

// How far an interval may be from twice the one before it: timers round, RFC 6298 prescribes the factor.
constexpr double kTolerance = 0.15;

/// The window for the next retransmission, the interval before it having been `last`.
run::Window doubled(const Scenario& s, Duration last) {
  const auto low = std::chrono::duration_cast<Duration>(last * 2 * (1 - kTolerance));
  const auto high = std::chrono::duration_cast<Duration>(last * 2 * (1 + kTolerance)) + s.profile().reaction;
  return within(low, high);
}

/// Lets the FIN just seen be lost `times` times and checks that it comes again each time, twice as late as before.
Task<> lose_fin(Scenario& s, Peer& peer, int times) {
  const auto again = fin().seq(peer.rcv_nxt() - 1);
  Instant last = peer.last_event();
  const auto first = co_await peer.expect(again, within(s.profile().rto_min / 2, s.profile().rto_initial + 500ms),
                                          "RFC9293-3.6-FIN-RETX");
  Duration interval = first.at.latest - last.latest;
  last = first.at;
  for (int i = 1; i < times; i++) {
    const auto next = co_await peer.expect(again, doubled(s, interval), "RFC9293-MUST-19");
    interval = next.at.latest - last.latest;
    last = next.at;
  }
}

}  // namespace

CASE(in_fin_wait_1, "fin-retransmission/fin-wait-1/back-off",
     "a FIN that is not acknowledged comes again with the same numbers, each time twice as late",
     Covers{{"RFC9293-3.6-FIN-RETX", "RFC9293-MUST-19", "RFC6298-5.5", "RFC6298-5.1"}}, Lasts{14s}) {
  auto [peer, app] = co_await s.established();
  co_await fin_wait_1(peer, app);
  co_await lose_fin(s, peer, 5);
  peer.send(ack());
  co_await peer.quiet(1s, "RFC9293-3.10.7.4-FW1-ACKFIN");
  peer.send(fin());
  co_await peer.expect(ack(), within(kDelayedAck), "RFC9293-3.10.7.4-FIN-FW2");
}

CASE(in_last_ack, "fin-retransmission/last-ack/back-off",
     "in LAST-ACK too the FIN comes again at doubling intervals, until its ACK ends the connection",
     Covers{{"RFC9293-3.6-FIN-RETX", "RFC9293-MUST-19", "RFC9293-3.10.7.4-LA-ACKFIN"}}, Lasts{14s}) {
  auto [peer, app] = co_await s.established();
  co_await last_ack(peer, app);
  co_await lose_fin(s, peer, 5);
  peer.send(ack());
  co_await expect_closed(peer, "RFC9293-3.10.7.4-LA-ACKFIN");
}

CASE(stops_at_ack, "fin-retransmission/fin-wait-1/stops-at-ack",
     "once its ACK has come, late as it may be, the FIN does not come again",
     Covers{{"RFC9293-3.10.7.4-FW1-ACKFIN", "RFC6298-5.2"}}, Lasts{4s}) {
  auto [peer, app] = co_await s.established();
  co_await fin_wait_1(peer, app);
  co_await lose_fin(s, peer, 2);
  peer.send(ack());
  co_await peer.quiet(3s);
}

CASE(least_rto, "fin-retransmission/minimum-rto", "a retransmission timer shorter than one second is rounded up to it",
     Covers{{"RFC6298-2.4"}}, Lasts{2s}) {
  auto [peer, app] = co_await s.established();
  co_await fin_wait_1(peer, app);
  const Instant sent = peer.last_event();
  const auto again =
      co_await peer.expect(fin().seq(peer.rcv_nxt() - 1), within(s.profile().rto_min / 2, 3s), "RFC9293-3.6-FIN-RETX");
  peer.send(ack());
  const Duration rto = finwait::between(sent, again.at).most;
  if (rto < 1s) {
    s.fail("the FIN came again sooner than after a second", "the first retransmission after at least 1.000 s",
           "the first retransmission after " + std::to_string(seconds(rto)) + " s");
  }
}

}  // namespace finwait
