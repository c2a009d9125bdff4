#include "harness/link/tun.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>
#include <ctime>

namespace finwait::link {

namespace {

// One wake-up takes everything that is pending; only a flooding target is interrupted, so that the rest gets a turn.
constexpr int kMostPerDrain = 4096;

std::string cannot_open() {
  switch (errno) {
    case ENOENT:
      return "/dev/net/tun does not exist: load the module (modprobe tun), and in a container pass the device in "
             "(--device /dev/net/tun)";
    case EACCES:
    case EPERM:
      return "/dev/net/tun may not be opened: run as root, or let this user open it (chmod 0666 /dev/net/tun, or a "
             "udev "
             "rule for it)";
    default:
      return fmt::format("/dev/net/tun cannot be opened: {}", std::strerror(errno));
  }
}

// A stamp may be a little older than the moment the ring was last seen empty: it is taken before the packet is stored
// there, and the processor that does so may be interrupted. Beyond this it is the clock that was set.
constexpr Duration kStoring = std::chrono::milliseconds(100);

// From CLOCK_REALTIME to the run's clock. Both are read in turn; a reading that was interrupted in between is repeated.
Duration realtime_offset(const std::function<TimePoint()>& now) {
  Duration best{};
  Duration narrowest = Duration::max();
  for (int attempt = 0; attempt < 4 && narrowest > Tun::kStampError / 2; attempt++) {
    timespec wall{};
    const TimePoint before = now();
    clock_gettime(CLOCK_REALTIME, &wall);
    const TimePoint after = now();
    if (after - before >= narrowest) continue;
    narrowest = after - before;
    best = before.time_since_epoch() + narrowest / 2 - std::chrono::seconds(wall.tv_sec) -
           std::chrono::nanoseconds(wall.tv_nsec);
  }
  return best;
}

}  // namespace

tl::expected<std::unique_ptr<Tun>, std::string> Tun::open(const std::string& name, std::function<TimePoint()> now) {
  UniqueFd fd(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return tl::unexpected(cannot_open());
  ifreq request{};
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (ioctl(fd.get(), TUNSETIFF, &request) != 0) {
    return tl::unexpected(fmt::format("the TUN device {} cannot be made: {}", name, std::strerror(errno)));
  }
  if (ioctl(fd.get(), TUNSETPERSIST, 1) != 0) {
    return tl::unexpected(fmt::format("the TUN device {} cannot be kept: {}", name, std::strerror(errno)));
  }
  const auto index = static_cast<int>(if_nametoindex(name.c_str()));
  return std::unique_ptr<Tun>(new Tun(std::move(fd), name, index, std::move(now)));
}

void Tun::take_ring() {
  auto ring = coming_.get();
  stamp_problem_ = ring ? "" : ring.error();
  if (ring) ring_.emplace(std::move(*ring));
  readable_ = true;  // packets may be queued that the ring has not seen
}

std::string Tun::wait_for_stamps() {
  if (coming_.valid()) take_ring();
  return stamp_problem_;
}

tl::expected<Instant, std::string> Tun::transmit(ByteView packet) {
  const TimePoint before = now_();
  const ssize_t written = ::write(tun_.get(), packet.data(), packet.size());
  if (written == static_cast<ssize_t>(packet.size())) return Instant{before, now_()};
  if (written >= 0) return tl::unexpected(fmt::format("{} took {} of {} octets", name_, written, packet.size()));
  switch (errno) {
    case EIO:
      return tl::unexpected(fmt::format("{} is down: nothing can be sent", name_));
    case EINVAL:
      return tl::unexpected(fmt::format("{} refuses the packet: it is not IPv4 or IPv6", name_));
    default:
      return tl::unexpected(fmt::format("{} refuses the packet: {}", name_, std::strerror(errno)));
  }
}

Instant Tun::arrival(ByteView packet, TimePoint woken, TimePoint read_at) {
  const Instant outer{trusted_ ? woken : last_empty_, read_at};
  if (!ring_) return outer;
  const auto stamp = ring_->stamp_of(packet);
  if (!stamp || *stamp + kStoring < outer.earliest || *stamp - kStampError > outer.latest) return outer;
  return {*stamp - kStampError, *stamp + kStampError};
}

tl::expected<int, std::string> Tun::receive(const Receiver& receiver) {
  // The ring is asked first because that costs no system call: what it has not seen cannot be in the queue.
  if (coming_.valid() && coming_.wait_for(std::chrono::seconds(0)) == std::future_status::ready) take_ring();
  const TimePoint begin = now_();
  if (ring_ && !readable_ && !ring_->pending() && !ring_->overflowed()) {
    last_empty_ = begin;
    return 0;
  }
  readable_ = false;
  int count = 0;
  while (count < kMostPerDrain) {
    const TimePoint before = now_();
    const ssize_t size = ::read(tun_.get(), buffer_.data(), buffer_.size());
    if (size < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) return tl::unexpected(fmt::format("{} cannot be read: {}", name_, std::strerror(errno)));
      last_empty_ = before;
      if (ring_) ring_->forget_before(before - kStoring);  // the queue had no room for them
      return count;
    }
    const TimePoint after = now_();
    if (ring_) ring_->collect(realtime_offset(now_));
    const ByteView packet(buffer_.data(), static_cast<std::size_t>(size));
    receiver(arrival(packet, begin, after), packet);
    count++;
    // Nothing more is stamped, so nothing more is queued: the read that would say so can be saved.
    if (ring_ && !ring_->pending() && !ring_->overflowed() && !ring_->outstanding()) {
      last_empty_ = after;
      return count;
    }
  }
  readable_ = true;
  return count;
}

}  // namespace finwait::link
