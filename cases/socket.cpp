// The socket API around the end of a connection: shutdown() in every order, what poll() says at each step, what fails
// and how (POSIX; RFC 9293 3.9.1, 3.10).
#include "cases/steps.hpp"

namespace finwait {

FINWAIT_CHAPTER(socket)

namespace {

using target::Readiness;

/// poll() says this. What POSIX leaves open, POLLRDHUP and whether POLLOUT stands beside POLLHUP, is as Linux has it.
void expect_ready(Scenario& s, App& app, Readiness wanted, std::string_view requirement) {
  const Readiness seen = app.poll();
  if (seen == wanted) return;
  const bool posix = seen.in == wanted.in && seen.error == wanted.error && (seen.hang_up || !wanted.hang_up);
  s.fail("poll() says something else than is so", to_string(wanted), to_string(seen),
         posix ? "LINUX-POLL" : requirement);
}

Task<> linger_for(App& app, std::chrono::seconds limit, Duration& took) { took = co_await app.lingering_close(limit); }

/// The FIN is acknowledged so long after it came.
Task<> acknowledge_fin(Scenario& s, Peer& peer, Duration after) {
  co_await peer.expect(fin(), within(kAtOnce));
  co_await s.pause(after);
  peer.take_all();  // it may have come again
  peer.send(ack());
}

constexpr Readiness kWritable{.out = true};
constexpr Readiness kHalfClosed{.in = true, .out = true, .read_hang_up = true};

}  // namespace

CASE(shut_both, "socket/shutdown/both-ways", "shutdown(SHUT_RDWR) sends a FIN", Covers{{"POSIX-SHUTDOWN-RDWR"}},
     Needs{{Capability::half_close}}) {
  auto [peer, app] = co_await s.established();
  app.shutdown(How::rdwr);
  co_await peer.expect(fin(), within(kAtOnce));
  peer.send(ack());
}

CASE(shut_reading, "socket/shutdown/reading",
     "shutdown(SHUT_RD) sends nothing; the application reads the end of the stream, and can still send",
     Covers{{"POSIX-SHUTDOWN-RD"}}, Needs{{Capability::half_close}}) {
  auto [peer, app] = co_await s.established();
  app.shutdown(How::rd);
  co_await peer.quiet(kShortSilence);
  co_await app.expect_eof();
  app.send("hello");
  co_await peer.expect(data("hello"), within(kAtOnce));
  peer.send(ack());
}

CASE(shut_in_turn, "socket/shutdown/reading-then-writing",
     "shutdown(SHUT_RD), then shutdown(SHUT_WR): one FIN, at the second",
     Covers{{"POSIX-SHUTDOWN-WR", "POSIX-SHUTDOWN-RD"}}, Needs{{Capability::half_close}}) {
  auto [peer, app] = co_await s.established();
  app.shutdown(How::rd);
  co_await peer.quiet(kShortSilence, "POSIX-SHUTDOWN-RD");
  app.shutdown(How::wr);
  co_await peer.expect(fin(), within(kAtOnce), "POSIX-SHUTDOWN-WR");
  peer.send(ack());
}

CASE(shut_twice, "socket/shutdown/twice", "a second shutdown(SHUT_WR), and a close() after it, send no second FIN",
     Covers{{"RFC9293-3.10.4-CLOSE-FW"}}, Needs{{Capability::half_close}}) {
  auto [peer, app] = co_await s.established();
  co_await half_closed(peer, app);
  peer.send(ack());
  (void)app.try_shutdown(How::wr);
  co_await peer.quiet(kShortSilence);
  app.close();
  co_await peer.quiet(kShortSilence);
}

CASE(close_late, "socket/close/time-wait", "close() of a socket that is in TIME-WAIT sends nothing",
     Covers{{"RFC9293-3.10.4-CLOSE-LATE"}}, Needs{{Capability::half_close}}) {
  auto [peer, app] = co_await s.established();
  co_await half_closed(peer, app);
  peer.send(ack());
  peer.send(fin());
  co_await peer.expect(ack(), within(kDelayedAck), "RFC9293-3.10.7.4-FIN-FW2");
  app.close();
  co_await peer.quiet(kShortSilence);
}

CASE(abort_late, "socket/abort/time-wait", "ABORT of a socket that is in TIME-WAIT sends no reset",
     Covers{{"RFC9293-3.10.5-ABORT-LATE"}}, Needs{{Capability::half_close, Capability::abort}}) {
  auto [peer, app] = co_await s.established();
  co_await half_closed(peer, app);
  peer.send(ack());
  peer.send(fin());
  co_await peer.expect(ack(), within(kDelayedAck), "RFC9293-3.10.7.4-FIN-FW2");
  app.abort();
  co_await peer.quiet(kShortSilence);
}

CASE(read_late, "socket/recv/time-wait", "in TIME-WAIT text that was not read can be read, and then its end",
     Covers{{"RFC9293-3.10.3-RECV-LATE", "POSIX-RECV-EOF"}}, Needs{{Capability::half_close}}) {
  auto [peer, app] = co_await s.established();
  co_await half_closed(peer, app);
  peer.send(ack());
  peer.send(fin().payload(wire::to_bytes("the end")));
  co_await peer.expect(ack(), within(kDelayedAck), "RFC9293-3.10.7.4-FIN-FW2");
  co_await app.expect_data("the end", "RFC9293-3.10.3-RECV-LATE");
  co_await app.expect_eof("POSIX-RECV-EOF");
}

CASE(not_connected, "socket/shutdown/after-a-reset",
     "shutdown() of a connection that a reset has ended fails with ENOTCONN", Covers{{"POSIX-SHUTDOWN-ENOTCONN"}},
     Needs{{Capability::half_close}}) {
  auto [peer, app] = co_await s.established();
  peer.send(wire::Spec(wire::kRst).seq(peer.snd_nxt()));
  co_await s.pause(kAtOnce);
  const auto done = app.try_shutdown(How::wr);
  if (done || !(done.error() == ENOTCONN)) {
    s.fail("shutdown() does not say that there is no connection", "shutdown: ENOTCONN",
           done ? "shutdown: 0" : "shutdown: " + done.error().name());
  }
}

CASE(
    poll_passive, "socket/poll/peer-closes-first",
    "poll() on the passive side: writable; then readable and POLLRDHUP at the FIN, though nobody calls recv(); POLLHUP "
    "when both sides are shut",
    Covers{{"RFC9293-3.6-SIGNAL", "RFC9293-3.10.7.4-FIN-NOTIFY", "LINUX-POLL"}},
    Needs{{Capability::half_close, Capability::poll}}) {
  auto [peer, app] = co_await s.established();
  expect_ready(s, app, kWritable, "RFC9293-3.6-SIGNAL");
  co_await close_wait(peer);
  expect_ready(s, app, kHalfClosed, "RFC9293-3.6-SIGNAL");
  app.shutdown(How::wr);
  co_await peer.expect(fin(), within(kAtOnce), "RFC9293-3.10.4-CLOSE-CW");
  expect_ready(s, app, {.in = true, .out = true, .read_hang_up = true, .hang_up = true}, "RFC9293-3.6-SIGNAL");
  peer.send(ack());
}

CASE(poll_active, "socket/poll/target-closes-first",
     "poll() on the active side: nothing new at its own FIN; readable, POLLRDHUP and POLLHUP at the peer's",
     Covers{{"RFC9293-3.6-SIGNAL", "RFC9293-3.10.7.4-FIN-NOTIFY", "LINUX-POLL"}},
     Needs{{Capability::half_close, Capability::poll}}) {
  auto [peer, app] = co_await s.established();
  co_await half_closed(peer, app);
  peer.send(ack());
  expect_ready(s, app, kWritable, "RFC9293-3.6-SIGNAL");
  peer.send(fin());
  co_await peer.expect(ack(), within(kDelayedAck), "RFC9293-3.10.7.4-FIN-FW2");
  expect_ready(s, app, {.in = true, .out = true, .read_hang_up = true, .hang_up = true}, "RFC9293-3.6-SIGNAL");
}

CASE(poll_data, "socket/poll/data", "poll() says readable when there is text, and no hang-up",
     Covers{{"RFC9293-3.6-SIGNAL"}}, Needs{{Capability::poll}}) {
  auto [peer, app] = co_await s.established();
  peer.send(data("hello"));
  co_await peer.expect(ack(), within(kDelayedAck), "RFC9293-MUST-40");
  expect_ready(s, app, {.in = true, .out = true}, "RFC9293-3.6-SIGNAL");
  co_await app.expect_data("hello");
  expect_ready(s, app, kWritable, "RFC9293-3.6-SIGNAL");
}

CASE(poll_reset, "socket/poll/reset", "poll() says POLLERR and POLLHUP after a reset, until the error has been taken",
     Covers{{"RFC9293-MUST-12"}}, Needs{{Capability::poll}}) {
  auto [peer, app] = co_await s.established();
  peer.send(wire::Spec(wire::kRst).seq(peer.snd_nxt()));
  co_await s.pause(kAtOnce);
  Readiness ended{.in = true, .out = true, .read_hang_up = true, .hang_up = true, .error = true};
  expect_ready(s, app, ended, "RFC9293-MUST-12");
  if (app.take_error() != ECONNRESET) s.fail("SO_ERROR is not that of a reset", "ECONNRESET", "another");
  ended.error = false;
  expect_ready(s, app, ended, "RFC9293-MUST-12");
}

CASE(linger, "socket/close/lingering",
     "close() with SO_LINGER of 2 s and text that cannot be sent waits for 2 s, not longer",
     Covers{{"POSIX-CLOSE-LINGER-BLOCK"}}, Needs{{Capability::linger}}, Lasts{5s}) {
  auto [peer, app] = co_await s.established();
  peer.set_rcv_wnd(0);
  app.send("before");
  co_await peer.expect(data("before"), within(kAtOnce));
  peer.send(ack());
  app.send("held back");
  auto closing = app.lingering_close(2s);
  const Duration took = co_await closing;
  const auto timer = s.timer(2s);
  if (took < timer.earliest - 100ms || took > timer.latest + 200ms) {
    s.fail("close() did not wait as it was told to", "2 s", std::to_string(seconds(took)) + " s");
  }
  peer.take_all();
}

CASE(linger_done, "socket/close/lingering-acknowledged",
     "close() with SO_LINGER returns when the FIN is acknowledged; the connection is still there, in FIN-WAIT-2",
     Covers{{"RFC9293-3.10.7.4-FW2-CLOSEOK"}}, Needs{{Capability::linger}}, Lasts{3s}) {
  auto [peer, app] = co_await s.established();
  Duration took{};
  std::vector<Task<>> both;
  both.push_back(linger_for(app, 5s, took));
  both.push_back(acknowledge_fin(s, peer, 500ms));
  co_await all_of(std::move(both));
  if (took > 1500ms)
    s.fail("close() waits on after the FIN was acknowledged", "0.5 s", std::to_string(seconds(took)) + " s");
  co_await expect_alive(peer);
}

CASE(open_again, "socket/connect/the-same-again",
     "a connection cannot be opened a second time while there is one, open, closing or in TIME-WAIT",
     Covers{{"RFC9293-3.10.1-OPEN-EXISTS", "RFC9293-3.9.1.4-REOPEN-ERR"}},
     Needs{{Capability::active, Capability::ports, Capability::half_close}}) {
  auto [peer, app] = co_await s.established(Open::active);
  const auto refused = [&](std::string_view state) {
    if (s.try_connect_again(peer) != 0) return;
    s.fail("a connection that there is was opened a second time, in " + std::string(state), "connect: an error",
           "connect: it begins");
  };
  refused("established");
  co_await half_closed(peer, app);
  peer.send(ack());
  refused("fin-wait-2");
  peer.send(fin());
  co_await peer.expect(ack(), within(kDelayedAck), "RFC9293-3.10.7.4-FIN-FW2");
  refused("time-wait");
}

CASE(full_queue, "socket/listen/full-queue",
     "when more peers connect than may wait to be accepted, those that are too many hear nothing, and no reset: they "
     "can "
     "try again",
     Covers{{"RFC3360-2-CONGEST"}}, Needs{{Capability::ports}}, Lasts{2s}) {
  constexpr int kMore = 6;
  auto [first, app] = co_await s.established_at_own_port({.backlog = 1});
  std::vector<Peer*> peers;
  for (int i = 0; i < kMore; i++) {
    Peer& peer = *peers.emplace_back(&s.new_peer_at_own_port());
    peer.send(syn());
    co_await peer.arrival(kAtOnce);
    if (!peer.take_all().empty()) peer.send(ack());
  }
  co_await s.pause(kDelayedAck);
  for (Peer* peer : peers) {
    for (const auto& one : peer->take_all()) {
      if (!one.segment.flags.has(wire::kRst)) continue;
      s.fail("a peer was reset because there are too many", "silence, or a SYN,ACK", "a reset");
    }
  }
  co_await expect_alive(first);
}

CASE(listen_again, "socket/listen/while-a-connection-waits",
     "a port with a connection in TIME-WAIT can be listened on again with SO_REUSEADDR, and only with it",
     Covers{{"DEFACTO-REUSEADDR-TW"}}, Needs{{Capability::ports}}) {
  auto [peer, app] = co_await s.established_at_own_port();
  co_await time_wait(peer, app);
  s.close_own_port();
  const int plain = s.try_listen_at_own_port({.reuse = false});
  if (plain != EADDRINUSE) {
    s.fail("a port in TIME-WAIT was given away unasked", "bind: EADDRINUSE",
           plain == 0 ? "bind: 0" : "bind: " + Errno{plain, {}}.name());
  }
  const int asked = s.try_listen_at_own_port({.reuse = true});
  if (asked != 0) s.fail("SO_REUSEADDR does not help", "bind: 0", "bind: " + Errno{asked, {}}.name());
}

}  // namespace finwait
