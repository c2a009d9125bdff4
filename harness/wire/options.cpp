#include "harness/wire/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "harness/wire/big_endian.hpp"

namespace finwait::wire {
namespace {

using Octets = std::span<const std::uint8_t>;

constexpr std::uint8_t number(OptionKind kind) { return static_cast<std::uint8_t>(kind); }

/// Walks a list of options. It reads the padded octets, so that lists that are equal on the wire read the same.
class Reader {
 public:
  explicit Reader(Octets octets) : octets_(octets) {}

  std::optional<Option> next() {
    if (at_ >= octets_.size() || octets_[at_] == number(OptionKind::end)) return std::nullopt;
    const std::uint8_t kind = octets_[at_];
    if (kind == number(OptionKind::nop)) return ++at_, Option{kind, {}};
    const std::size_t length = at_ + 1 < octets_.size() ? octets_[at_ + 1] : 0;
    malformed_ = length < 2 || at_ + length > octets_.size();
    if (malformed_) return std::nullopt;
    const Option option{kind, octets_.subspan(at_ + 2, length - 2)};
    at_ += length;
    return option;
  }
  [[nodiscard]] bool malformed() const { return malformed_; }
  [[nodiscard]] Octets rest() const { return octets_.subspan(at_); }

 private:
  Octets octets_;
  std::size_t at_ = 0;
  bool malformed_ = false;
};

std::string hex(Octets octets) {
  std::string text = "0x";
  for (const std::uint8_t octet : octets) fmt::format_to(std::back_inserter(text), "{:02x}", octet);
  return text;
}

std::string sack_text(Octets data) {
  std::string text = fmt::format("sack {} ", data.size() / 8);
  for (std::size_t at = 0; at < data.size(); at += 8)
    fmt::format_to(std::back_inserter(text), "{{{}:{}}}", load32(data, at), load32(data, at + 4));
  return text;
}

/// As tcpdump writes the UTO option: the field in hexadecimal, then the seconds (RFC 5482 3: high bit says minutes).
std::string user_timeout_text(std::uint16_t field) {
  const int value = field & 0x7fff;
  return fmt::format("uto {:#x} {}", field, (field & 0x8000) != 0 ? value * 60 : value);
}

std::string text_of(const Option& option) {
  const Octets data = option.data;
  switch (static_cast<OptionKind>(option.kind)) {
    case OptionKind::nop:
      return "nop";
    case OptionKind::mss:
      if (data.size() == 2) return fmt::format("mss {}", load16(data, 0));
      break;
    case OptionKind::window_scale:
      if (data.size() == 1) return fmt::format("wscale {}", data[0]);
      break;
    case OptionKind::sack_permitted:
      if (data.empty()) return "sackOK";
      break;
    case OptionKind::sack:
      if (!data.empty() && data.size() % 8 == 0) return sack_text(data);
      break;
    case OptionKind::timestamps:
      if (data.size() == 8) return fmt::format("TS val {} ecr {}", load32(data, 0), load32(data, 4));
      break;
    case OptionKind::user_timeout:
      if (data.size() == 2) return user_timeout_text(load16(data, 0));
      break;
    default:
      return data.empty() ? fmt::format("unknown-{}", option.kind)
                          : fmt::format("unknown-{} {}", option.kind, hex(data));
  }
  return fmt::format("kind {} of odd length {} {}", option.kind, data.size() + 2, hex(data));
}

/// What stands at and after the place where the options end; nothing for octets that only pad.
std::string tail_text(const Reader& reader) {
  const Octets rest = reader.rest();
  if (reader.malformed()) return "[bad opt " + hex(rest) + "]";
  const bool zeros = std::ranges::all_of(rest, [](std::uint8_t octet) { return octet == 0; });
  if (!zeros) return "eol,[after eol " + hex(rest.subspan(1)) + "]";
  return rest.size() < 4 ? "" : "eol";
}

}  // namespace

OptionList OptionList::raw(Octets octets) {
  OptionList list;
  list.append(octets);
  return list;
}

void OptionList::append(Octets octets) {
  if (octets.size() > kCapacity - size_)
    throw std::length_error(
        fmt::format("TCP options: {} octets do not fit after {} of at most {}", octets.size(), size_, kCapacity));
  std::ranges::copy(octets, octets_.begin() + size_);
  size_ = static_cast<std::uint8_t>(size_ + octets.size());
}

OptionList& OptionList::add(std::uint8_t kind, Octets data) {
  std::array<std::uint8_t, kCapacity> option{};
  const std::size_t head = kind <= number(OptionKind::nop) && data.empty() ? 1 : 2;
  if (data.size() > kCapacity - head)
    throw std::length_error(fmt::format("TCP option {}: {} octets of data are over the {} that an option part holds",
                                        kind, data.size(), kCapacity - head));
  option[0] = kind;
  if (head == 2) option[1] = static_cast<std::uint8_t>(data.size() + 2);
  std::ranges::copy(data, option.begin() + static_cast<std::ptrdiff_t>(head));
  append(Octets(option).first(head + data.size()));
  return *this;
}

OptionList& OptionList::nop() { return add(number(OptionKind::nop), {}); }
OptionList& OptionList::end() { return add(number(OptionKind::end), {}); }
OptionList& OptionList::sack_permitted() { return add(number(OptionKind::sack_permitted), {}); }

OptionList& OptionList::mss(std::uint16_t octets) {
  std::array<std::uint8_t, 2> data{};
  store16(data, 0, octets);
  return add(number(OptionKind::mss), data);
}

OptionList& OptionList::window_scale(std::uint8_t shift) {
  return add(number(OptionKind::window_scale), Octets(&shift, 1));
}

OptionList& OptionList::timestamps(std::uint32_t value, std::uint32_t echo) {
  std::array<std::uint8_t, 8> data{};
  store32(data, 0, value);
  store32(data, 4, echo);
  return add(number(OptionKind::timestamps), data);
}

OptionList& OptionList::sack(const std::vector<std::pair<std::uint32_t, std::uint32_t>>& blocks) {
  std::vector<std::uint8_t> data(blocks.size() * 8);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    store32(data, i * 8, blocks[i].first);
    store32(data, i * 8 + 4, blocks[i].second);
  }
  return add(number(OptionKind::sack), data);
}

OptionList& OptionList::user_timeout(bool minutes, std::uint16_t value) {
  std::array<std::uint8_t, 2> data{};
  store16(data, 0, static_cast<std::uint16_t>((value & 0x7fff) | (minutes ? 0x8000 : 0)));
  return add(number(OptionKind::user_timeout), data);
}

std::vector<Option> OptionList::items() const {
  std::vector<Option> found;
  Reader reader({octets_.data(), padded_size()});
  while (const auto option = reader.next()) found.push_back(*option);
  return found;
}

bool OptionList::well_formed() const {
  Reader reader({octets_.data(), padded_size()});
  while (reader.next()) continue;
  return !reader.malformed();
}

std::optional<Option> OptionList::find(OptionKind kind, std::size_t data_size) const {
  Reader reader({octets_.data(), padded_size()});
  while (const auto option = reader.next())
    if (option->kind == number(kind) && option->data.size() == data_size) return option;
  return std::nullopt;
}

std::optional<std::uint16_t> OptionList::mss() const {
  const auto option = find(OptionKind::mss, 2);
  return option ? std::optional(load16(option->data, 0)) : std::nullopt;
}

std::optional<std::uint8_t> OptionList::window_scale() const {
  const auto option = find(OptionKind::window_scale, 1);
  return option ? std::optional(option->data[0]) : std::nullopt;
}

bool OptionList::has_sack_permitted() const { return find(OptionKind::sack_permitted, 0).has_value(); }

std::optional<Timestamps> OptionList::timestamps() const {
  const auto option = find(OptionKind::timestamps, 8);
  return option ? std::optional(Timestamps{load32(option->data, 0), load32(option->data, 4)}) : std::nullopt;
}

std::string OptionList::to_string() const {
  Reader reader({octets_.data(), padded_size()});
  std::string text;
  const auto join = [&text](const std::string& item) {
    if (!item.empty()) text += (text.empty() ? "" : ",") + item;
  };
  while (const auto option = reader.next()) join(text_of(*option));
  join(tail_text(reader));
  return text;
}

bool OptionList::operator==(const OptionList& other) const {
  // Octets beyond size_ are zero, so comparing whole arrays compares the padded lists once their lengths agree.
  return padded_size() == other.padded_size() && octets_ == other.octets_;
}

}  // namespace finwait::wire
