#include "harness/link/packet_ring.hpp"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>

namespace finwait::link {

namespace {

constexpr unsigned kFrameSize = 256;
constexpr unsigned kFrames = 2048;
constexpr unsigned kBlockSize = 1U << 16;
constexpr std::size_t kRingSize = std::size_t{kFrameSize} * kFrames;
constexpr std::size_t kMostStamps = 8192;

std::string failed(const char* what) { return std::string(what) + ": " + std::strerror(errno); }

bool keep_outgoing_only(int fd, std::uint32_t snap) {
  std::array<sock_filter, 4> program{{
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_PKTTYPE)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, snap),
      BPF_STMT(BPF_RET | BPF_K, 0),
  }};
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) == 0;
}

bool make_ring(int fd) {
  const int version = TPACKET_V2;
  tpacket_req request{};
  request.tp_block_size = kBlockSize;
  request.tp_block_nr = static_cast<unsigned>(kRingSize / kBlockSize);
  request.tp_frame_size = kFrameSize;
  request.tp_frame_nr = kFrames;
  return setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version) == 0 &&
         setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof request) == 0;
}

std::uint32_t status_of(const std::uint8_t* frame) {
  const auto& status = reinterpret_cast<const tpacket2_hdr*>(frame)->tp_status;
  return __atomic_load_n(&status, __ATOMIC_ACQUIRE);
}

}  // namespace

tl::expected<PacketRing, std::string> PacketRing::open(int interface_index) {
  PacketRing ring;
  // Protocol 0: nothing is captured before the filter stands and the socket is bound.
  ring.socket_ = UniqueFd(socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!ring.socket_) return tl::unexpected(failed("packet socket"));
  const int fd = ring.socket_.get();
  if (!keep_outgoing_only(fd, kSnap)) return tl::unexpected(failed("packet filter"));
  if (!make_ring(fd)) return tl::unexpected(failed("packet ring"));
  void* memory = mmap(nullptr, kRingSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return tl::unexpected(failed("packet ring"));
  ring.frames_ = static_cast<std::uint8_t*>(memory);
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = interface_index;
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return tl::unexpected(failed("bind"));
  return ring;
}

PacketRing::PacketRing(PacketRing&& other) noexcept
    : socket_(std::move(other.socket_)),
      frames_(std::exchange(other.frames_, nullptr)),
      next_(other.next_),
      stamps_(std::move(other.stamps_)),
      overflowed_(other.overflowed_) {}

PacketRing::~PacketRing() {
  if (frames_ != nullptr) munmap(frames_, kRingSize);
}

bool PacketRing::pending() const { return (status_of(frames_ + next_ * kFrameSize) & TP_STATUS_USER) != 0; }

void PacketRing::collect(Duration offset) {
  for (;;) {
    std::uint8_t* frame = frames_ + next_ * kFrameSize;
    const std::uint32_t status = status_of(frame);
    if ((status & TP_STATUS_USER) == 0) return;
    overflowed_ |= (status & TP_STATUS_LOSING) != 0;
    const auto& header = *reinterpret_cast<const tpacket2_hdr*>(frame);
    Stamp& stamp = stamps_.emplace_back();
    stamp.at = TimePoint(std::chrono::seconds(header.tp_sec) + std::chrono::nanoseconds(header.tp_nsec) + offset);
    stamp.length = header.tp_len;
    stamp.snapped = std::min<std::size_t>(header.tp_snaplen, kSnap);
    std::memcpy(stamp.octets.data(), frame + header.tp_net, stamp.snapped);
    auto& raw = reinterpret_cast<tpacket2_hdr*>(frame)->tp_status;
    __atomic_store_n(&raw, static_cast<std::uint32_t>(TP_STATUS_KERNEL), __ATOMIC_RELEASE);
    next_ = (next_ + 1) % kFrames;
    if (stamps_.size() > kMostStamps) stamps_.pop_front();
  }
}

std::optional<TimePoint> PacketRing::stamp_of(ByteView packet) {
  // Nearly always the first: only two processors sending at the same instant can swap the ring's order and the queue's.
  for (auto it = stamps_.begin(); it != stamps_.end(); ++it) {
    if (it->length != packet.size() || std::memcmp(it->octets.data(), packet.data(), it->snapped) != 0) continue;
    const TimePoint at = it->at;
    stamps_.erase(it);
    return at;
  }
  return std::nullopt;
}

}  // namespace finwait::link
