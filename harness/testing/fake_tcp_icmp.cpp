// ICMP and ICMPv6 errors (RFC 792, RFC 4443; RFC 9293 3.9.2.2, RFC 5927). Read here octet by octet, so that what crafts
// them is not checked against itself.
#include <algorithm>
#include <cerrno>

#include "harness/testing/fake_tcp.hpp"
#include "harness/wire/big_endian.hpp"
#include "harness/wire/checksum.hpp"

namespace finwait::testing {

using wire::Address;
using wire::Family;
using wire::load16;
using wire::load32;

namespace {

constexpr std::size_t kIpv4Header = 20, kIpv6Header = 40, kIcmpHeader = 8;
constexpr std::size_t kQuoted = 8;  // of TCP: the ports and SEQ
constexpr std::uint8_t kTcp = 6, kIcmp = 1, kIcmpv6 = 58;

enum class Kind : std::uint8_t { soft, port_unreachable, protocol_unreachable, source_quench };

struct Error {
  Kind kind{};
  Endpoint local, peer;  ///< of the packet that it is about
  SeqNum seq;
};

struct IpPacket {
  Family family{};
  std::uint8_t protocol = 0;
  Address source, destination;
  ByteView payload;
};

Address address_at(ByteView octets, std::size_t at, Family family) {
  Address address;
  address.family = family;
  std::copy_n(octets.begin() + static_cast<std::ptrdiff_t>(at), address.size(), address.octets.begin());
  return address;
}

// Without IPv6 extension headers; the payload may be cut.
std::optional<IpPacket> read_ip(ByteView octets) {
  const auto version = octets.empty() ? 0 : octets[0] >> 4;
  if (version == 4 && octets.size() >= kIpv4Header) {
    const std::size_t size = std::size_t{octets[0] & 0x0fU} * 4;
    if (size < kIpv4Header || octets.size() < size) return std::nullopt;
    return IpPacket{Family::ipv4, octets[9], address_at(octets, 12, Family::ipv4), address_at(octets, 16, Family::ipv4),
                    octets.subspan(size)};
  }
  if (version == 6 && octets.size() >= kIpv6Header) {
    return IpPacket{Family::ipv6, octets[6], address_at(octets, 8, Family::ipv6), address_at(octets, 24, Family::ipv6),
                    octets.subspan(kIpv6Header)};
  }
  return std::nullopt;
}

// Destination unreachable with code 2, 3 (IPv4) or 4 (IPv6), and an IPv6 next header that is not recognised, are hard.
// "Fragmentation needed" is for path MTU discovery, which this TCP does not do.
Kind kind_of(Family family, std::uint8_t type, std::uint8_t code) {
  if (family == Family::ipv4) {
    if (type == 4) return Kind::source_quench;
    if (type == 3 && code == 2) return Kind::protocol_unreachable;
    return type == 3 && code == 3 ? Kind::port_unreachable : Kind::soft;
  }
  if (type == 1 && code == 4) return Kind::port_unreachable;
  return type == 4 && code == 1 ? Kind::protocol_unreachable : Kind::soft;
}

bool is_error(Family family, std::uint8_t type) {
  if (family == Family::ipv6) return type >= 1 && type <= 4;
  return type == 3 || type == 4 || type == 11 || type == 12;
}

std::optional<Error> read_error(ByteView octets) {
  const auto ip = read_ip(octets);
  if (!ip || ip->protocol != (ip->family == Family::ipv4 ? kIcmp : kIcmpv6)) return std::nullopt;
  const ByteView icmp = ip->payload;
  if (icmp.size() < kIcmpHeader) return std::nullopt;
  const std::uint16_t checksum = ip->family == Family::ipv4
                                     ? wire::fold(wire::sum_octets(icmp))
                                     : wire::transport_checksum(ip->source, ip->destination, kIcmpv6, icmp);
  if (checksum != 0 || !is_error(ip->family, icmp[0])) return std::nullopt;
  const auto quoted = read_ip(icmp.subspan(kIcmpHeader));
  if (!quoted || quoted->protocol != kTcp || quoted->payload.size() < kQuoted) return std::nullopt;
  const ByteView tcp = quoted->payload;
  return Error{kind_of(ip->family, icmp[0], icmp[1]),
               {quoted->source, wire::Port{load16(tcp, 0)}},
               {quoted->destination, wire::Port{load16(tcp, 2)}},
               SeqNum(load32(tcp, 4))};
}

}  // namespace

// An application learns of it when it asks (RFC 9293 MUST-47).
void FakeTcp::tell_soft(Tcb& tcb, int error) {
  if (has(Defect::icmp_soft_not_told)) return;
  if (!has(Defect::icmp_told_to_all)) {
    tcb.soft_error = error;
    return;
  }
  for (const auto& [key, other] : connections_) other->soft_error = error;
}

// Only what quotes something that is in flight counts (RFC 5927 4.1). A hard error ends an open; in the synchronized
// states it is taken for a soft one (5.2). Soft ones and Source Quench end nothing (RFC 9293 MUST-55, MUST-56).
void FakeTcp::icmp_arrives(ByteView octets) {
  const auto error = read_error(octets);
  if (!error) return;
  const auto found = connections_.find({error->local, error->peer});
  if (found == connections_.end()) return;
  const TcbPtr tcb = found->second;
  const bool in_flight = wire::in_window(error->seq, tcb->snd_una, tcb->outstanding());
  if (!in_flight && !has(Defect::icmp_seq_not_checked)) return;
  const bool opening = tcb->state == TcpState::syn_sent || tcb->state == TcpState::syn_received;
  switch (error->kind) {
    case Kind::soft:
      if (!opening) tell_soft(*tcb, EHOSTUNREACH);
      if (has(Defect::icmp_soft_aborts)) drop(*tcb, EHOSTUNREACH);
      break;
    case Kind::source_quench:
      if (has(Defect::icmp_source_quench_resets)) {
        emit_abort(*tcb);
        drop(*tcb, ECONNRESET);
      }
      break;
    case Kind::port_unreachable:
    case Kind::protocol_unreachable: {
      const int told = error->kind == Kind::port_unreachable ? ECONNREFUSED : ENOPROTOOPT;
      if (!opening) tell_soft(*tcb, told);
      if (opening && !has(Defect::icmp_hard_ignored)) drop(*tcb, told);
      break;
    }
  }
  settle(tcb);
  wake_listener(tcb->local);
}

}  // namespace finwait::testing
