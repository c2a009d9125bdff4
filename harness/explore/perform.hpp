// Doing what an Action says, to a connection of a case. Nothing is expected here: the model judges what comes of it.
#pragma once

#include <optional>
#include <vector>

#include "harness/explore/action.hpp"
#include "harness/run/scenario.hpp"

namespace finwait::explore {

/// The connection that actions are done to.
struct Subject {
  run::Scenario& scenario;
  run::Peer& peer;
  run::App* app = nullptr;                 ///< none when nothing was accepted yet, or once the application has closed
  std::optional<engine::Op<void>> call{};  ///< connect() on its way
  wire::SeqNum incarnation{};              ///< the target's ISS of the connection `app` holds
  std::vector<wire::SeqNum> fins{};        ///< where FINs of ours have ended

  /// The target has taken a FIN of ours.
  [[nodiscard]] bool fin_taken() const;
  /// The application holds the connection that is there now.
  [[nodiscard]] bool held() const { return app != nullptr && incarnation == peer.irs(); }
};

/// co_await: everything that has come is taken first. A call that nobody can make (the socket is closed, or was never
/// there) is left out.
Task<> perform(Subject& subject, Action action);

// The words that the source of an action needs beside those of every case.

/// What the target has sent may come and is taken: longer than an ACK is delayed by any stack we know.
Task<> settle(run::Peer& peer, Duration d = std::chrono::milliseconds(250));
/// Text until the target's window has no more than `leave` octets left.
Task<> fill_window(run::Peer& peer, std::uint32_t leave);
/// An ICMP error about the last segment that the target has sent; none when it has sent nothing, or when there is no
/// such error in IPv6. It quotes its SEQ, made `off` higher.
void send_icmp(run::Peer& peer, wire::IcmpError error, std::uint32_t off = 0);

}  // namespace finwait::explore
