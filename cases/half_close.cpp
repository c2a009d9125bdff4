// Half-close: one direction is closed and the other still carries data (RFC 9293 3.6.1, 3.10.2, 3.10.7.4).
#include "cases/steps.hpp"

namespace finwait {

FINWAIT_CHAPTER(half_close)

CASE(target_shuts, "half-close/by-target/data-still-received",
     "after its FIN the target still receives, acknowledges and delivers what the peer sends",
     Covers{{"RFC9293-3.10.7.4-TEXT-FW2", "RFC9293-3.6.1-HALFCLOSE", "RFC9293-3.10.3-RECV-FW"}},
     Needs{{Capability::half_close}}, Lasts{3s}) {
  auto [peer, app] = co_await s.established();
  co_await half_closed(peer, app);
  peer.send(ack());
  for (const char* text : {"one", "two", "three"}) {
    peer.send(data(text));
    co_await peer.expect(ack(), within(kDelayedAck), "RFC9293-3.10.7.4-TEXT-FW2");
    co_await app.expect_data(text, "RFC9293-3.10.3-RECV-FW");
    co_await s.pause(700ms);
  }
  peer.send(fin());
  co_await peer.expect(ack(), within(kDelayedAck), "RFC9293-3.10.7.4-FIN-FW2");
  co_await app.expect_eof("RFC9293-3.10.7.4-FIN-NOTIFY");
}

CASE(peer_shuts, "half-close/by-peer/data-still-sent", "in CLOSE-WAIT the target's application still sends as before",
     Covers{{"RFC9293-3.10.2-SEND-CW", "RFC9293-3.6.1-HALFCLOSE"}}, Lasts{3s}) {
  auto [peer, app] = co_await s.established();
  co_await close_wait(peer);
  co_await app.expect_eof("RFC9293-3.10.7.4-FIN-NOTIFY");
  for (const char* text : {"one", "two", "three"}) {
    app.send(text, "RFC9293-3.10.2-SEND-CW");
    co_await peer.expect(data(text), within(kAtOnce), "RFC9293-3.10.2-SEND-CW");
    peer.send(ack());
    co_await s.pause(700ms);
  }
  app.close();
  co_await peer.expect(fin(), within(kAtOnce), "RFC9293-3.10.4-CLOSE-CW");
  peer.send(ack());
  co_await expect_closed(peer, "RFC9293-3.10.7.4-LA-ACKFIN");
}

CASE(in_fin_wait_1, "half-close/by-target/data-in-fin-wait-1",
     "data that comes before the peer has acknowledged the FIN is acknowledged and delivered",
     Covers{{"RFC9293-3.10.7.4-TEXT-FW1"}}, Needs{{Capability::half_close}}) {
  auto [peer, app] = co_await s.established();
  co_await half_closed(peer, app);
  peer.send(data("hello").ack(peer.rcv_nxt() - 1));
  co_await peer.expect(ack(), within(kDelayedAck));
  co_await app.expect_data("hello");
  peer.send(ack());
}

CASE(data_and_fin, "half-close/by-target/data-with-fin",
     "data and FIN in one segment are delivered in that order, and one ACK covers both",
     Covers{{"RFC9293-3.10.7.4-FIN-FW2-DATA"}}, Needs{{Capability::half_close}}) {
  auto [peer, app] = co_await s.established();
  co_await half_closed(peer, app);
  peer.send(ack());
  peer.send(fin().payload(wire::to_bytes("the end")));
  co_await peer.expect(ack(), within(kDelayedAck));
  co_await app.expect_data("the end");
  co_await app.expect_eof();
}

CASE(read_drains, "half-close/by-peer/unread-data-then-end",
     "what came before the FIN can be read after it, in pieces, then the end of the stream",
     Covers{{"RFC9293-3.10.3-RECV-CW", "POSIX-RECV-EOF"}}) {
  auto [peer, app] = co_await s.established();
  peer.send(data("0123456789"));
  co_await peer.expect(ack(), within(kDelayedAck), "RFC9293-MUST-40");
  co_await close_wait(peer);
  co_await app.expect_data("0123");
  co_await app.expect_data("456789");
  co_await app.expect_eof();
  co_await app.expect_eof("POSIX-RECV-EOF");
}

CASE(send_after_shutdown, "half-close/by-target/send-after-shutdown",
     "send after shutdown fails with EPIPE and puts nothing on the wire",
     Covers{{"RFC9293-3.10.2-SEND-CLOSING", "POSIX-SEND-EPIPE", "POSIX-SHUTDOWN-WR"}},
     Needs{{Capability::half_close}}) {
  auto [peer, app] = co_await s.established();
  co_await half_closed(peer, app);
  peer.send(ack());
  app.expect_send_error(EPIPE, "POSIX-SEND-EPIPE");
  co_await peer.quiet(kShortSilence, "RFC9293-3.10.2-SEND-CLOSING");
}

CASE(open_fin_wait_2, "half-close/by-target/no-timeout-while-open",
     "FIN-WAIT-2 has no time limit while the application holds the socket: orphan timers must not touch it",
     Covers{{"RFC9293-3.10.8-NOFW2"}}, Needs{{Capability::half_close}}, Lasts{7s},
     OwnSandbox{{{"net.ipv4.tcp_fin_timeout", "2"}}}) {
  auto [peer, app] = co_await s.established();
  co_await half_closed(peer, app);
  peer.send(ack());
  co_await peer.quiet(6s);
  co_await expect_alive(peer);
  peer.send(data("still here"));
  co_await peer.expect(ack(), within(kDelayedAck), "RFC9293-3.10.7.4-TEXT-FW2");
  co_await app.expect_data("still here", "RFC9293-3.10.3-RECV-FW");
}

CASE(text_after_fin, "half-close/by-peer/text-after-fin",
     "text after the peer's FIN is not delivered and not acknowledged", Covers{{"RFC9293-3.10.7.4-TEXT-AFTER-FIN"}}) {
  auto [peer, app] = co_await s.established();
  co_await close_wait(peer);
  const auto after_fin = peer.snd_nxt();
  peer.send(data("ghost").seq(after_fin));
  co_await s.pause(kDelayedAck);
  // Silence and an ACK of what was acknowledged before are both allowed; nothing else is.
  if (!peer.pending().empty()) co_await peer.expect(ack().ack(after_fin), within(kDelayedAck + 100ms));
  co_await app.expect_eof();
}

CASE(close_wait_stays, "half-close/by-peer/stays-open",
     "CLOSE-WAIT lasts until the application closes: no timer ends it", Covers{{"RFC9293-3.6-NOFIN-UNTIL-CLOSE"}},
     Lasts{65s}) {
  auto [peer, app] = co_await s.established();
  co_await close_wait(peer);
  co_await peer.quiet(62s, "RFC9293-3.6-NOFIN-UNTIL-CLOSE");
  app.send("still here", "RFC9293-3.6-NOFIN-UNTIL-CLOSE");
  co_await peer.expect(data("still here"), within(kAtOnce), "RFC9293-3.6-NOFIN-UNTIL-CLOSE");
  peer.send(ack());
}

}  // namespace finwait
