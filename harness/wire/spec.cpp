#include "harness/wire/spec.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace finwait::wire {
namespace {

constexpr Flags kUsuallyFree = kPsh | kEce | kCwr;  // what a Spec lets go without being asked

std::string flags_text(const Spec& spec) {
  const Flags optional = spec.maybe() & ~kUsuallyFree;
  const std::string required = to_string(spec.flags() & ~optional);
  return optional == Flags{} ? required : fmt::format("{}({})", required, to_string(optional));
}

bool same_flags(const Spec& spec, Flags actual) { return (spec.flags() & ~spec.maybe()) == (actual & ~spec.maybe()); }

/// What is asked of the acknowledgment number, which depends on whether the segment carries one.
enum class AckRule : std::uint8_t { free, compare, missing };

AckRule ack_rule(const Spec& spec, Flags actual) {
  if (spec.any_ack_allowed()) return AckRule::free;
  const bool optional = spec.maybe().has(kAck);
  const bool wanted = spec.flags().has(kAck);
  if (actual.has(kAck)) return optional || wanted || spec.ack() ? AckRule::compare : AckRule::free;
  if (optional) return AckRule::free;
  if (wanted) return AckRule::missing;
  return spec.ack() ? AckRule::compare : AckRule::free;  // the field without the bit, because the spec says so
}

bool same_ack(const Spec& spec, const Expected& expected, const Segment& actual) {
  const AckRule rule = ack_rule(spec, actual.flags);
  return rule == AckRule::free || (rule == AckRule::compare && actual.ack == spec.ack().value_or(expected.ack));
}

bool same_seq(const Spec& spec, const Expected& expected, SeqNum actual) {
  return spec.any_seq_allowed() || actual == spec.seq().value_or(expected.seq);
}

bool same_payload(const Spec& spec, const Bytes& actual) {
  if (spec.any_payload_allowed()) return true;
  return spec.payload() ? *spec.payload() == actual : actual.empty();
}

template <class T>
bool same_or_free(const std::optional<T>& wanted, const T& actual) {
  return !wanted || *wanted == actual;
}

FieldDiff ack_line(const Spec& spec, const Expected& expected, const Segment& actual) {
  const AckRule rule = ack_rule(spec, actual.flags);
  const std::string wanted = relative(spec.ack().value_or(expected.ack), expected.receiver_iss);
  const bool absent = rule != AckRule::compare && !actual.flags.has(kAck);
  return {"ack", rule == AckRule::free ? "any" : wanted, absent ? "none" : relative(actual.ack, expected.receiver_iss),
          same_ack(spec, expected, actual)};
}

FieldDiff payload_line(const Spec& spec, const Bytes& actual) {
  static const Bytes nothing;
  const Bytes& wanted = spec.payload() ? *spec.payload() : nothing;
  FieldDiff line{"len", spec.any_payload_allowed() ? "any" : fmt::to_string(wanted.size()),
                 fmt::to_string(actual.size()), same_payload(spec, actual)};
  if (!line.same && wanted.size() == actual.size()) {
    const auto [here, there] = std::ranges::mismatch(wanted, actual);
    line.actual += fmt::format(", octet {} is {:#04x} and not {:#04x}", here - wanted.begin(), *there, *here);
  }
  return line;
}

template <class T, class Text>
FieldDiff free_line(std::string name, const std::optional<T>& wanted, const T& actual, Text text) {
  return {std::move(name), wanted ? text(*wanted) : "any", text(actual), same_or_free(wanted, actual)};
}

std::string options_text(const OptionList& options) { return "<" + options.to_string() + ">"; }

}  // namespace

std::vector<FieldDiff> diff(const Spec& spec, const Expected& expected, const Segment& actual) {
  const auto decimal = [](auto value) { return fmt::to_string(value); };
  const SeqNum seq = spec.seq().value_or(expected.seq);
  return {
      {"flags", flags_text(spec), to_string(actual.flags), same_flags(spec, actual.flags)},
      {"seq", spec.any_seq_allowed() ? "any" : relative(seq, expected.sender_iss),
       relative(actual.seq, expected.sender_iss), same_seq(spec, expected, actual.seq)},
      ack_line(spec, expected, actual),
      payload_line(spec, actual.payload),
      free_line("window", spec.window(), actual.window, decimal),
      free_line("urgent", spec.urgent(), actual.urgent, decimal),
      free_line("options", spec.options(), actual.options, options_text),
      free_line("hop limit", spec.hop_limit(), actual.hop_limit, decimal),
  };
}

bool matches(const Spec& spec, const Expected& expected, const Segment& actual) {
  return same_flags(spec, actual.flags) && same_seq(spec, expected, actual.seq) && same_ack(spec, expected, actual) &&
         same_payload(spec, actual.payload) && same_or_free(spec.window(), actual.window) &&
         same_or_free(spec.urgent(), actual.urgent) && same_or_free(spec.options(), actual.options) &&
         same_or_free(spec.hop_limit(), actual.hop_limit);
}

std::string render(const std::vector<FieldDiff>& lines) {
  std::size_t field_width = 0;
  std::size_t expected_width = std::string_view("expected").size();
  for (const FieldDiff& line : lines) {
    field_width = std::max(field_width, line.field.size());
    expected_width = std::max(expected_width, line.expected.size());
  }
  std::string text = fmt::format("  {:{}}  {:{}}  {}\n", "", field_width, "expected", expected_width, "actual");
  for (const FieldDiff& line : lines)
    text += fmt::format("{} {:{}}  {:{}}  {}\n", line.same ? ' ' : '>', line.field, field_width, line.expected,
                        expected_width, line.actual);
  return text;
}

std::string describe(const Spec& spec, const Expected& expected) {
  const auto or_any = [](bool any, std::string text) { return any ? std::string("any") : std::move(text); };
  std::string text = flags_text(spec);
  const SeqNum seq = spec.seq().value_or(expected.seq);
  text += " seq " + or_any(spec.any_seq_allowed(), relative(seq, expected.sender_iss));
  if ((spec.flags() | spec.maybe()).has(kAck) || spec.ack()) {
    const SeqNum ack = spec.ack().value_or(expected.ack);
    text += " ack " + or_any(spec.any_ack_allowed(), relative(ack, expected.receiver_iss));
  }
  text += " len " + or_any(spec.any_payload_allowed(), fmt::to_string(spec.payload() ? spec.payload()->size() : 0));
  if (spec.window()) text += fmt::format(" win {}", *spec.window());
  if (spec.urgent()) text += fmt::format(" urg {}", *spec.urgent());
  if (spec.hop_limit()) text += fmt::format(" hop limit {}", *spec.hop_limit());
  if (spec.options()) text += " " + options_text(*spec.options());
  return text;
}

}  // namespace finwait::wire
