// PacketRing: the kernel's own time of every packet a device sends out, read from shared memory without system calls.
#pragma once

#include <array>
#include <deque>
#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "harness/link/link.hpp"
#include "harness/unique_fd.hpp"

namespace finwait::link {

/// A packet socket's receive ring (TPACKET_V2) that sees only what leaves the device towards us. The stamp is taken
/// where the packet enters the driver, so it stands in the ring before the packet can be read from a TUN device.
class PacketRing {
 public:
  /// For the device with this index in the current network namespace. Fails where packet sockets are not allowed.
  static tl::expected<PacketRing, std::string> open(int interface_index);
  PacketRing(PacketRing&& other) noexcept;
  PacketRing& operator=(PacketRing&&) = delete;
  PacketRing(const PacketRing&) = delete;
  PacketRing& operator=(const PacketRing&) = delete;
  ~PacketRing();

  /// True when the ring holds a packet that has not been collected.
  [[nodiscard]] bool pending() const;
  /// Takes all stamps out of the ring. `offset` turns CLOCK_REALTIME into the run's time line.
  void collect(Duration offset);
  /// The stamp of this packet, or nullopt when the ring never saw it (it had overflowed).
  std::optional<TimePoint> stamp_of(ByteView packet);
  /// Packets that were stamped and not yet asked for: they are in the device's queue.
  [[nodiscard]] bool outstanding() const { return !stamps_.empty(); }
  /// Drops stamps whose packets never reached the queue.
  void forget_before(TimePoint when) {
    while (!stamps_.empty() && stamps_.front().at < when) stamps_.pop_front();
  }
  /// The ring has been full once: from then on packets may exist that it never saw.
  [[nodiscard]] bool overflowed() const { return overflowed_; }

 private:
  PacketRing() = default;

  static constexpr std::size_t kSnap = 96;  // IPv6 and TCP headers with their options: enough to tell packets apart
  struct Stamp {
    TimePoint at;
    std::size_t length = 0;
    std::size_t snapped = 0;
    std::array<std::uint8_t, kSnap> octets{};
  };

  UniqueFd socket_;
  std::uint8_t* frames_ = nullptr;
  std::size_t next_ = 0;
  std::deque<Stamp> stamps_;
  bool overflowed_ = false;
};

}  // namespace finwait::link
