// Tun: a TUN device of the current network namespace as a link.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "harness/link/link.hpp"
#include "harness/link/packet_ring.hpp"
#include "harness/unique_fd.hpp"

namespace finwait::link {

/// Arrival times. With the packet ring: the kernel's own stamp at the driver, turned from CLOCK_REALTIME into the run's
/// clock with an error under kStampError. Without it (packet sockets forbidden, or the ring had overflowed): between
/// the last time the queue was seen empty and the read. Either way the Instant holds both edges, and a stamp outside
/// those outer bounds (somebody has set the clock) is not believed.
class Tun : public Link {
 public:
  static constexpr Duration kStampError = std::chrono::microseconds(1);

  /// Opens /dev/net/tun and makes the device in the current network namespace; it goes with the namespace, not with the
  /// descriptor, since taking a device down is slow (tens of milliseconds) and the kernel does it aside for a
  /// namespace. The error says what to change.
  static tl::expected<std::unique_ptr<Tun>, std::string> open(const std::string& name, std::function<TimePoint()> now);

  [[nodiscard]] int fd() const { return tun_.get(); }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] int interface_index() const { return index_; }
  /// A packet ring that is being opened aside (it takes the kernel some milliseconds); used from the moment it is
  /// there.
  void use_kernel_stamps(std::future<tl::expected<PacketRing, std::string>> ring) { coming_ = std::move(ring); }
  /// Waits for that ring. Returns why there is none; empty when stamps are in use.
  std::string wait_for_stamps();
  /// Whoever reads has been woken at the very moment of the arrival, as where computing takes no time.
  void trust_reader() { trusted_ = true; }
  /// The descriptor has become readable: the next drain reads it whatever the ring says.
  void mark_readable() { readable_ = true; }

 protected:
  tl::expected<Instant, std::string> transmit(ByteView packet) override;
  tl::expected<int, std::string> receive(const Receiver& receiver) override;

 private:
  Tun(UniqueFd tun, std::string name, int index, std::function<TimePoint()> now)
      : tun_(std::move(tun)), name_(std::move(name)), index_(index), now_(std::move(now)), last_empty_(now_()) {}
  void take_ring();
  [[nodiscard]] Instant arrival(ByteView packet, TimePoint woken, TimePoint read_at);

  UniqueFd tun_;
  std::string name_;
  int index_;
  std::function<TimePoint()> now_;
  std::future<tl::expected<PacketRing, std::string>> coming_;
  std::optional<PacketRing> ring_;
  std::string stamp_problem_ = "not asked for";
  TimePoint last_empty_;
  bool trusted_ = false;
  bool readable_ = true;
  std::vector<std::uint8_t> buffer_ = std::vector<std::uint8_t>(65536);
};

}  // namespace finwait::link
