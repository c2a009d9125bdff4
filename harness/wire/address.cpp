#include "harness/wire/address.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include "harness/wire/big_endian.hpp"

namespace finwait::wire {

std::string_view to_string(Family family) { return family == Family::ipv4 ? "IPv4" : "IPv6"; }

Address Address::v4(std::uint32_t host_order) {
  Address address;
  store32(address.octets, 0, host_order);
  return address;
}

Address Address::plus(std::uint32_t offset) const {
  Address sum = *this;
  const std::size_t last_word = size() - 4;
  store32(sum.octets, last_word, load32(sum.octets, last_word) + offset);
  return sum;
}

std::optional<Address> Address::from_string(const std::string& text) {
  if (text.find('\0') != std::string::npos) return std::nullopt;  // inet_pton would stop there and accept the rest
  Address address;
  if (inet_pton(AF_INET, text.c_str(), address.octets.data()) == 1) return address;
  address = Address{Family::ipv6, {}};
  if (inet_pton(AF_INET6, text.c_str(), address.octets.data()) == 1) return address;
  return std::nullopt;
}

Address all_nodes(Family family) { return *Address::from_string(family == Family::ipv4 ? "224.0.0.1" : "ff02::1"); }

bool is_multicast(const Address& address) {
  const std::uint8_t first = address.octets.front();
  return address.family == Family::ipv4 ? (first & 0xf0) == 0xe0 : first == 0xff;
}

std::string Address::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family_number = family == Family::ipv4 ? AF_INET : AF_INET6;
  inet_ntop(family_number, octets.data(), text.data(), static_cast<socklen_t>(text.size()));
  return text.data();
}

std::string Endpoint::to_string() const {
  const std::string host = address.to_string();
  return address.family == Family::ipv4 ? fmt::format("{}:{}", host, number(port))
                                        : fmt::format("[{}]:{}", host, number(port));
}

}  // namespace finwait::wire
