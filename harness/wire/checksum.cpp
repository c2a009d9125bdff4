#include "harness/wire/checksum.hpp"

#include <bit>
#include <cstring>

namespace finwait::wire {
namespace {

std::uint32_t fold_carries(std::uint64_t sum) {
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint32_t>(sum);
}

}  // namespace

std::uint32_t sum_octets(ByteView octets, std::uint32_t start) {
  // RFC 1071 section 2(B): the sum does not depend on byte order, so the machine's own words are added, eight octets at
  // a time, and the result is swapped once.
  std::uint64_t sum = 0;
  std::size_t at = 0;
  const auto add = [&sum, from = octets.data()](std::size_t begin, std::size_t size) {
    std::uint64_t word = 0;  // what is missing at the end counts as zero
    std::memcpy(&word, from + begin, size);
    sum += (word & 0xffffffff) + (word >> 32);
  };
  for (; at + 8 <= octets.size(); at += 8) add(at, 8);
  if (at < octets.size()) add(at, octets.size() - at);
  std::uint32_t folded = fold_carries(sum);
  if constexpr (std::endian::native == std::endian::little) folded = ((folded & 0xff) << 8) | (folded >> 8);
  return fold_carries(static_cast<std::uint64_t>(start) + folded);
}

std::uint16_t fold(std::uint32_t sum) { return static_cast<std::uint16_t>(~fold_carries(sum) & 0xffff); }

std::uint16_t transport_checksum(const Address& source, const Address& destination, std::uint8_t protocol,
                                 ByteView octets) {
  // RFC 9293 3.1 and RFC 8200 8.1: the same words in both families, since zero octets add nothing.
  const auto length = static_cast<std::uint32_t>(octets.size());
  std::uint32_t sum = length + protocol;
  sum = sum_octets({source.octets.data(), source.size()}, sum);
  sum = sum_octets({destination.octets.data(), destination.size()}, sum);
  return fold(sum_octets(octets, sum));
}

}  // namespace finwait::wire
