// ICMP errors while a connection is open or ends: which of them may end it, and how the application learns (RFC 9293
// 3.9.2.2; RFC 5927; RFC 6633).
#include "cases/steps.hpp"
#include "harness/explore/perform.hpp"

namespace finwait {

FINWAIT_CHAPTER(icmp)

namespace {

using explore::send_icmp;
using wire::IcmpError;

/// Text is on its way: an ICMP error about it is about something.
Task<Connection> in_flight(Scenario& s) {
  auto [peer, app] = co_await s.established();
  app.send("hello");
  co_await peer.expect(data("hello"), within(kAtOnce));
  co_return Connection{peer, app};
}

/// The connection is there: what was in flight is acknowledged, and more can be sent.
Task<> expect_unharmed(Peer& peer, App& app, std::string_view requirement) {
  peer.send(ack());
  app.send("more", requirement);
  co_await peer.expect(data("more"), within(kAtOnce), requirement);
  peer.send(ack());
}

}  // namespace

CASE(soft_error, "icmp/soft/established",
     "host unreachable is a soft error: it does not end the connection, and the application can learn of it",
     Covers{{"RFC9293-MUST-56", "RFC9293-MUST-47", "RFC9293-SHLD-25"}}) {
  auto [peer, app] = co_await in_flight(s);
  send_icmp(peer, IcmpError::host_unreachable);
  co_await s.pause(kShortSilence);
  peer.take_all();  // the text may come again
  const int told = app.take_error();
  if (told == 0) {
    s.fail("the application cannot learn of the soft error", "SO_ERROR: EHOSTUNREACH", "SO_ERROR: 0",
           "RFC9293-SHLD-25");
  }
  co_await expect_unharmed(peer, app, "RFC9293-MUST-56");
}

CASE(soft_error_unasked, "icmp/soft/nobody-asked",
     "an application that does not ask is not disturbed by soft errors: send() and recv() go on",
     Covers{{"RFC9293-SHLD-20", "RFC9293-MUST-56"}}) {
  auto [peer, app] = co_await in_flight(s);
  send_icmp(peer, IcmpError::host_unreachable);
  co_await s.pause(kShortSilence);
  peer.take_all();
  co_await expect_unharmed(peer, app, "RFC9293-SHLD-20");
  peer.send(data("answer"));
  co_await peer.expect(ack(), within(kDelayedAck), "RFC9293-SHLD-20");
  co_await app.expect_data("answer", "RFC9293-SHLD-20");
}

CASE(soft_error_of_fin, "icmp/soft/fin-wait-1",
     "a soft error about a FIN does not end the connection: the FIN comes again",
     Covers{{"RFC9293-MUST-56", "RFC9293-3.6-FIN-RETX"}}, Lasts{2s}) {
  auto [peer, app] = co_await s.established();
  co_await fin_wait_1(peer, app);
  send_icmp(peer, IcmpError::host_unreachable);
  co_await peer.expect(fin().seq(peer.rcv_nxt() - 1), within(s.profile().rto_initial + 500ms));
  peer.send(ack());
  co_await expect_alive(peer);
}

CASE(one_of_two, "icmp/soft/of-one-of-two",
     "an ICMP error is about the connection that it quotes, and no other one hears of it",
     Covers{{"RFC9293-MUST-54"}}) {
  auto [peer, app] = co_await in_flight(s);
  auto [other, other_app] = co_await in_flight(s);
  send_icmp(peer, IcmpError::host_unreachable);
  co_await s.pause(kShortSilence);
  peer.take_all(), other.take_all();
  const int told = other_app.take_error();
  if (told != 0) {
    s.fail("another connection was told of the error", "SO_ERROR: 0", "SO_ERROR: " + Errno{told, {}}.name());
  }
  if (app.take_error() == 0) s.fail("the connection was not told", "SO_ERROR: EHOSTUNREACH", "SO_ERROR: 0");
  peer.send(ack()), other.send(ack());
}

CASE(hard_error, "icmp/hard/established",
     "port unreachable may abort the connection (RFC 1122), or count as a soft error once it is open (RFC 5927)",
     Covers{{"RFC9293-SHLD-26", "RFC5927-5.2-SOFT"}}) {
  auto [peer, app] = co_await in_flight(s);
  send_icmp(peer, IcmpError::port_unreachable);
  co_await s.pause(kShortSilence);
  peer.take_all();
  const int told = app.take_error();
  if (told == 0) {
    s.fail("the hard error is lost: it neither ends the connection nor is it told", "SO_ERROR: ECONNREFUSED",
           "SO_ERROR: 0", "RFC9293-SHLD-26");
  }
  peer.send(ack());
}

CASE(hard_error_while_opening, "icmp/hard/syn-sent", "port unreachable about a SYN ends the opening",
     Covers{{"RFC9293-SHLD-26"}}, Needs{{Capability::active}}) {
  auto opening = co_await s.opening();
  send_icmp(opening.peer, IcmpError::port_unreachable);
  auto call = opening.call.before(s.loop(), s.now().latest + kAtOnce);
  const auto done = co_await call;
  if (done || !(done.error() == ECONNREFUSED)) {
    s.fail("the opening goes on after a hard error", "connect: ECONNREFUSED",
           done ? "connect: 0" : "connect: " + done.error().name());
  }
}

CASE(source_quench, "icmp/source-quench", "Source Quench is dropped silently: text in flight is not sent again for it",
     Covers{{"RFC9293-MUST-55"}}, Ipv4Only{}) {
  auto [peer, app] = co_await in_flight(s);
  send_icmp(peer, IcmpError::source_quench);
  co_await peer.quiet(100ms);
  if (app.take_error() != 0) s.fail("the application was told", "SO_ERROR: 0", "an error");
  co_await expect_unharmed(peer, app, "RFC9293-MUST-55");
}

CASE(icmp_of_nothing_in_flight, "icmp/quotes-nothing-in-flight",
     "an ICMP error that quotes a number which is not in flight does not end an opening", Covers{{"RFC5927-4.1-SEQ"}},
     Needs{{Capability::active}}) {
  auto opening = co_await s.opening();
  explore::send_icmp(opening.peer, wire::IcmpError::port_unreachable, 100000);
  co_await s.pause(kShortSilence);
  opening.peer.send(syn_ack());
  co_await opening.peer.arrival(kAtOnce);
  const auto answers = opening.peer.take_all();
  if (answers.empty() || answers.front().segment.flags.any(wire::kRst)) {
    s.fail("the opening was given up for an ICMP error about nothing in flight", "the ACK of the SYN,ACK",
           answers.empty() ? "nothing" : "a reset", "RFC5927-4.1-SEQ");
  }
  auto call = opening.call.before(s.loop(), s.now().latest + kAtOnce);
  const auto done = co_await call;
  if (!done) {
    s.fail("the opening was given up for an ICMP error about nothing in flight", "connect: 0",
           "connect: " + done.error().name(), "RFC5927-4.1-SEQ");
  }
}

}  // namespace finwait
