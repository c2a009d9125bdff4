// TCP options: the octets themselves, with typed readers and writers over them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace finwait::wire {

/// Option kinds (IANA; RFC 9293 3.2, RFC 7323, RFC 2018, RFC 5482).
enum class OptionKind : std::uint8_t {
  end = 0,
  nop = 1,
  mss = 2,
  window_scale = 3,
  sack_permitted = 4,
  sack = 5,
  timestamps = 8,
  user_timeout = 28,
};

/// One option as it stands on the wire: its kind and the octets after kind and length. Kinds 0 and 1 have none.
struct Option {
  std::uint8_t kind = 0;
  std::span<const std::uint8_t> data;
};

struct Timestamps {
  std::uint32_t value = 0;
  std::uint32_t echo = 0;
  bool operator==(const Timestamps&) const = default;
};

/// The option part of a segment: at most 40 octets, kept as octets so that nothing is lost, unknown and malformed
/// options included. Two lists are equal when they are the same octets once zero-padded to a multiple of four.
class OptionList {
 public:
  static constexpr std::size_t kCapacity = 40;

  OptionList() = default;
  /// Octets taken as they are, well-formed or not. Throws std::length_error over 40 octets.
  static OptionList raw(std::span<const std::uint8_t> octets);

  /// Appends one option. Throws std::length_error when it does not fit in the 40 octets.
  OptionList& add(std::uint8_t kind, std::span<const std::uint8_t> data);
  OptionList& nop();
  OptionList& end();
  OptionList& mss(std::uint16_t octets);
  OptionList& window_scale(std::uint8_t shift);
  OptionList& sack_permitted();
  OptionList& timestamps(std::uint32_t value, std::uint32_t echo);
  OptionList& sack(const std::vector<std::pair<std::uint32_t, std::uint32_t>>& blocks);
  /// RFC 5482; `minutes` selects the granularity bit.
  OptionList& user_timeout(bool minutes, std::uint16_t value);

  /// The options in order, up to the end-of-list option or to the first malformed one, neither included.
  [[nodiscard]] std::vector<Option> items() const;
  /// False when a length octet is under two or runs over the end.
  [[nodiscard]] bool well_formed() const;
  [[nodiscard]] std::optional<std::uint16_t> mss() const;
  [[nodiscard]] std::optional<std::uint8_t> window_scale() const;
  [[nodiscard]] bool has_sack_permitted() const;
  [[nodiscard]] std::optional<Timestamps> timestamps() const;

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::span<const std::uint8_t> octets() const { return {octets_.data(), size_}; }
  /// Length on the wire: rounded up to a multiple of four.
  [[nodiscard]] std::size_t padded_size() const { return (std::size_t{size_} + 3) / 4 * 4; }

  /// "mss 1460,sackOK,TS val 1 ecr 2,nop,wscale 7", as tcpdump writes it.
  [[nodiscard]] std::string to_string() const;

  bool operator==(const OptionList& other) const;

 private:
  void append(std::span<const std::uint8_t> octets);
  [[nodiscard]] std::optional<Option> find(OptionKind kind, std::size_t data_size) const;

  std::array<std::uint8_t, kCapacity> octets_{};  // zero beyond size_
  std::uint8_t size_ = 0;
};

}  // namespace finwait::wire
