// What a correct library refuses to send: wrong checksums, offsets and lengths, cut packets. Works on crafted octets.
#pragma once

#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "harness/wire/segment.hpp"

namespace finwait::wire {

/// Fields to overwrite in a crafted packet. Checksums are made right again for everything that is set, unless
/// they are themselves set; so a segment with a wrong data offset still passes the receiver's checksum.
struct Patch {
  std::optional<std::uint8_t> ip_version{};     ///< 4 bits
  std::optional<std::uint8_t> header_length{};  ///< IPv4 IHL in 32-bit words, 4 bits
  std::optional<std::uint16_t> total_length{};  ///< IPv4 total length, or IPv6 payload length
  std::optional<std::uint16_t> ip_checksum{};   ///< IPv4 only
  std::optional<std::uint8_t> data_offset{};    ///< in 32-bit words, 4 bits
  std::optional<std::uint8_t> reserved{};       ///< the 4 bits after it
  std::optional<Bytes> options{};               ///< raw octets over the options' place; not more than there is room for
  std::optional<std::uint16_t> tcp_checksum{};  ///< the value itself
  bool corrupt_tcp_checksum = false;            ///< any wrong value will do
  std::optional<std::size_t> truncate_to{};     ///< cut the packet to so many octets, last of all

  [[nodiscard]] bool empty() const { return *this == Patch{}; }
  bool operator==(const Patch&) const = default;
};

/// Applies the patch in place. Fails, and says which field, when it does not fit the packet.
tl::expected<void, std::string> apply(const Patch& patch, Bytes& packet);

}  // namespace finwait::wire
