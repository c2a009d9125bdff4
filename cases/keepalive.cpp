// Keepalive: when probes are sent, what they look like, what answers and what ends the connection (RFC 9293 3.8.4).
#include "cases/steps.hpp"

namespace finwait {

FINWAIT_CHAPTER(keepalive)

namespace {

constexpr std::chrono::seconds kIdle{2}, kInterval{1};
constexpr int kCount = 3;

/// The next probe: one below SND.NXT, so that the peer must answer, with at most one octet of garbage.
Task<Received> expect_probe(Scenario& s, Peer& peer, run::Window window, std::string_view requirement) {
  const auto probe = co_await peer.expect(ack().any_seq().any_payload(), window, requirement);
  if (probe.segment.seq != peer.rcv_nxt() - 1 || probe.segment.payload.size() > 1) {
    s.fail("the probe has other numbers than it must have", "SEQ = SND.NXT - 1, no data or one octet",
           "SEQ = SND.NXT - 1 + " + std::to_string(probe.segment.seq - (peer.rcv_nxt() - 1)) + ", " +
               std::to_string(probe.segment.payload.size()) + " octets",
           "RFC9293-3.8.4-SEQ");
  }
  co_return probe;
}

/// Switches keepalive on. Returns from when the target may count: from the last segment it got, or from this call.
Instant start_keepalive(Peer& peer, App& app, std::chrono::seconds idle = kIdle) {
  const Instant heard = peer.last_event();
  app.keepalive({.idle = idle, .interval = kInterval, .count = kCount});
  return {heard.earliest, peer.last_event().latest};
}

Task<Received> first_probe(Scenario& s, Peer& peer, Instant idle_since, std::chrono::seconds idle = kIdle) {
  auto probing = expect_probe(s, peer, s.timer(idle).since(idle_since), "RFC9293-MUST-27");
  co_return co_await probing;
}

/// The probes after the first one, each unanswered, and the end that follows: a reset or silence, and ETIMEDOUT.
Task<> die(Scenario& s, Peer& peer, App& app, Instant probed) {
  for (int i = 1; i < kCount; i++) {
    const auto probe = co_await expect_probe(s, peer, s.timer(kInterval).since(probed), "RFC9293-MUST-29");
    probed = probe.at;
  }
  const auto end = s.timer(kInterval);
  co_await s.until(probed, end.latest + kAtOnce);
  // Whether a reset tells the peer is left open (RFC 9293 3.8.4); stacks differ.
  if (!peer.pending().empty()) {
    auto window = end;
    co_await peer.expect(rst(), window.since(probed), "RFC9293-3.8.4-DEATH");
  }
  co_await app.expect_error(ETIMEDOUT, "POSIX-RECV-ETIMEDOUT");
  co_await expect_closed(peer, "RFC9293-3.8.4-DEATH");
}

}  // namespace

CASE(off, "keepalive/off-by-default", "a connection whose application has not asked for keepalive is left alone",
     Covers{{"RFC9293-MUST-25"}}, Lasts{5s},
     OwnSandbox{{{"net.ipv4.tcp_keepalive_time", "1"},
                 {"net.ipv4.tcp_keepalive_intvl", "1"},
                 {"net.ipv4.tcp_keepalive_probes", "1"}}}) {
  auto [peer, app] = co_await s.established();
  co_await peer.quiet(4s);
  co_await expect_alive(peer);
}

CASE(system_idle, "keepalive/system-wide-idle",
     "with keepalive on and no values of its own, a connection is probed after the system-wide idle time",
     Covers{{"RFC9293-MUST-27"}}, Needs{{Capability::keepalive}}, Lasts{3s},
     OwnSandbox{{{"net.ipv4.tcp_keepalive_time", "2"}}}) {
  auto [peer, app] = co_await s.established();
  const Instant heard = peer.last_event();
  app.keepalive({});
  const Instant idle_since{heard.earliest, peer.last_event().latest};
  co_await expect_probe(s, peer, s.timer(2s).since(idle_since), "RFC9293-MUST-27");
}

CASE(default_idle, "keepalive/default-values", "the defaults a connection inherits: idle at least 2 hours",
     Covers{{"RFC9293-MUST-28"}}, Needs{{Capability::keepalive}}) {
  auto [peer, app] = co_await s.established();
  const auto idle = app.get(SocketOption::keepalive_idle_s);
  if (!idle || *idle < 7200) {
    s.fail("the default idle time is under two hours", "TCP_KEEPIDLE >= 7200",
           idle ? std::to_string(*idle) : idle.error().name());
  }
}

CASE(death, "keepalive/unanswered/established",
     "after the idle time comes a probe, then one each interval; when all stay unanswered the connection ends with "
     "ETIMEDOUT",
     Covers{{"RFC9293-MUST-27", "RFC9293-MAY-5", "RFC9293-MAY-6", "RFC9293-MUST-26-IDLE", "RFC9293-3.8.4-SEQ",
             "RFC9293-SHLD-12", "RFC9293-MUST-29", "RFC9293-3.8.4-DEATH", "POSIX-RECV-ETIMEDOUT", "LINUX-KEEPOPTS"}},
     Needs{{Capability::keepalive}}, Lasts{6s}) {
  auto [peer, app] = co_await s.established();
  const Instant idle_since = start_keepalive(peer, app);
  const auto probe = co_await first_probe(s, peer, idle_since);
  if (!probe.segment.payload.empty()) {
    s.fail("the probe carries data", "no data", "one octet", "RFC9293-SHLD-12");
  }
  co_await die(s, peer, app, probe.at);
}

CASE(death_active, "keepalive/unanswered/after-active-open",
     "the side that opened the connection probes like the other", Covers{{"RFC9293-MUST-27", "RFC9293-3.8.4-DEATH"}},
     Needs{{Capability::keepalive, Capability::active}}, Lasts{6s}) {
  auto [peer, app] = co_await s.established(Open::active);
  const Instant idle_since = start_keepalive(peer, app);
  const auto probe = co_await first_probe(s, peer, idle_since);
  co_await die(s, peer, app, probe.at);
}

CASE(in_close_wait, "keepalive/unanswered/close-wait", "a dead peer is found in CLOSE-WAIT too",
     Covers{{"RFC9293-3.8.4-HALFCLOSED", "RFC9293-3.8.4-DEATH"}}, Needs{{Capability::keepalive}}, Lasts{6s}) {
  auto [peer, app] = co_await s.established();
  co_await close_wait(peer);
  co_await app.expect_eof("RFC9293-3.10.7.4-FIN-NOTIFY");
  const Instant idle_since = start_keepalive(peer, app);
  auto probe = co_await expect_probe(s, peer, s.timer(kIdle).since(idle_since), "RFC9293-3.8.4-HALFCLOSED");
  for (int i = 1; i < kCount; i++) {
    probe = co_await expect_probe(s, peer, s.timer(kInterval).since(probe.at), "RFC9293-MUST-29");
  }
  const auto end = s.timer(kInterval);
  co_await s.until(probe.at, end.latest + kAtOnce);
  if (!peer.pending().empty()) {
    auto window = end;
    co_await peer.expect(rst(), window.since(probe.at), "RFC9293-3.8.4-DEATH");
  }
  const int error = app.take_error();
  if (error != ETIMEDOUT) {
    s.fail("the application was not told that the connection timed out", "SO_ERROR: ETIMEDOUT",
           error == 0 ? "no error" : Errno{error, {}}.name(), "RFC9293-3.8.4-DEATH");
  }
  co_await expect_closed(peer, "RFC9293-3.8.4-DEATH");
}

CASE(in_fin_wait_2, "keepalive/unanswered/fin-wait-2",
     "a dead peer is found in FIN-WAIT-2 while the application holds the socket; the probe repeats the FIN's number "
     "without the FIN",
     Covers{{"RFC9293-3.8.4-HALFCLOSED", "RFC9293-3.8.4-SEQ", "RFC9293-3.8.4-DEATH"}},
     Needs{{Capability::keepalive, Capability::half_close}}, Lasts{6s}) {
  auto [peer, app] = co_await s.established();
  co_await half_closed(peer, app);
  peer.send(ack());
  const Instant idle_since = start_keepalive(peer, app);
  const auto probe = co_await expect_probe(s, peer, s.timer(kIdle).since(idle_since), "RFC9293-3.8.4-HALFCLOSED");
  co_await die(s, peer, app, probe.at);
}

CASE(answered, "keepalive/answered/timer-restarts",
     "an answered probe starts the idle time anew; the connection lives as long as probes are answered",
     Covers{{"RFC9293-3.8.4-ANSWERED", "RFC9293-MUST-26-IDLE"}}, Needs{{Capability::keepalive}}, Lasts{11s}) {
  auto [peer, app] = co_await s.established();
  const Instant idle_since = start_keepalive(peer, app);
  co_await first_probe(s, peer, idle_since);
  for (int i = 0; i < kCount + 1; i++) {
    const Instant answered = peer.send(ack());
    co_await expect_probe(s, peer, s.timer(kIdle).since(answered), "RFC9293-3.8.4-ANSWERED");
  }
  peer.send(ack());
  co_await expect_alive(peer, "RFC9293-3.8.4-ANSWERED");
}

CASE(one_lost, "keepalive/answered/after-lost-probes",
     "lost probes do not end the connection while one is answered, and the count starts anew",
     Covers{{"RFC9293-MUST-29", "RFC9293-3.8.4-ANSWERED"}}, Needs{{Capability::keepalive}}, Lasts{11s}) {
  auto [peer, app] = co_await s.established();
  Instant idle_since = start_keepalive(peer, app);
  for (int round = 0; round < 2; round++) {
    auto probe = co_await expect_probe(s, peer, s.timer(kIdle).since(idle_since), "RFC9293-MUST-29");
    for (int i = 1; i < kCount; i++) {
      probe = co_await expect_probe(s, peer, s.timer(kInterval).since(probe.at), "RFC9293-MUST-29");
    }
    idle_since = peer.send(ack());  // the last one is answered
  }
  co_await expect_alive(peer, "RFC9293-MUST-29");
}

CASE(restarted_by_data, "keepalive/restarted-by/data", "data that is received starts the idle time anew",
     Covers{{"RFC9293-MUST-26-IDLE"}}, Needs{{Capability::keepalive}}, Lasts{8s}) {
  auto [peer, app] = co_await s.established();
  Instant heard = start_keepalive(peer, app);
  for (const char* text : {"a", "b", "c"}) {
    co_await s.until(heard, kIdle * 3 / 4);
    heard = peer.send(data(text));
    co_await peer.expect(ack(), within(kDelayedAck), "RFC9293-MUST-40");
    co_await app.expect_data(text, "RFC9293-3.6-RELIABLE");
  }
  co_await expect_probe(s, peer, s.timer(kIdle).since(heard), "RFC9293-MUST-26-IDLE");
}

CASE(restarted_by_ack, "keepalive/restarted-by/ack", "an ACK without data starts the idle time anew as well",
     Covers{{"RFC9293-MUST-26-IDLE"}}, Needs{{Capability::keepalive}}, Lasts{8s}) {
  auto [peer, app] = co_await s.established();
  Instant heard = start_keepalive(peer, app);
  for (int i = 0; i < 3; i++) {
    co_await s.until(heard, kIdle * 3 / 4);
    heard = peer.send(ack());
  }
  co_await expect_probe(s, peer, s.timer(kIdle).since(heard), "RFC9293-MUST-26-IDLE");
}

CASE(reset_as_answer, "keepalive/answered/by-reset",
     "a peer that has lost the connection answers a probe with a reset: ECONNRESET at once",
     Covers{{"RFC9293-3.8.4-RSTANSWER"}}, Needs{{Capability::keepalive}}, Lasts{5s}) {
  auto [peer, app] = co_await s.established();
  const Instant idle_since = start_keepalive(peer, app);
  const auto probe = co_await first_probe(s, peer, idle_since);
  peer.send(wire::Spec(wire::kRst).seq(probe.segment.ack));
  co_await app.expect_error(ECONNRESET);
  co_await peer.quiet(2 * kInterval);
}

CASE(not_with_fin, "keepalive/not-while/fin-outstanding",
     "while a FIN is not acknowledged it is retransmitted and no probe is sent",
     Covers{{"RFC9293-MUST-26-FIN", "RFC9293-MUST-26-OUTSTANDING"}},
     Needs{{Capability::keepalive, Capability::half_close}}, Lasts{8s}) {
  auto [peer, app] = co_await s.established();
  start_keepalive(peer, app, 1s);
  app.shutdown(How::wr);
  const auto sent = co_await peer.expect(fin(), within(kAtOnce), "RFC9293-3.10.4-CLOSE-EST");
  const auto again = fin().seq(sent.segment.seq);
  while (s.loop().now() < sent.at.latest + 6s) {
    co_await peer.expect(again, within(10s), "RFC9293-MUST-26-FIN");
  }
  peer.send(ack());
}

CASE(not_with_data, "keepalive/not-while/data-outstanding",
     "while data is not acknowledged it is retransmitted and no probe is sent", Covers{{"RFC9293-MUST-26-OUTSTANDING"}},
     Needs{{Capability::keepalive}}, Lasts{8s}) {
  auto [peer, app] = co_await s.established();
  start_keepalive(peer, app, 1s);
  app.send("abc");
  const auto sent = co_await peer.expect(data("abc"), within(kAtOnce), "RFC9293-3.6-RELIABLE");
  const auto again = data("abc").seq(sent.segment.seq);
  while (s.loop().now() < sent.at.latest + 6s) {
    co_await peer.expect(again, within(10s));
  }
  peer.send(ack());
}

CASE(responder, "keepalive/peer-probes/established",
     "a peer's probe is answered with an ACK, with and without a garbage octet, and the octet is not delivered",
     Covers{{"RFC9293-3.10.7.4-OTW-ACK", "RFC9293-3.10.7.4-TRIM"}}, Lasts{3s}) {
  auto [peer, app] = co_await s.established();
  peer.send(ack().seq(peer.snd_nxt() - 1));
  co_await peer.expect(ack(), within(kAtOnce));
  co_await s.pause(1s);  // stacks may throttle such answers (RFC 5961 7)
  peer.send(data("\x7f").seq(peer.snd_nxt() - 1));
  co_await peer.expect(ack(), within(kAtOnce));
  peer.send(data("real"));
  co_await peer.expect(ack(), within(kDelayedAck), "RFC9293-MUST-40");
  co_await app.expect_data("real", "RFC9293-3.10.7.4-TRIM");
}

CASE(responder_close_wait, "keepalive/peer-probes/close-wait", "a peer's probe is answered in CLOSE-WAIT",
     Covers{{"RFC9293-3.10.7.4-OTW-ACK"}}) {
  auto [peer, app] = co_await s.established();
  co_await close_wait(peer);
  peer.send(data("\x7f").seq(peer.snd_nxt() - 1));
  co_await peer.expect(ack(), within(kAtOnce));
  co_await app.expect_eof();
}

CASE(responder_fin_wait_2, "keepalive/peer-probes/fin-wait-2",
     "a peer's probe is answered in FIN-WAIT-2, with and without an octet", Covers{{"RFC9293-3.10.7.4-OTW-ACK"}},
     Needs{{Capability::half_close}}, Lasts{2s}) {
  auto [peer, app] = co_await s.established();
  co_await half_closed(peer, app);
  peer.send(ack());
  peer.send(ack().seq(peer.snd_nxt() - 1));
  co_await peer.expect(ack(), within(kAtOnce));
  co_await s.pause(1s);
  peer.send(data("\x7f").seq(peer.snd_nxt() - 1));
  co_await peer.expect(ack(), within(kAtOnce));
}

CASE(keepalive_off_again, "keepalive/switched-off-again", "an application can switch keepalive off again",
     Covers{{"RFC9293-MUST-24"}}, Needs{{Capability::keepalive}}, Lasts{6s}) {
  auto [peer, app] = co_await s.established();
  app.keepalive({.idle = 2s, .interval = 1s, .count = 3});
  co_await s.pause(500ms);
  app.set(SocketOption::keepalive, 0);
  co_await peer.quiet(5s, "RFC9293-MUST-24");
}

}  // namespace finwait
