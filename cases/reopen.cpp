// New connections where an old one waits: a SYN in TIME-WAIT, by its number and by its timestamp, the hazards of RFC
// 1337, and what must not keep TIME-WAIT alive (RFC 9293 3.6.1 MAY-2, 3.10.7.4; RFC 6191; RFC 1337).
#include "cases/steps.hpp"

namespace finwait {

FINWAIT_CHAPTER(reopen)

namespace {

constexpr std::uint32_t kLongAgo = 100000;  // of a timestamp clock that counts milliseconds

/// A connection in TIME-WAIT.
Task<Connection> left(Scenario& s, bool stamped) {
  auto opening = stamped ? with_timestamps(s) : s.established();
  auto [peer, app] = co_await opening;
  co_await time_wait(peer, app);
  co_await s.pause(20ms);
  co_return Connection{peer, app};
}

/// The SYN opens a new connection, on which text passes.
Task<> expect_reopened(Scenario& s, Peer& peer, const wire::Spec& spec, std::string_view requirement) {
  const wire::SeqNum iss = spec.seq().value();
  peer.send(spec);
  co_await peer.expect(syn_ack().any_seq().ack(iss + 1), within(kAtOnce), requirement);
  peer.send(ack());
  App* app = co_await expect_accepted(s, peer, requirement);
  peer.send(data("again"));
  co_await peer.expect(ack(), within(kDelayedAck), requirement);
  co_await app->expect_data("again", requirement);
}

/// The SYN is an old duplicate: no answer, or an ACK, and the old connection still waits.
Task<> expect_refused(Scenario& s, Peer& peer, const wire::Spec& spec, std::string_view requirement) {
  const auto next = peer.snd_nxt();
  peer.send(spec);
  co_await s.pause(kShortSilence);
  for (const auto& one : peer.take_all()) {
    if (one.segment.flags == wire::kAck) continue;
    s.fail("an old SYN drew something else than an ACK", "silence, or an ACK of the old connection",
           to_string(one.segment.flags), requirement);
  }
  co_await s.pause(600ms);
  peer.send(fin().seq(next - 1));
  co_await peer.expect(ack().ack(next), within(kAtOnce), requirement);
}

/// What a SYN offers.
wire::OptionList offer(std::uint32_t value) { return wire::OptionList().mss(1220).timestamps(value, 0); }

}  // namespace

CASE(by_number, "time-wait/reopened/by-number",
     "without timestamps a SYN above the old connection's numbers opens a new one",
     Covers{{"RFC9293-MAY-2-1", "RFC6191-R6"}}, Lasts{2s}) {
  auto [peer, app] = co_await left(s, false);
  co_await expect_reopened(s, peer, syn().seq(peer.snd_nxt() + 1000), "RFC6191-R6");
}

CASE(by_next_number, "time-wait/reopened/by-the-next-number",
     "the last number of the old connection is that of its FIN: the next one is new", Covers{{"RFC6191-LASTSEQ"}},
     Lasts{2s}) {
  auto [peer, app] = co_await left(s, false);
  co_await expect_reopened(s, peer, syn().seq(peer.snd_nxt()), "RFC6191-LASTSEQ");
}

CASE(by_old_number, "time-wait/refused/by-number", "without timestamps a SYN that is not above is dropped",
     Covers{{"RFC6191-R7", "RFC9293-MAY-2-1"}}, Lasts{2s}) {
  auto [peer, app] = co_await left(s, false);
  co_await expect_refused(s, peer, syn().seq(peer.snd_nxt() - 1), "RFC6191-R7");
}

CASE(newer_stamp, "time-wait/reopened/by-newer-timestamp",
     "a SYN with a newer timestamp opens a new connection, even from below the old numbers",
     Covers{{"RFC6191-R1", "RFC9293-SHLD-4"}}, Lasts{2s}) {
  auto [peer, app] = co_await left(s, true);
  const auto options = offer(peer.ts_now());
  co_await expect_reopened(s, peer, syn().seq(peer.snd_nxt() - 50000).options(options), "RFC6191-R1");
}

CASE(equal_stamp, "time-wait/reopened/by-number-at-equal-timestamp",
     "a SYN with the last timestamp again opens a new connection if its number is above", Covers{{"RFC6191-R2"}},
     Lasts{2s}) {
  auto [peer, app] = co_await left(s, true);
  const auto options = offer(peer.ts_sent());
  co_await expect_reopened(s, peer, syn().seq(peer.snd_nxt() + 1000).options(options), "RFC6191-R2");
}

CASE(no_more_stamps, "time-wait/reopened/by-number-without-timestamp",
     "after a connection with timestamps a SYN without one opens a new connection if its number is above",
     Covers{{"RFC6191-R3"}}, Lasts{2s}) {
  auto [peer, app] = co_await left(s, true);
  const auto options = wire::OptionList().mss(1220);
  co_await expect_reopened(s, peer, syn().seq(peer.snd_nxt() + 1000).options(options), "RFC6191-R3");
}

CASE(older_stamp, "time-wait/refused/by-older-timestamp", "a SYN with an older timestamp is dropped",
     Covers{{"RFC6191-R4"}}, Lasts{2s}) {
  auto [peer, app] = co_await left(s, true);
  const auto options = offer(peer.ts_first() - kLongAgo);
  co_await expect_refused(s, peer, syn().seq(peer.snd_nxt() - 50000).options(options), "RFC6191-R4");
}

CASE(first_stamp, "time-wait/reopened/by-first-timestamp",
     "after a connection without timestamps a SYN that offers them opens a new connection", Covers{{"RFC6191-R5"}},
     Lasts{2s}) {
  auto [peer, app] = co_await left(s, false);
  const auto options = offer(peer.ts_now());
  co_await expect_reopened(s, peer, syn().seq(peer.snd_nxt() - 50000).options(options), "RFC6191-R5");
}

CASE(old_duplicate_syn, "time-wait/reopened/by-an-old-duplicate",
     "a SYN that reopens and proves to be an old duplicate leads back to TIME-WAIT: the reset that says so ends "
     "nothing else",
     Covers{{"RFC9293-MAY-2-2"}}, Lasts{5s}) {
  auto [peer, app] = co_await left(s, false);
  const auto end = peer.snd_nxt();
  const auto fresh = end + 1000;
  peer.send(syn().seq(fresh));
  const auto answer = co_await peer.expect(ack().maybe(wire::kSyn).any_seq().any_ack(), within(kAtOnce));
  if (!answer.segment.flags.has(wire::kSyn)) co_return;  // not reopened: it need not
  peer.send(wire::Spec(wire::kRst).seq(fresh + 1));
  co_await peer.quiet(3s);  // the SYN,ACK does not come again
  peer.send(fin().seq(end - 1).ack(answer.segment.seq));
  co_await peer.expect(ack().any_seq().ack(end), within(kAtOnce));
}

CASE(
    reset_ignored, "time-wait/reset/ignored-as-rfc-1337",
    "a target set to RFC 1337 ignores a reset in TIME-WAIT: an old duplicate cannot cut it short, and no old text gets "
    "into a new connection",
    Covers{{"RFC1337-F1", "RFC1337-H1"}}, OwnSandbox{{{"net.ipv4.tcp_rfc1337", "1"}}}) {
  auto [peer, app] = co_await left(s, false);
  const auto next = peer.snd_nxt();
  peer.send(old_ack(peer));
  co_await peer.expect(ack().ack(next), within(kAtOnce));
  peer.send(wire::Spec(wire::kRst).seq(next));  // of a peer that has nothing left of the connection
  co_await peer.quiet(kShortSilence);
  peer.send(data("old").seq(next - 100));
  co_await peer.expect(ack().ack(next), within(kAtOnce), "RFC1337-H1");
}

CASE(old_ack_in_new, "time-wait/reopened/old-ack-afterwards",
     "an old ACK in a new incarnation draws at most a few ACKs and desynchronises nothing", Covers{{"RFC1337-H2"}},
     Lasts{3s}) {
  auto [peer, app] = co_await left(s, false);
  const auto old_seq = peer.snd_nxt() - 1;
  const auto old_number = peer.rcv_nxt();
  co_await expect_reopened(s, peer, syn().seq(peer.snd_nxt() + 1000), "RFC9293-MAY-2-1");
  peer.send(ack().seq(old_seq).ack(old_number));
  co_await s.pause(1s);
  const auto answers = peer.take_all();
  if (answers.size() > 3) {
    s.fail("an old ACK begins a storm", "three ACKs at most", std::to_string(answers.size()) + " segments");
  }
  peer.send(data("new"));
  co_await peer.expect(ack(), within(kDelayedAck));
}

CASE(old_ack_while_opening, "open/old-ack-in-syn-sent", "an old ACK draws a reset in SYN-SENT, and the opening goes on",
     Covers{{"RFC1337-H3", "RFC9293-3.10.7.3-SS-BADACK"}}, Needs{{Capability::active}}) {
  auto [peer, app, call] = co_await s.opening();
  const wire::SeqNum wrong = peer.rcv_nxt() + 77777;
  peer.send(ack().ack(wrong));
  co_await peer.expect(wire::Spec(wire::kRst).seq(wrong), within(kAtOnce), "RFC9293-3.10.7.3-SS-BADACK");
  const auto ours = peer.iss() + 500;
  peer.send(syn_ack().seq(ours));
  co_await peer.expect(ack().ack(ours + 1), within(kAtOnce));
}

CASE(not_extended, "time-wait/not-kept-alive",
     "segments from outside the window do not keep TIME-WAIT alive: only a FIN that comes again starts the 2 MSL anew",
     Covers{{"RFC9293-3.10.7.4-TW-NOEXTEND"}}, Lasts{3s, 1.2}) {
  const auto timer = s.documented(&model::Profile::two_msl);
  auto [peer, app] = co_await s.established();
  co_await time_wait(peer, app);
  const Instant since = peer.last_event();
  const auto next = peer.snd_nxt();
  for (int quarter = 1; quarter < 4; quarter++) {
    co_await s.until(since, timer.nominal * quarter / 4);
    peer.send(ack().seq(next - 20000));
    co_await peer.expect(ack().ack(next), within(kAtOnce), "RFC9293-3.10.7.4-OTW-ACK");
  }
  co_await s.until(since, timer.latest + 100ms);
  const auto soon = within(kAtOnce).because_of(timer);
  co_await expect_closed(peer, "RFC9293-3.10.7.4-TW-NOEXTEND", soon);
}

}  // namespace finwait
