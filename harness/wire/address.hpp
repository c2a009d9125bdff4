// IP addresses and TCP ports as plain values.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace finwait::wire {

enum class Family : std::uint8_t { ipv4, ipv6 };
std::string_view to_string(Family family);

enum class Port : std::uint16_t {};
constexpr std::uint16_t number(Port port) { return static_cast<std::uint16_t>(port); }

/// An IPv4 or IPv6 address in network byte order. IPv4 uses the first four octets, the rest are zero.
struct Address {
  Family family = Family::ipv4;
  std::array<std::uint8_t, 16> octets{};

  static Address v4(std::uint32_t host_order);
  /// The address that lies `offset` above this one (the last 32 bits are counted up).
  [[nodiscard]] Address plus(std::uint32_t offset) const;
  /// nullopt when the text is neither an IPv4 nor an IPv6 address.
  static std::optional<Address> from_string(const std::string& text);
  [[nodiscard]] std::string to_string() const;
  [[nodiscard]] std::size_t size() const { return family == Family::ipv4 ? 4 : 16; }

  auto operator<=>(const Address&) const = default;
};

/// Every host of the link: 224.0.0.1, ff02::1.
Address all_nodes(Family family);
bool is_multicast(const Address& address);

struct Endpoint {
  Address address;
  Port port{};

  /// "198.18.0.1:7" or "[2001:db8::1]:7".
  [[nodiscard]] std::string to_string() const;
  auto operator<=>(const Endpoint&) const = default;
};

struct AddressHash {
  std::size_t operator()(const Address& a) const noexcept {
    return std::hash<std::string_view>{}({reinterpret_cast<const char*>(a.octets.data()), a.octets.size()});
  }
};

}  // namespace finwait::wire
