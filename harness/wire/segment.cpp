#include "harness/wire/segment.hpp"

#include <fmt/format.h>

#include <iterator>

namespace finwait::wire {

std::string to_string(Flags flags) {
  static constexpr std::string_view kLetters = "FSRP.UEW";  // bit 0 upwards, tcpdump's letters in tcpdump's order
  std::string text;
  for (unsigned bit = 0; bit < kLetters.size(); ++bit)
    if (flags.any(Flags{static_cast<std::uint8_t>(1U << bit)})) text += kLetters[bit];
  return text.empty() ? "none" : text;
}

std::string relative(SeqNum number, SeqNum base) {
  // Before the base is a small negative number, not four billion: a keepalive probe reads "-1", or "0" after a SYN.
  return base == SeqNum{} ? fmt::to_string(number.value()) : fmt::to_string(number - base);
}

std::string describe(const Segment& segment, SeqNum source_iss, SeqNum destination_iss) {
  std::string text = to_string(segment.flags) + ' ' + relative(segment.seq, source_iss);
  auto out = std::back_inserter(text);
  const auto octets = static_cast<std::uint32_t>(segment.payload.size());
  if (octets != 0) fmt::format_to(out, ":{}", relative(segment.seq + octets, source_iss));
  if (segment.flags.has(kAck)) fmt::format_to(out, " ack {}", relative(segment.ack, destination_iss));
  fmt::format_to(out, " win {}", segment.window);
  if (segment.flags.has(kUrg) || segment.urgent != 0) fmt::format_to(out, " urg {}", segment.urgent);
  if (segment.reserved != 0) fmt::format_to(out, " reserved {:#x}", segment.reserved);
  if (!segment.options.empty()) fmt::format_to(out, " <{}>", segment.options.to_string());
  return text;
}

}  // namespace finwait::wire
