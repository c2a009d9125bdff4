#include "harness/link/pcapng.hpp"

#include <algorithm>
#include <ostream>

namespace finwait::link {
namespace {

// draft-ietf-opsawg-pcapng sections 4.1 (section header), 4.2 (interface description) and 4.3 (enhanced packet).
constexpr std::uint32_t kSectionHeader = 0x0a0d0d0a, kInterface = 1, kEnhancedPacket = 6;
constexpr std::uint32_t kByteOrderMagic = 0x1a2b3c4d;
constexpr std::uint16_t kEndOfOptions = 0, kComment = 1;
constexpr std::uint16_t kUserApplication = 4, kInterfaceName = 2, kTimeResolution = 9, kPacketFlags = 2;
constexpr std::uint16_t kLinktypeRaw = 101;
constexpr char kNanoseconds = 9;  // the negative power of ten
constexpr std::uint32_t kInbound = 1, kOutbound = 2;
constexpr std::size_t kLongestOption = 0xffff;

/// One block, little-endian whatever the machine, so that equal runs give equal files.
class Block {
 public:
  explicit Block(std::uint32_t type, std::size_t expected_size = 64) {
    text_.reserve(expected_size);
    u32(type).u32(0);
  }

  Block& u16(std::uint16_t value) {
    text_ += static_cast<char>(value & 0xff);
    text_ += static_cast<char>(value >> 8);
    return *this;
  }
  Block& u32(std::uint32_t value) {
    return u16(static_cast<std::uint16_t>(value & 0xffff)).u16(static_cast<std::uint16_t>(value >> 16));
  }
  Block& octets(std::string_view octets) {
    text_ += octets;
    text_.append((4 - octets.size() % 4) % 4, '\0');
    return *this;
  }
  Block& option(std::uint16_t code, std::string_view value) {
    value = value.substr(0, kLongestOption);
    return u16(code).u16(static_cast<std::uint16_t>(value.size())).octets(value);
  }

  void write(std::ostream& out) {
    const auto length = static_cast<std::uint32_t>(text_.size() + 4);
    u32(length);
    for (std::size_t i = 0; i < 4; ++i) text_[4 + i] = static_cast<char>((length >> (8 * i)) & 0xff);
    out.write(text_.data(), static_cast<std::streamsize>(text_.size()));
  }

 private:
  std::string text_;
};

}  // namespace

PcapngWriter::PcapngWriter(std::ostream& out, std::string_view interface_name, std::string_view application,
                           std::int64_t epoch_ns)
    : out_(out), epoch_ns_(epoch_ns) {
  constexpr std::uint32_t kLengthUnknown = 0xffffffff;
  Block section(kSectionHeader);
  section.u32(kByteOrderMagic).u16(1).u16(0).u32(kLengthUnknown).u32(kLengthUnknown);
  section.option(kUserApplication, application).option(kEndOfOptions, {}).write(out_);

  Block interface(kInterface);
  interface.u16(kLinktypeRaw).u16(0).u32(0);  // no limit on captured octets
  interface.option(kInterfaceName, interface_name).option(kTimeResolution, {&kNanoseconds, 1});
  interface.option(kEndOfOptions, {}).write(out_);
}

void PcapngWriter::packet(Direction direction, TimePoint at, ByteView octets, std::string_view comment) {
  // Times before the epoch do not exist in the format; they would turn up five centuries ahead.
  const auto stamp = static_cast<std::uint64_t>(std::max<std::int64_t>(0, epoch_ns_ + at.time_since_epoch().count()));
  const auto size = static_cast<std::uint32_t>(octets.size());
  Block block(kEnhancedPacket, octets.size() + comment.size() + 64);
  block.u32(0).u32(static_cast<std::uint32_t>(stamp >> 32)).u32(static_cast<std::uint32_t>(stamp & 0xffffffff));
  block.u32(size).u32(size).octets({reinterpret_cast<const char*>(octets.data()), octets.size()});
  // Seen from the target, as a capture on its own interface would be.
  const char flags[4] = {static_cast<char>(direction == Direction::to_target ? kInbound : kOutbound), 0, 0, 0};
  block.option(kPacketFlags, {flags, sizeof flags});
  if (!comment.empty()) block.option(kComment, comment);
  block.option(kEndOfOptions, {}).write(out_);
}

}  // namespace finwait::link
