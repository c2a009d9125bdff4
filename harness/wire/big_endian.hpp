// Network byte order, read and written octet by octet: packets have no alignment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace finwait::wire {

inline std::uint16_t load16(std::span<const std::uint8_t> octets, std::size_t at) {
  return static_cast<std::uint16_t>((octets[at] << 8) | octets[at + 1]);
}
inline std::uint32_t load32(std::span<const std::uint8_t> octets, std::size_t at) {
  return (static_cast<std::uint32_t>(load16(octets, at)) << 16) | load16(octets, at + 2);
}
inline void store16(std::span<std::uint8_t> octets, std::size_t at, std::uint16_t value) {
  octets[at] = static_cast<std::uint8_t>(value >> 8);
  octets[at + 1] = static_cast<std::uint8_t>(value & 0xff);
}
inline void store32(std::span<std::uint8_t> octets, std::size_t at, std::uint32_t value) {
  store16(octets, at, static_cast<std::uint16_t>(value >> 16));
  store16(octets, at + 2, static_cast<std::uint16_t>(value & 0xffff));
}

}  // namespace finwait::wire
