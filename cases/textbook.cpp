// What a textbook teaches of the end of a connection, in its order and with its numbers: the four-segment release, why
// the side that closes first waits for 2 MSL, an MSL of 2 minutes; a keepalive timer of 2 hours, a probe each 75 s, 10
// of them. Where a target keeps another number it says so, and what it documents.
#include <fmt/format.h>

#include "cases/steps.hpp"

namespace finwait {

FINWAIT_CHAPTER(textbook)

namespace {

constexpr Duration kTwoMsl = 240s, kIdle = 7200s, kInterval = 75s;
constexpr int kProbes = 10;

/// A number of the textbook that the target has another for.
[[noreturn]] void differs(Scenario& s, std::string_view what, const std::string& wanted, const std::string& seen,
                          std::string_view documented, std::string_view requirement) {
  s.fail(fmt::format("{} is not the textbook's", what), fmt::format("{}, as the textbook has it", wanted),
         fmt::format("{} ({})", seen, documented), requirement);
}

std::string documented(Duration by_profile, Duration seen_least, Duration seen_most) {
  const bool own = by_profile >= seen_least - 1s && by_profile <= seen_most;
  return own ? "what the target itself documents" : fmt::format("the target documents {:.0f} s", seconds(by_profile));
}

/// Whether the end in TIME-WAIT is still there. Asking may start the 2 MSL anew, so each connection is asked once.
Task<bool> still_waits(Peer& peer) {
  peer.send(old_ack(peer));
  co_await peer.scenario().pause(kAtOnce);
  const auto answers = peer.take_all();
  co_return !answers.empty() && !answers.back().segment.flags.has(wire::kRst);
}

}  // namespace

CASE(four_segments, "textbook/release/four-segments",
     "FIN, ACK, FIN, ACK: the side that closes first goes through FIN-WAIT-1, FIN-WAIT-2 and TIME-WAIT",
     Covers{{"TEXTBOOK-RELEASE", "RFC9293-3.6-CASE1", "RFC9293-3.3.2-FIG5", "RFC9293-3.10.6-STATUS"}},
     Needs{{Capability::half_close, Capability::tcp_state}}) {
  auto [peer, app] = co_await s.established();
  app.expect_state(TcpState::established);
  s.note("the target: ESTABLISHED; the peer: ESTABLISHED");
  app.shutdown(How::wr);
  co_await peer.expect(fin(), within(kAtOnce));
  app.expect_state(TcpState::fin_wait_1);
  s.note("the target: FIN-WAIT-1; the peer: CLOSE-WAIT");
  peer.send(ack());
  app.expect_state(TcpState::fin_wait_2);
  s.note("the target: FIN-WAIT-2; the peer: CLOSE-WAIT");
  peer.send(fin());
  co_await peer.expect(ack(), within(kDelayedAck));
  s.note("the target: TIME-WAIT; the peer: LAST-ACK, and CLOSED when this ACK arrives");
  co_await app.expect_eof();
  co_await expect_alive(peer, "RFC9293-MUST-13");
}

CASE(other_side, "textbook/release/the-other-side",
     "the side that closes second goes through CLOSE-WAIT and LAST-ACK to CLOSED, and waits for nothing",
     Covers{{"TEXTBOOK-RELEASE", "RFC9293-3.6-CASE2", "RFC9293-3.3.2-FIG5"}},
     Needs{{Capability::half_close, Capability::tcp_state}}) {
  auto [peer, app] = co_await s.established();
  peer.send(fin());
  co_await peer.expect(ack(), within(kDelayedAck));
  app.expect_state(TcpState::close_wait);
  s.note("the target: CLOSE-WAIT; the peer: FIN-WAIT-2");
  app.shutdown(How::wr);
  co_await peer.expect(fin(), within(kAtOnce));
  app.expect_state(TcpState::last_ack);
  s.note("the target: LAST-ACK; the peer: TIME-WAIT");
  peer.send(ack());
  co_await expect_closed(peer);
  s.note("the target: CLOSED; the peer: TIME-WAIT");
}

CASE(why_two_msl, "textbook/time-wait/last-ack-lost",
     "why there is a TIME-WAIT: the last ACK is lost, the FIN comes again and is acknowledged again, and the 2 MSL "
     "start anew",
     Covers{{"TEXTBOOK-WHY-2MSL", "RFC9293-3.10.7.4-TW-FIN-ACK", "RFC9293-3.10.7.4-FIN-TW"}}, Lasts{4s, 1.5}) {
  const auto timer = s.documented(&model::Profile::two_msl);
  auto [peer, app] = co_await s.established();
  co_await time_wait(peer, app);
  const Instant entered = peer.last_event();
  s.note("the ACK of the peer's FIN is lost");
  co_await s.until(entered, timer.nominal / 2);
  const Instant again = peer.send(fin().seq(peer.snd_nxt() - 1));
  co_await peer.expect(ack(), within(kAtOnce));
  co_await s.until(again, timer.nominal - 1s);
  const auto soon = within(kAtOnce).because_of(timer);
  peer.send(old_ack(peer));  // half as long again since it was entered
  co_await peer.expect(ack(), soon);
}

CASE(two_msl, "textbook/time-wait/four-minutes", "TIME-WAIT lasts 2 MSL, and the MSL is 2 minutes",
     Covers{{"TEXTBOOK-2MSL"}}, Lasts{255s}) {
  std::vector<std::pair<Peer*, Instant>> waiting;
  for (Duration after = 10s; after <= kTwoMsl + 10s; after += 10s) {
    auto [peer, app] = co_await s.established();
    co_await time_wait(peer, app);
    waiting.emplace_back(&peer, peer.last_event());
  }
  Duration there{0}, asked{0};
  for (const auto& [peer, entered] : waiting) {
    asked += 10s;
    co_await s.until(entered, asked == kTwoMsl ? kTwoMsl - 1s : asked + (asked > kTwoMsl ? 3s : 0s));
    const Duration now = between(entered, s.now()).least;
    const bool waits = co_await still_waits(*peer);
    if (waits != (now < kTwoMsl)) {
      const auto seen = waits ? fmt::format("more than {:.0f} s", seconds(now))
                              : fmt::format("between {:.0f} and {:.0f} s", seconds(there), seconds(now));
      differs(s, "2 MSL", "240 s", seen, documented(s.profile().two_msl, there, waits ? 1h : now), "TEXTBOOK-2MSL");
    }
    there = now;
  }
}

CASE(keepalive_by_default, "textbook/keepalive/defaults",
     "the keepalive timer is 2 hours; then comes a probe, and one each 75 s; after 10 unanswered ones the connection "
     "is closed",
     Covers{{"TEXTBOOK-KEEPALIVE-IDLE", "TEXTBOOK-KEEPALIVE-INTERVAL", "TEXTBOOK-KEEPALIVE-COUNT", "RFC2525-2.9"}},
     Needs{{Capability::keepalive}}, Lasts{8500s}) {
  auto [peer, app] = co_await s.established();
  const Instant heard = peer.last_event();
  app.keepalive({});
  Instant last{heard.earliest, peer.last_event().latest};
  const auto probe = ack().any_seq().any_payload();
  last = (co_await peer.expect(probe, s.timer(kIdle).since(last), "TEXTBOOK-KEEPALIVE-IDLE")).at;
  int probes = 1;
  for (;; probes++) {
    co_await peer.arrival(s.timer(kInterval).latest + 1s);
    const auto got = peer.take_all();
    const bool over = got.empty() || got.front().segment.flags.has(wire::kRst);
    const auto took = got.empty() ? Duration{0} : between(last, got.front().at).most;
    if (!got.empty() && (took < s.timer(kInterval).earliest || took > s.timer(kInterval).latest)) {
      differs(s, "the interval of the probes", "75 s", fmt::format("{:.3f} s", seconds(took)),
              documented(s.profile().keepalive_interval, took - 1s, took), "TEXTBOOK-KEEPALIVE-INTERVAL");
    }
    if (over) break;
    last = got.front().at;
  }
  co_await app.expect_error(ETIMEDOUT, "POSIX-RECV-ETIMEDOUT");
  if (probes != kProbes) {
    const bool own = probes == s.profile().keepalive_count;
    differs(
        s, "the number of probes", "10 probes", fmt::format("{} probes", probes),
        own ? "what the target itself documents" : fmt::format("the target documents {}", s.profile().keepalive_count),
        "TEXTBOOK-KEEPALIVE-COUNT");
  }
}

CASE(keepalive_set, "textbook/keepalive/as-configured",
     "set to 7200 s, 75 s and 10: the timer starts anew at each received octet; a probe after 2 hours, one each 75 s, "
     "and "
     "after 10 unanswered ones the connection is closed",
     Covers{{"TEXTBOOK-KEEPALIVE-IDLE", "TEXTBOOK-KEEPALIVE-INTERVAL", "TEXTBOOK-KEEPALIVE-COUNT", "RFC9293-MUST-27",
             "RFC9293-MUST-26-IDLE", "RFC9293-3.8.4-DEATH", "LINUX-KEEPOPTS"}},
     Needs{{Capability::keepalive}}, Lasts{13000s}) {
  auto [peer, app] = co_await s.established();
  app.keepalive({.idle = std::chrono::seconds(7200), .interval = std::chrono::seconds(75), .count = kProbes});
  co_await s.pause(1h);
  const Instant heard = peer.send(data("a"));
  co_await peer.expect(ack(), within(kDelayedAck), "RFC9293-MUST-40");
  co_await app.expect_data("a");
  const auto probe = ack().seq(peer.rcv_nxt() - 1).any_payload();
  Instant last = (co_await peer.expect(probe, s.timer(kIdle).since(heard), "RFC9293-MUST-26-IDLE")).at;
  for (int i = 1; i < kProbes; i++) {
    last = (co_await peer.expect(probe, s.timer(kInterval).since(last), "RFC9293-MUST-27")).at;
  }
  co_await s.until(last, s.timer(kInterval).latest + kAtOnce);
  peer.take_all();  // whether a reset tells the peer is left open
  co_await app.expect_error(ETIMEDOUT, "RFC9293-3.8.4-DEATH");
  co_await expect_closed(peer, "RFC9293-3.8.4-DEATH");
}

}  // namespace finwait
