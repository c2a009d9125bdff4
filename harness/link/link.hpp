// Link: how IP packets reach the target and come back, with the times at which they passed.
#pragma once

#include <functional>
#include <string>
#include <tl/expected.hpp>

#include "harness/time.hpp"
#include "harness/wire/segment.hpp"

namespace finwait::link {

using wire::Bytes;
using wire::ByteView;

enum class Direction : std::uint8_t { to_target, from_target };

/// Sees every packet of a link, in the order in which it passed (pcapng.hpp has the one that writes captures).
class Tap {
 public:
  virtual ~Tap() = default;
  virtual void packet(Direction direction, Instant at, ByteView octets) = 0;
};

/// A link has no clock of its own: it is given one when it is made. It never blocks.
class Link {
 public:
  using Receiver = std::function<void(Instant, ByteView)>;

  Link() = default;
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  virtual ~Link() = default;

  /// Hands one IP packet to the target. Returns when it was given over, or why it could not be.
  tl::expected<Instant, std::string> send(ByteView packet) {
    auto sent = transmit(packet);
    if (sent && tap_ != nullptr) tap_->packet(Direction::to_target, *sent, packet);
    return sent;
  }

  /// Takes every packet that is pending and hands each to `receiver`. Returns how many there were, or what broke.
  tl::expected<int, std::string> drain(const Receiver& receiver) {
    if (tap_ == nullptr) return receive(receiver);
    return receive([&](Instant at, ByteView packet) {
      tap_->packet(Direction::from_target, at, packet);
      receiver(at, packet);
    });
  }

  /// One tap at a time; nullptr takes it off. The tap must outlive the link or be taken off.
  void set_tap(Tap* tap) { tap_ = tap; }

 protected:
  virtual tl::expected<Instant, std::string> transmit(ByteView packet) = 0;
  virtual tl::expected<int, std::string> receive(const Receiver& receiver) = 0;

 private:
  Tap* tap_ = nullptr;
};

}  // namespace finwait::link
