// What must hold for every segment and for every string of octets.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "harness/wire/codec.hpp"
#include "harness/wire/samples_test.hpp"

namespace finwait::wire {
namespace {

using rc::gen::arbitrary;
using rc::gen::inRange;

Bytes octets_up_to(std::size_t most) {
  const auto size = *inRange<std::size_t>(0, most + 1);
  return *rc::gen::container<Bytes>(size, arbitrary<std::uint8_t>());
}

Address any_address(Family family) {
  Address address{family, {}};
  const Bytes octets = *rc::gen::container<Bytes>(address.size(), arbitrary<std::uint8_t>());
  std::ranges::copy(octets, address.octets.begin());
  return address;
}

OptionList any_options() {
  if (*arbitrary<bool>()) return OptionList::raw(octets_up_to(OptionList::kCapacity));
  OptionList list;
  if (*arbitrary<bool>()) list.mss(*arbitrary<std::uint16_t>());
  if (*arbitrary<bool>()) list.timestamps(*arbitrary<std::uint32_t>(), *arbitrary<std::uint32_t>());
  if (*arbitrary<bool>()) list.add(*inRange<std::uint8_t>(2, 255), octets_up_to(18));
  return list;
}

Segment any_segment() {
  Segment segment;
  const Family family = *rc::gen::element(Family::ipv4, Family::ipv6);
  segment.source = any_address(family);
  segment.destination = any_address(family);
  segment.source_port = Port{*arbitrary<std::uint16_t>()};
  segment.destination_port = Port{*arbitrary<std::uint16_t>()};
  segment.seq = SeqNum(*arbitrary<std::uint32_t>());
  segment.ack = SeqNum(*arbitrary<std::uint32_t>());
  segment.flags = Flags{*arbitrary<std::uint8_t>()};
  segment.reserved = *inRange<std::uint8_t>(0, 16);
  segment.window = *arbitrary<std::uint16_t>();
  segment.urgent = *arbitrary<std::uint16_t>();
  segment.options = any_options();
  segment.payload = octets_up_to(64);
  segment.hop_limit = *arbitrary<std::uint8_t>();
  segment.traffic_class = *arbitrary<std::uint8_t>();
  if (family == Family::ipv6) {
    segment.flow_label = *inRange<std::uint32_t>(0, 0x100000);
  } else {
    segment.identification = *arbitrary<std::uint16_t>();
    segment.dont_fragment = *arbitrary<bool>();
  }
  return segment;
}

RC_GTEST_PROP(CodecProperty, what_is_crafted_is_read_back, ()) {
  const Segment segment = any_segment();
  const Bytes packet = *craft(segment);
  RC_ASSERT(samples::tcp_checksum_right(packet));
  RC_ASSERT(segment.source.family == Family::ipv6 || samples::ip_checksum_right(packet));
  const auto parsed = parse(packet);
  RC_ASSERT(parsed.has_value());
  RC_ASSERT(parsed->segment == segment);
  RC_ASSERT(parsed->ip_checksum_ok && parsed->tcp_checksum_ok);
}

/// Octets that a valid packet cannot hold more of than it has: whatever was read must lie inside it.
void check_inside(const tl::expected<Parsed, ParseError>& parsed, const Bytes& packet) {
  if (!parsed) {
    RC_ASSERT(!parsed.error().message.empty());
    return;
  }
  const Segment& segment = parsed->segment;
  const std::size_t least = samples::ip_header(segment.source.family) + 20;
  RC_ASSERT(least + segment.options.octets().size() + segment.payload.size() <= packet.size());
  RC_ASSERT(segment.options.to_string().size() < 400);
}

RC_GTEST_PROP(CodecProperty, any_octets_are_read_or_refused, ()) {
  Bytes octets = octets_up_to(120);
  if (!octets.empty() && *arbitrary<bool>()) octets[0] = *rc::gen::element<std::uint8_t>(0x45, 0x46, 0x4f, 0x60);
  octets.shrink_to_fit();  // so that a read past the end is one past the allocation, where a sanitizer sees it
  check_inside(parse(octets), octets);
}

RC_GTEST_PROP(CodecProperty, cut_packets_are_refused, ()) {
  Bytes packet = *craft(any_segment());
  const Bytes cut(packet.begin(), packet.begin() + *inRange<std::ptrdiff_t>(0, static_cast<long>(packet.size())));
  const auto parsed = parse(cut);
  RC_ASSERT(!parsed.has_value());
  RC_ASSERT(parsed.error().kind == ParseError::Kind::malformed);
}

RC_GTEST_PROP(CodecProperty, changed_packets_are_read_or_refused_and_a_change_does_not_pass_the_checksums, ()) {
  Bytes packet = *craft(any_segment());
  const Segment before = parse(packet)->segment;
  const auto at = *inRange<std::size_t>(0, packet.size());
  packet[at] = static_cast<std::uint8_t>(packet[at] ^ *inRange<unsigned>(1, 256));
  const auto parsed = parse(packet);
  check_inside(parsed, packet);
  // IPv6 protects neither hop limit nor class and label; everything else in a segment is under a checksum.
  const bool covered = before.source.family == Family::ipv4 || at >= 8;
  if (parsed && covered) RC_ASSERT(!parsed->ip_checksum_ok || !parsed->tcp_checksum_ok);
}

RC_GTEST_PROP(CodecProperty, many_changes_do_no_harm, ()) {
  Bytes packet = *craft(any_segment());
  for (unsigned i = *inRange<unsigned>(1, 8); i > 0; --i)
    packet[*inRange<std::size_t>(0, packet.size())] = *arbitrary<std::uint8_t>();
  packet.resize(*inRange<std::size_t>(0, packet.size() + 8));
  check_inside(parse(packet), packet);
}

}  // namespace
}  // namespace finwait::wire
