// RealPeer: a peer that behaves as a TCP does. It acknowledges, puts text into order, and sends again what is not
// acknowledged, so that a case can go on over a path that loses, delays, doubles and reorders packets (Peer::impair).
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <string_view>

#include "harness/run/peer.hpp"

namespace finwait::run {

class RealPeer {
 public:
  explicit RealPeer(Peer& peer) : peer_(peer), next_(peer.rcv_nxt()), end_(peer.snd_nxt()) {}

  /// Queues text, or a FIN behind it; it is sent while until() runs.
  void say(std::string_view text) { queue({wire::to_bytes(text), false}); }
  void close() { queue({{}, true}); }

  /// co_await: until `done` says so, or so long: then false.
  Task<bool> until(std::function<bool()> done, Duration limit);

  /// The text of the target's that came, in order.
  [[nodiscard]] const std::string& heard() const { return heard_; }
  [[nodiscard]] bool fin_came() const { return fin_came_; }
  [[nodiscard]] bool reset_came() const { return reset_came_; }
  /// Everything that was said has been acknowledged.
  [[nodiscard]] bool all_acknowledged() const { return unacknowledged_.empty(); }

 private:
  struct Piece {
    wire::Bytes text;
    bool fin = false;
    wire::SeqNum seq{};
    bool sent = false;
    [[nodiscard]] std::uint32_t length() const { return static_cast<std::uint32_t>(text.size()) + (fin ? 1 : 0); }
  };

  void queue(Piece piece);
  void send(Piece& piece);
  void take(const wire::Segment& segment);
  void send_again();

  Peer& peer_;
  wire::SeqNum next_;  ///< of the target's numbers
  wire::SeqNum end_;   ///< of ours, after all that was said
  std::deque<Piece> unacknowledged_;
  Duration rto_{};
  TimePoint again_at_{};
  std::string heard_;
  bool owes_ack_ = false, fin_came_ = false, reset_came_ = false;
};

}  // namespace finwait::run
