// Steps: the ways that many cases go together before they differ.
#pragma once

#include <cerrno>

#include "harness/explore/perform.hpp"
#include "harness/run/scenario.hpp"

namespace finwait {

// The words of a case, unqualified, as docs/writing-a-case.md uses them.
using namespace std::chrono_literals;
using model::Choice;
using run::App;
using run::Connection;
using run::Covers;
using run::Crowded;
using run::Declared;
using run::due;
using run::How;
using run::Ipv4Only;
using run::Keepalive;
using run::Lasts;
using run::Needs;
using run::Open;
using run::OwnSandbox;
using run::Peer;
using run::Received;
using run::Scenario;
using run::SocketOption;
using run::TcpState;
using run::Unscripted;
using run::within;
using target::Capability;
using wire::ack;
using wire::data;
using wire::fin;
using wire::rst;
using wire::syn;
using wire::syn_ack;

/// How soon an answer has to come that nothing may delay. A loaded machine needs some of it.
inline constexpr Duration kAtOnce = 100ms;
/// An ACK of data or FIN may be delayed by less than this (RFC 9293 MUST-40).
inline constexpr Duration kDelayedAck = 500ms;
/// Long enough to see that nothing comes at once.
inline constexpr Duration kShortSilence = 300ms;

/// The duplicate of a segment just below the window: SEQ = SND.NXT - 1, no text. Every synchronized state has to answer
/// it with an ACK (RFC 9293 3.10.7.4, first check), a closed port with a reset.
inline wire::Spec old_ack(const Peer& peer) { return ack().seq(peer.snd_nxt() - 1); }

/// The target's end still exists: it acknowledges an old segment.
inline Task<> expect_alive(Peer& peer, std::string_view requirement = {}) {
  peer.send(old_ack(peer));
  co_await peer.expect(ack(), within(kAtOnce), requirement);
}

/// The target's end does not exist: RFC 9293 3.10.7.1, <SEQ=SEG.ACK><CTL=RST>.
inline Task<> expect_closed(Peer& peer, std::string_view requirement = {}, run::Window soon = within(kAtOnce)) {
  const auto probe = peer.send(ack());
  const auto reset = wire::Spec(wire::kRst).seq(peer.rcv_nxt());
  co_await peer.expect(reset, soon.since(probe), requirement);
}

/// A passive open with timestamps agreed on.
inline Task<Connection> with_timestamps(Scenario& s) {
  Peer& peer = s.new_peer();
  peer.send(syn().options(wire::OptionList().mss(1220).timestamps(peer.ts_now(), 0)));
  co_await peer.expect(syn_ack(), within(kAtOnce));
  if (!peer.timestamps()) s.unsupported("the target does not agree on timestamps");
  peer.send(ack());
  auto accepting = s.accept(peer);
  co_return co_await accepting;
}

/// The application gets the connection that this peer has opened; that it does is what the case is about.
inline Task<App*> expect_accepted(Scenario& s, Peer& peer, std::string_view requirement) {
  auto accepting = s.try_accept(peer, kDelayedAck);
  App* app = co_await accepting;
  if (app == nullptr) s.fail("the connection was not accepted", "accept: a connection", "accept: nothing", requirement);
  co_return app;
}

/// The target's application does not read until the target's window is closed, but for so many octets.
inline Task<> shut_window(Scenario& s, Peer& peer, std::uint32_t leave = 0) {
  for (int tries = 0; tries < 3 && peer.snd_wnd() != leave; tries++) {
    if (tries > 0) co_await explore::settle(peer, 2 * kDelayedAck);  // an ACK that comes late
    co_await explore::fill_window(peer, leave);
  }
  if (peer.snd_wnd() != leave) s.inconclusive("the target's window could not be closed: it takes more than we send");
}

/// What a segment carries that was sent at `value`.
inline wire::OptionList stamp(const Peer& peer, std::uint32_t value) {
  return wire::OptionList().timestamps(value, peer.ts_seen());
}

/// The target's application closes and its FIN is seen: FIN-WAIT-1.
inline Task<> fin_wait_1(Peer& peer, App& app) {
  app.close();
  co_await peer.expect(fin(), within(kAtOnce), "RFC9293-3.10.4-CLOSE-EST");
}

/// As fin_wait_1, but only the writing side is shut, so that the application can still read.
inline Task<> half_closed(Peer& peer, App& app) {
  app.shutdown(How::wr);
  co_await peer.expect(fin(), within(kAtOnce), "RFC9293-3.10.4-CLOSE-EST");
}

/// The target has closed first and its FIN is acknowledged: FIN-WAIT-2.
inline Task<> fin_wait_2(Peer& peer, App& app) {
  co_await fin_wait_1(peer, app);
  peer.send(ack());
}

/// The release by the target is complete: TIME-WAIT.
inline Task<> time_wait(Peer& peer, App& app) {
  co_await fin_wait_2(peer, app);
  peer.send(fin());
  co_await peer.expect(ack(), within(kDelayedAck), "RFC9293-3.10.7.4-FIN-FW2");
}

/// The peer has closed first: CLOSE-WAIT.
inline Task<> close_wait(Peer& peer) {
  peer.send(fin());
  co_await peer.expect(ack(), within(kDelayedAck), "RFC9293-3.10.7.4-FIN-EST");
}

/// Then the target's application closes too: LAST-ACK.
inline Task<> last_ack(Peer& peer, App& app) {
  co_await close_wait(peer);
  app.close();
  co_await peer.expect(fin(), within(kAtOnce), "RFC9293-3.10.4-CLOSE-CW");
}

/// Both close before either FIN is acknowledged: CLOSING.
inline Task<> closing(Peer& peer, App& app) {
  co_await fin_wait_1(peer, app);
  peer.send(fin().ack(peer.rcv_nxt() - 1));
  co_await peer.expect(ack(), within(kDelayedAck), "RFC9293-3.10.7.4-FIN-FW1-CLOSING");
}

}  // namespace finwait
