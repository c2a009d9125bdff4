// Abort: a connection that its application does not end in order (RFC 9293 3.6.1, 3.9.1.6, 3.10.5).
#include "cases/steps.hpp"

namespace finwait {

FINWAIT_CHAPTER(abort)

CASE(established, "abort/established", "ABORT sends a reset with SEQ = SND.NXT and deletes the connection",
     Covers{{"RFC9293-3.10.5-ABORT-SYNC", "RFC9293-3.9.1.6-ABORT", "DEFACTO-LINGER0"}}, Needs{{Capability::abort}}) {
  auto [peer, app] = co_await s.established();
  app.abort();
  co_await peer.expect(rst(), within(kAtOnce));
  co_await expect_closed(peer, "RFC9293-3.9.1.6-ABORT");
}

CASE(unacknowledged_data, "abort/established/data-outstanding",
     "the reset's sequence number lies after data that is sent and not acknowledged",
     Covers{{"RFC9293-3.10.5-ABORT-SYNC"}}, Needs{{Capability::abort}}) {
  auto [peer, app] = co_await s.established();
  app.send("in flight");
  co_await peer.expect(data("in flight"), within(kAtOnce));
  app.abort();
  co_await peer.expect(rst(), within(kAtOnce));
  co_await peer.quiet(1s);  // nothing is retransmitted
}

CASE(close_wait_state, "abort/close-wait", "ABORT in CLOSE-WAIT sends a reset and no FIN",
     Covers{{"RFC9293-3.10.5-ABORT-SYNC"}}, Needs{{Capability::abort}}) {
  auto [peer, app] = co_await s.established();
  co_await close_wait(peer);
  app.abort();
  co_await peer.expect(rst(), within(kAtOnce));
  co_await expect_closed(peer);
}

CASE(fin_wait_1_state, "abort/fin-wait-1",
     "ABORT after shutdown, the FIN not acknowledged: a reset with SEQ after the FIN",
     Covers{{"RFC9293-3.10.5-ABORT-SYNC"}}, Needs{{Capability::abort, Capability::half_close}}, Lasts{2s}) {
  auto [peer, app] = co_await s.established();
  co_await half_closed(peer, app);
  app.abort();
  co_await peer.expect(rst(), within(kAtOnce));
  co_await peer.quiet(1500ms);  // the FIN does not come again
}

CASE(fin_wait_2_state, "abort/fin-wait-2", "ABORT in FIN-WAIT-2 sends a reset with SEQ after the FIN",
     Covers{{"RFC9293-3.10.5-ABORT-SYNC"}}, Needs{{Capability::abort, Capability::half_close}}) {
  auto [peer, app] = co_await s.established();
  co_await half_closed(peer, app);
  peer.send(ack());
  app.abort();
  co_await peer.expect(rst(), within(kAtOnce));
  co_await expect_closed(peer);
}

CASE(unread_data, "abort/close-with-unread-data",
     "closing while received data is unread tells the peer by a reset that it was lost",
     Covers{{"RFC9293-SHLD-3-UNREAD", "RFC2525-2.17"}}) {
  auto [peer, app] = co_await s.established();
  peer.send(data("never read"));
  co_await peer.expect(ack(), within(kDelayedAck), "RFC9293-MUST-40");
  app.close();
  co_await peer.expect(rst(), within(kAtOnce));
  co_await expect_closed(peer);
}

CASE(data_in_fin_wait_1, "abort/data-after-close/fin-wait-1",
     "data that comes after the application has closed for good draws a reset",
     Covers{{"RFC9293-SHLD-3-NEWDATA", "RFC9293-MAY-1", "RFC2525-2.16"}}) {
  auto [peer, app] = co_await s.established();
  co_await fin_wait_1(peer, app);
  peer.send(data("too late"));
  const auto reset = rst().any_ack();  // if it has one: with or without the octets that are lost
  co_await peer.expect(reset, within(kAtOnce));
  co_await expect_closed(peer);
}

CASE(data_in_fin_wait_2, "abort/data-after-close/fin-wait-2", "the same when the close has already been acknowledged",
     Covers{{"RFC9293-SHLD-3-NEWDATA", "RFC2525-2.16"}}) {
  auto [peer, app] = co_await s.established();
  co_await fin_wait_2(peer, app);
  peer.send(data("too late"));
  const auto reset = rst().any_ack();  // if it has one: with or without the octets that are lost
  co_await peer.expect(reset, within(kAtOnce));
  co_await expect_closed(peer);
}

}  // namespace finwait
