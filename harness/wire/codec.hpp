// Segments to octets and back, through libtins. All of libtins' traps are handled in codec.cpp (docs/architecture.md).
#pragma once

#include <string>
#include <tl/expected.hpp>

#include "harness/wire/segment.hpp"

namespace finwait::wire {

/// The IP packet that carries the segment, with right lengths and checksums. Options that libtins refuses (malformed
/// ones, unknown ones without data) are written as they stand. Fails when source and destination are of different
/// families or the packet would be over 65,535 octets.
tl::expected<Bytes, std::string> craft(const Segment& segment);

struct Parsed {
  Segment segment;
  bool ip_checksum_ok = true;  ///< always true for IPv6, which has none
  bool tcp_checksum_ok = true;
};

struct ParseError {
  enum class Kind : std::uint8_t {
    not_tcp,    ///< a whole IP packet that carries something else
    malformed,  ///< truncated, lying about a length, or not IP at all
  };
  Kind kind = Kind::malformed;
  std::string message;
};

/// Reads one IP packet. Never throws and never reads past the end, whatever the octets are.
tl::expected<Parsed, ParseError> parse(ByteView packet);

}  // namespace finwait::wire
