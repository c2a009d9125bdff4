// Segments and an independent checksum for the tests of wire/ and link/.
#pragma once

#include "harness/wire/codec.hpp"

namespace finwait::wire::samples {

inline Segment segment(Family family) {
  Segment sample;
  sample.source = *Address::from_string(family == Family::ipv4 ? "198.18.0.1" : "2001:db8::1");
  sample.destination = sample.source.plus(1);
  sample.source_port = Port{40000};
  sample.destination_port = Port{7};
  sample.seq = SeqNum(1000);
  sample.ack = SeqNum(2000);
  sample.flags = kAck;
  sample.window = 8192;
  return sample;
}
inline Segment ipv4() { return segment(Family::ipv4); }
inline Segment ipv6() { return segment(Family::ipv6); }

inline std::size_t ip_header(Family family) { return family == Family::ipv4 ? 20 : 40; }

/// RFC 1071 word by word as its text has it, so that checksum.cpp is not its own judge.
inline std::uint16_t plain_checksum(const Bytes& octets) {
  std::uint32_t sum = 0;
  for (std::size_t at = 0; at < octets.size(); at += 2) {
    const unsigned low = at + 1 < octets.size() ? octets[at + 1] : 0U;
    sum += (static_cast<unsigned>(octets[at]) << 8) + low;
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return static_cast<std::uint16_t>(~sum & 0xffff);
}

/// The pseudo header (RFC 9293 3.1, RFC 8200 8.1) spelt out in octets, followed by the upper-layer packet.
inline Bytes with_pseudo_header(const Bytes& packet, std::size_t begin, std::size_t end, std::uint8_t protocol) {
  const bool v4 = (packet[0] >> 4) == 4;
  const auto at = [&](std::size_t i) { return packet.begin() + static_cast<std::ptrdiff_t>(i); };
  Bytes text = v4 ? Bytes(at(12), at(20)) : Bytes(at(8), at(40));
  const std::size_t length = end - begin;
  const auto high = static_cast<std::uint8_t>(length >> 8), low = static_cast<std::uint8_t>(length & 0xff);
  const Bytes tail = v4 ? Bytes{0, protocol, high, low} : Bytes{0, 0, high, low, 0, 0, 0, protocol};
  text.insert(text.end(), tail.begin(), tail.end());
  text.insert(text.end(), at(begin), at(end));
  return text;
}

inline bool ip_checksum_right(const Bytes& packet) {
  return plain_checksum(Bytes(packet.begin(), packet.begin() + std::ptrdiff_t{packet[0] & 0x0f} * 4)) == 0;
}
inline bool tcp_checksum_right(const Bytes& packet) {
  const std::size_t begin = (packet[0] >> 4) == 4 ? std::size_t{packet[0] & 0x0fU} * 4 : 40;
  return plain_checksum(with_pseudo_header(packet, begin, packet.size(), 6)) == 0;
}

}  // namespace finwait::wire::samples
