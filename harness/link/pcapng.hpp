// A small pcapng writer: nanosecond time stamps, one interface block, per-packet comments (libtins and libpcap write
// none of these). Format: draft-ietf-opsawg-pcapng.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

#include "harness/link/link.hpp"

namespace finwait::link {

/// Writes blocks to a stream the caller owns. Errors are the stream's: check it after flushing.
class PcapngWriter {
 public:
  /// Section header and interface block (LINKTYPE_RAW: packets start with the IP header). `epoch` is the wall-clock
  /// time in nanoseconds of TimePoint zero, so that captures show real dates; zero keeps virtual time.
  PcapngWriter(std::ostream& out, std::string_view interface_name, std::string_view application,
               std::int64_t epoch_ns = 0);

  /// An enhanced packet block with its direction; `comment` may be empty.
  void packet(Direction direction, TimePoint at, ByteView octets, std::string_view comment = {});

 private:
  std::ostream& out_;
  std::int64_t epoch_ns_;
};

/// The tap that writes a whole link's traffic as it passes.
class PcapngTap : public Tap {
 public:
  PcapngTap(std::ostream& out, std::string_view interface_name, std::string_view application, std::int64_t epoch_ns)
      : writer_(out, interface_name, application, epoch_ns) {}
  void packet(Direction direction, Instant at, ByteView octets) override {
    writer_.packet(direction, at.latest, octets);
  }

 private:
  PcapngWriter writer_;
};

}  // namespace finwait::link
