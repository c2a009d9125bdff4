// What ends when nobody answers: the user timeout in every state that has something outstanding, and how retransmission
// goes on before it (RFC 9293 3.8.1, 3.8.3, 3.10.8; RFC 6298; RFC 5482; tcp(7)).
#include "cases/steps.hpp"

namespace finwait {

FINWAIT_CHAPTER(timeout)

namespace {

constexpr Duration kTimeout = 3s;

void set_timeout(App& app) { app.set(SocketOption::user_timeout_ms, static_cast<int>(kTimeout / 1ms)); }

/// Nothing is acknowledged from now on: after the timeout the connection is gone, and not before.
Task<> expect_timed_out(Scenario& s, Peer& peer, std::string_view requirement) {
  const Instant since = peer.last_event();
  const auto unacknowledged = peer.acked();
  co_await s.until(since, kTimeout - 500ms);
  peer.take_all();
  peer.send(ack().seq(peer.snd_nxt() - 1).ack(unacknowledged));
  // There is no RST that has to tell of the end: only an answer says that it has not come yet.
  co_await peer.expect(ack().maybe(wire::kFin).any_seq().any_payload(), within(kAtOnce), requirement);
  co_await s.until(since, 8s);  // the next retransmission after the timeout finds that it is over
  for (const auto& one : peer.take_all()) {
    if (one.segment.flags.has(wire::kRst) || between(since, one.at).least < 7500ms) continue;
    s.fail("it still retransmits long after its timeout", "nothing", "a segment", requirement);
  }
  co_await expect_closed(peer, requirement);
}

/// An orphan in FIN-WAIT-2 for three seconds, and one that is asked before they are over.
Task<> expect_gone_in_time(Scenario& s, const Connection& one, const Connection& other) {
  co_await fin_wait_2(one.peer, one.app);
  co_await fin_wait_2(other.peer, other.app);
  const auto timer = s.timer(3s);
  co_await s.until(one.peer.last_event(), 2s);
  co_await expect_alive(one.peer);
  co_await s.until(other.peer.last_event(), timer.latest + kAtOnce);
  co_await expect_closed(other.peer);
}

}  // namespace

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

CASE(in_fin_wait_1, "timeout/user-timeout/fin-wait-1",
     "a FIN that nobody acknowledges is given up after the user timeout",
     Covers{{"RFC9293-3.10.8-USERTO", "RFC9293-MUST-21"}}, Needs{{Capability::options, Capability::half_close}},
     Lasts{10s}) {
  auto [peer, app] = co_await s.established();
  set_timeout(app);
  co_await half_closed(peer, app);
  co_await expect_timed_out(s, peer, "RFC9293-3.10.8-USERTO");
  co_await app.expect_error(ETIMEDOUT);
}

CASE(in_close_wait, "timeout/user-timeout/close-wait", "text in CLOSE-WAIT is given up after the user timeout",
     Covers{{"RFC9293-3.10.8-USERTO", "RFC9293-MUST-21"}}, Needs{{Capability::options}}, Lasts{10s}) {
  auto [peer, app] = co_await s.established();
  set_timeout(app);
  co_await close_wait(peer);
  app.send("hello");
  co_await peer.expect(data("hello"), within(kAtOnce));
  co_await expect_timed_out(s, peer, "RFC9293-3.10.8-USERTO");
  if (app.take_error() != ETIMEDOUT) s.fail("the application was not told", "SO_ERROR: ETIMEDOUT", "another");
}

CASE(in_closing, "timeout/user-timeout/closing", "a FIN in CLOSING is given up after the user timeout",
     Covers{{"RFC9293-3.10.8-USERTO"}}, Needs{{Capability::options}}, Lasts{10s}) {
  auto [peer, app] = co_await s.established();
  set_timeout(app);
  co_await closing(peer, app);
  co_await expect_timed_out(s, peer, "RFC9293-3.10.8-USERTO");
}

CASE(in_last_ack, "timeout/user-timeout/last-ack", "a FIN in LAST-ACK is given up after the user timeout",
     Covers{{"RFC9293-3.10.8-USERTO"}}, Needs{{Capability::options}}, Lasts{10s}) {
  auto [peer, app] = co_await s.established();
  set_timeout(app);
  co_await last_ack(peer, app);
  co_await expect_timed_out(s, peer, "RFC9293-3.10.8-USERTO");
}

CASE(not_by_the_peer, "timeout/user-timeout/not-changed-by-the-peer",
     "when the application has set the timeout a User Timeout option of the peer does not change it",
     Covers{{"RFC5482-3.1-CHANGEABLE"}}, Needs{{Capability::options}}, Lasts{10s}) {
  auto [peer, app] = co_await s.established();
  set_timeout(app);
  peer.send(ack().options(wire::OptionList().user_timeout(false, 600)));
  app.send("hello");
  co_await peer.expect(data("hello"), within(kAtOnce));
  co_await expect_timed_out(s, peer, "RFC5482-3.1-CHANGEABLE");
}

CASE(orphan_timeout, "timeout/fin-wait-2/as-set", "an orphan leaves FIN-WAIT-2 when the system-wide setting says so",
     Covers{{"LINUX-FIN_TIMEOUT"}}, Lasts{7s}, OwnSandbox{{{"net.ipv4.tcp_fin_timeout", "3"}}}) {
  const auto one = co_await s.established();
  const auto other = co_await s.established();
  co_await expect_gone_in_time(s, one, other);
}

CASE(orphan_timeout_of_one, "timeout/fin-wait-2/as-set-for-one",
     "TCP_LINGER2 says for one socket how long it stays in FIN-WAIT-2 once it is closed", Covers{{"LINUX-TCP_LINGER2"}},
     Needs{{Capability::options}}, Lasts{7s}) {
  const auto one = co_await s.established();
  const auto other = co_await s.established();
  one.app.set(SocketOption::linger2_s, 3);
  other.app.set(SocketOption::linger2_s, 3);
  co_await expect_gone_in_time(s, one, other);
}

CASE(limits, "timeout/user-timeout/lower-limit",
     "a User Timeout option of one second does not end a connection earlier than one without it: a target that adopts "
     "it has "
     "a lower limit",
     Covers{{"RFC5482-3.1-IMPOSE", "RFC5482-3.1-LIMIT"}}, Lasts{99s}) {
  const auto with = co_await s.established();
  const auto without = co_await s.established();
  with.peer.send(ack().options(wire::OptionList().user_timeout(false, 1)));
  for (const Connection* one : {&with, &without}) {
    one->app.send("hello");
    co_await one->peer.expect(data("hello"), within(kAtOnce));
  }
  co_await s.pause(95s);
  const auto lives = [](Peer& peer) {
    const auto came = peer.take_all();
    return !came.empty() && !came.back().segment.flags.has(wire::kRst);
  };
  if (!lives(without.peer)) co_return;  // it gives up as early without: timers/text/given-up judges that
  if (!lives(with.peer)) s.fail("the option has ended the connection", "retransmissions", "they have ended");
  for (const Connection* one : {&with, &without}) {
    one->peer.send(ack());
    co_await expect_alive(one->peer);
  }
}

CASE(no_sample, "retransmission/no-sample-of-what-came-twice",
     "the ACK of text that was sent twice is no sample of the round trip: it may be of either",
     Covers{{"RFC9293-MUST-18"}}, Lasts{4s}) {
  auto [peer, app] = co_await s.established();
  // A few samples of a short round trip, so that the RTO is at its least.
  for (int i = 0; i < 8; i++) {
    app.send("warm");
    co_await peer.expect(data("warm"), within(kAtOnce));
    peer.send(ack());
    co_await s.pause(20ms);
  }
  app.send("first");
  const auto first = co_await peer.expect(data("first"), within(kAtOnce));
  const auto again = co_await peer.expect(data("first").seq(first.segment.seq), within(3s), "RFC9293-3.10.8-RETX");
  const Duration rto = between(first.at, again.at).most;
  co_await s.until(again.at, rto * 13 / 10);
  peer.send(ack());
  app.send("second");
  const auto second = co_await peer.expect(data("second"), within(kAtOnce));
  const auto twice = co_await peer.expect(data("second").seq(second.segment.seq), within(6s), "RFC9293-3.10.8-RETX");
  const double factor = seconds(between(second.at, twice.at).most) / seconds(rto);
  // As before, or still backed off once. A sample from the first sending would make it 2.6 times as long, one from the
  // second 1.5 times (RFC 6298 2.3).
  const bool as_before = factor > 0.85 && factor<1.2, backed_off = factor> 1.8 && factor < 2.4;
  if (!as_before && !backed_off) {
    s.fail("the RTO was learned from text that was sent twice", "the same RTO as before, or twice that",
           std::to_string(factor) + " times as long");
  }
  peer.send(ack());
}

}  // namespace finwait
