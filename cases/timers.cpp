// The timers at their genuine defaults, and in every phase of the clock that they are counted by: hundreds of
// connections, started so that together they cover the whole window that a timer may fire in. Hours of real time; the
// lab's moments (docs/virtual-time.md). Each case writes down how long the timers really took.
#include <fmt/format.h>

#include <algorithm>

#include "cases/steps.hpp"

namespace finwait {

FINWAIT_CHAPTER(timers)

namespace {

using model::Profile;

constexpr int kPhases = 200;
/// What is not given up by then never is: four times the longest that any stack documents.
constexpr Duration kForEver = 1h;

/// One connection for each phase of a timer of this length.
Task<> in_every_phase(Scenario& s, Duration length, Task<> (*one)(Scenario&)) {
  const auto timer = s.timer(length);
  const Duration step = (timer.latest - timer.earliest) / kPhases;
  struct Phase {
    static Task<> begin(Scenario& s, Duration after, Task<> (*one)(Scenario&)) {
      co_await s.pause(after);
      co_await one(s);
    }
  };
  std::vector<Task<>> all;
  all.reserve(kPhases);
  for (int i = 0; i < kPhases; i++) all.push_back(Phase::begin(s, step * i, one));
  auto together = all_of(std::move(all));
  co_await together;
}

/// The next probe; its delay is judged and written down.
Task<Instant> measured_probe(Scenario& s, Peer& peer, Duration Profile::*field, Instant since,
                             std::string_view requirement) {
  const auto timer = s.documented(field);
  const auto probe = co_await peer.expect(ack().any_seq().any_payload(), due(timer).since(since), requirement);
  s.measured(timer.figure, between(since, probe.at));
  co_return probe.at;
}

Task<> keepalive_to_the_end(Scenario& s) {
  auto [peer, app] = co_await s.established();
  const Instant heard = peer.last_event();
  app.keepalive({});
  Instant last{heard.earliest, peer.last_event().latest};
  last = co_await measured_probe(s, peer, &Profile::keepalive_idle, last, "RFC9293-MUST-28");
  for (int i = 1; i < s.profile().keepalive_count; i++) {
    last = co_await measured_probe(s, peer, &Profile::keepalive_interval, last, "RFC9293-MUST-29");
  }
  co_await s.until(last, s.documented(&Profile::keepalive_interval).latest + kAtOnce);
  peer.take_all();  // whether a reset tells the peer is left open
  co_await app.expect_error(ETIMEDOUT, "POSIX-RECV-ETIMEDOUT");
}

/// Asks again and again whether the end of a connection is still there, and writes down when it is not: then a reset is
/// the answer, nobody listening at a port that the target has chosen for itself.
Task<> measured_end(Scenario& s, Peer& peer, wire::Spec probe, Duration Profile::*field, std::string_view too_early,
                    std::string_view too_late) {
  constexpr int kSteps = 16;
  const auto timer = s.documented(field);
  const Instant since = peer.last_event();
  const Duration step = std::max<Duration>((timer.latest - timer.earliest) / kSteps, 1ms);
  Instant there = since;
  for (Duration after = timer.earliest - step;; after += step) {
    co_await s.until(since, after);
    const Instant asked = peer.send(probe);
    co_await s.pause(step / 2);
    const auto answers = peer.take_all();
    const bool gone = std::ranges::any_of(answers, [](const Received& r) { return r.segment.flags.has(wire::kRst); });
    const Elapsed took = between(since, asked);
    if (gone && took.most < timer.earliest) {
      s.fail("the end of the connection is gone too early", "there for " + timer.why,
             fmt::format("a reset after {:.3f} s", seconds(took.most)), too_early);
    }
    if (gone) {
      s.measured(timer.figure, {between(since, there).least, took.most});
      co_return;
    }
    if (took.least > timer.latest + kAtOnce) {
      s.fail("the end of the connection is still there", "gone after " + timer.why,
             fmt::format("no reset after {:.3f} s", seconds(took.least)), too_late);
    }
    there = asked;
  }
}

Task<> time_wait_to_the_end(Scenario& s) {
  auto [peer, app] = co_await s.established(Open::active);
  co_await time_wait(peer, app);
  // A SYN from below the window starts no 2 MSL anew, by the standard and on Linux (tcp_timewait_state_process()).
  const auto probe = syn().seq(peer.snd_nxt() - 1000);
  co_await measured_end(s, peer, probe, &Profile::two_msl, "RFC9293-MUST-13", "RFC9293-3.10.8-TWTO");
}

Task<> orphan_to_the_end(Scenario& s) {
  auto [peer, app] = co_await s.established(Open::active);
  co_await fin_wait_2(peer, app);
  const auto probe = old_ack(peer);
  co_await measured_end(s, peer, probe, &Profile::fin_wait_2_orphan, "RFC9293-3.10.8-NOFW2", "RFC9293-3.10.8-NOFW2");
}

/// Nothing of what the target sends is acknowledged from `since` on; its application is told when it gives up.
Task<> given_up(Scenario& s, Peer& peer, App& app, Instant since) {
  const auto result = co_await app.recv(1, kForEver);
  const Elapsed took = between(since, s.now());
  peer.take_all();  // the oracle has judged each
  if (!result && result.error() == ETIME) {
    s.fail("what was not acknowledged is never given up", "recv: ETIMEDOUT", "recv: nothing in an hour",
           "RFC9293-MUST-20-C");
  }
  if (result || !(result.error() == ETIMEDOUT)) {
    s.fail("the application was not told that the connection timed out", "recv: ETIMEDOUT",
           result ? "recv: no error" : "recv: " + result.error().name(), "POSIX-RECV-ETIMEDOUT");
  }
  s.measured(model::find_figure("r2"), took);
  if (took.most < 100s) {
    s.fail("what was not acknowledged was given up too early", "after 100 s or more",
           fmt::format("after {:.3f} s", seconds(took.most)), "RFC9293-SHLD-11");
  }
  co_await expect_closed(peer, "RFC9293-MUST-20-C");
}

/// Nobody holds the socket, nothing is acknowledged: it is kept for long enough, and not for ever.
Task<> orphan_kept(Scenario& s, Peer& peer, std::string_view requirement) {
  const Instant since = peer.last_event();
  Instant last = since;
  Duration interval{};
  for (;;) {
    co_await peer.arrival(s.timer(s.profile().rto_max).latest + 1s);
    const auto got = peer.take_all();
    if (got.empty() || got.back().segment.flags.has(wire::kRst)) break;
    interval = between(last, got.back().at).most;
    last = got.back().at;
    if (between(since, last).least > kForEver) {
      s.fail("what nobody acknowledges is never given up", "closed at R2", "it came again after an hour", requirement);
    }
  }
  // The next one would have been due then.
  const Duration kept = between(since, last).most + std::min(2 * interval, s.profile().rto_max);
  if (kept < 100s) {
    s.fail("it was given up too early", "after 100 s or more", fmt::format("after {:.3f} s", seconds(kept)),
           "RFC9293-SHLD-11");
  }
  co_await expect_closed(peer, requirement);
}

}  // namespace

CASE(keepalive_defaults, "timers/keepalive/every-phase",
     "with nothing but SO_KEEPALIVE a silent peer is probed after two hours, and the connection ends after the last "
     "probe; in 200 phases of the target's clock",
     Covers{{"RFC9293-MUST-28", "RFC9293-MUST-29", "RFC9293-3.8.4-DEATH"}}, Needs{{Capability::keepalive}},
     Lasts{8500s}, Crowded{}) {
  co_await in_every_phase(s, s.profile().keepalive_idle, keepalive_to_the_end);
}

CASE(keepalive_once, "timers/keepalive/one-connection", "the same on one connection, from its handshake to its death",
     Covers{{"RFC9293-MUST-28", "RFC9293-MUST-29", "RFC9293-3.8.4-DEATH"}}, Needs{{Capability::keepalive}},
     Lasts{8500s}) {
  co_await keepalive_to_the_end(s);
}

CASE(time_wait_phases, "timers/time-wait/every-phase",
     "TIME-WAIT lasts 2 MSL as the target declares it, in 200 phases of the target's clock",
     Covers{{"RFC9293-MUST-13", "RFC9293-3.10.8-TWTO"}}, Needs{{Capability::active}}, Lasts{3s, 1}, Crowded{}) {
  co_await in_every_phase(s, s.profile().two_msl, time_wait_to_the_end);
}

CASE(orphan_phases, "timers/fin-wait-2/orphan",
     "a connection that its application has closed leaves FIN-WAIT-2 when the target declares it to, in 200 phases of "
     "the target's clock; a target that declares no limit stays there",
     Covers{{"RFC9293-3.10.8-NOFW2", "LINUX-FIN_TIMEOUT"}}, Needs{{Capability::active}}, Lasts{605s}, Crowded{}) {
  if (s.profile().fin_wait_2_orphan > Duration{0}) {
    co_await in_every_phase(s, s.profile().fin_wait_2_orphan, orphan_to_the_end);
    co_return;
  }
  auto [peer, app] = co_await s.established();
  co_await fin_wait_2(peer, app);
  co_await peer.quiet(600s, "RFC9293-3.10.8-NOFW2");
  co_await expect_alive(peer, "RFC9293-3.10.8-NOFW2");
}

CASE(fin_given_up, "timers/fin/given-up",
     "a FIN that is never acknowledged is given up, after 100 s or more, and the application is told ETIMEDOUT",
     Covers{{"RFC9293-MUST-20-C", "RFC9293-SHLD-11", "POSIX-RECV-ETIMEDOUT"}}, Needs{{Capability::half_close}},
     Lasts{3700s}) {
  auto [peer, app] = co_await s.established();
  co_await half_closed(peer, app);
  co_await given_up(s, peer, app, peer.last_event());
}

CASE(text_given_up, "timers/text/given-up",
     "text that is never acknowledged is given up, after 100 s or more, and the application is told ETIMEDOUT",
     Covers{{"RFC9293-MUST-20", "RFC793-UTO-DEFAULT", "RFC9293-MUST-20-C", "RFC9293-SHLD-11", "POSIX-RECV-ETIMEDOUT"}},
     Lasts{3700s}) {
  auto [peer, app] = co_await s.established();
  app.send("unheard");
  co_await peer.expect(data("unheard"), within(kAtOnce));
  co_await given_up(s, peer, app, peer.last_event());
}

CASE(orphan_given_up, "timers/fin/orphan-given-up",
     "the FIN of a closed socket is kept for 100 s or more; then nothing is left of the connection",
     Covers{{"RFC9293-MUST-20-C", "RFC9293-SHLD-11"}}, Lasts{3700s}) {
  auto [peer, app] = co_await s.established();
  co_await fin_wait_1(peer, app);
  co_await orphan_kept(s, peer, "RFC9293-MUST-20-C");
}

CASE(text_of_orphan, "timers/text/orphan-given-up",
     "text that was sent before close() and is never acknowledged is kept for 100 s or more; then the close has become "
     "an "
     "abort, and nothing is left of the connection",
     Covers{{"RFC9293-3.9.1.4-CLOSE-TO-ABORT", "RFC9293-MUST-20"}}, Lasts{3700s}) {
  auto [peer, app] = co_await s.established();
  app.send("unheard");
  co_await peer.expect(data("unheard"), within(kAtOnce));
  co_await fin_wait_1(peer, app);
  co_await orphan_kept(s, peer, "RFC9293-3.9.1.4-CLOSE-TO-ABORT");
}

CASE(longest_interval, "timers/text/longest-interval",
     "the retransmission timeout may have a limit, of a minute at least", Covers{{"RFC6298-2.5"}}, Lasts{3700s}) {
  auto [peer, app] = co_await s.established();
  app.send("unheard");
  co_await peer.expect(data("unheard"), within(kAtOnce));
  Instant last = peer.last_event();
  Duration longest{};
  for (;;) {
    co_await peer.arrival(kForEver);
    const auto got = peer.take_all();
    if (got.empty() || got.front().segment.flags.has(wire::kRst)) break;
    const Duration took = between(last, got.front().at).most;
    last = got.front().at;
    if (took < longest * 3 / 2 && took < 60s) {
      s.fail("the retransmission timeout has a limit below a minute", "intervals that double up to 60 s at least",
             fmt::format("{:.3f} s after {:.3f} s", seconds(took), seconds(longest)));
    }
    longest = std::max(longest, took);
    if (longest >= 60s) break;
  }
  peer.send(ack());
}

CASE(answered_keepalive, "timers/keepalive/answered",
     "while the peer answers, a probe comes each two hours and not more often",
     Covers{{"RFC2525-2.11", "RFC9293-MUST-28"}}, Needs{{Capability::keepalive}}, Lasts{29000s}) {
  auto [peer, app] = co_await s.established();
  app.keepalive({});
  Instant last = peer.last_event();
  for (int i = 0; i < 3; i++) {
    const auto probe = ack().any_seq().any_payload();
    co_await peer.expect(probe, due(s.documented(&Profile::keepalive_idle)).since(last), "RFC2525-2.11");
    last = peer.send(ack());
  }
}

CASE(syn_given_up, "timers/syn/given-up", "a SYN that nobody answers is given up after three minutes or more",
     Covers{{"RFC9293-MUST-23"}}, Needs{{Capability::active}}, Lasts{3700s}) {
  auto opening = co_await s.opening();
  const Instant since = opening.peer.last_event();
  auto call = opening.call.before(s.loop(), since.latest + kForEver);
  const auto socket = co_await call;
  const Elapsed took = between(since, s.now());
  opening.peer.take_all();
  if (socket) s.fail("a connection opened that nobody has answered", "connect: ETIMEDOUT", "connect: 0");
  s.measured(model::find_figure("r2-syn"), took);
  if (took.most < 180s) {
    s.fail("the opening was given up too early", "after 180 s or more",
           fmt::format("after {:.3f} s", seconds(took.most)), "RFC9293-MUST-23");
  }
}

CASE(outdated_stamp, "timers/timestamps/outdated",
     "after 24 idle days the last timestamp is forgotten: an older one drops nothing", Covers{{"RFC7323-5.5-24D"}},
     Lasts{24h * 25}) {
  auto [peer, app] = co_await with_timestamps(s);
  const auto before = peer.ts_now();
  co_await s.pause(24h * 24 + 2h);
  peer.send(data("hello").options(stamp(peer, before - 100000)));
  co_await s.pause(kDelayedAck);
  peer.take_all();
  co_await app.expect_data("hello", "RFC7323-5.5-24D");
}

}  // namespace finwait
