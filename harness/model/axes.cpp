#include "harness/model/axes.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace finwait::model {

namespace {

using A = Axis;
using C = Choice;

constexpr std::array<AxisInfo, kAxes> kAxisTable{{
    {A::hardening, "hardening", "what do a RST and a SYN inside the window do?", "R(SEQ=R+1) in ESTABLISHED"},
    {A::ack_range, "ack-range", "is an ACK from long ago refused?", "FIN,ACK with ACK=U-M-1 in ESTABLISHED"},
    {A::rst_in_time_wait, "rst-in-time-wait", "does a RST end TIME-WAIT?", "R(SEQ=R) in TIME-WAIT"},
    {A::syn_in_time_wait, "syn-in-time-wait", "may a SYN end TIME-WAIT and open a new connection?",
     "S(SEQ=R+1000), and S(TSval+1, SEQ=R-1000), in TIME-WAIT"},
    {A::timestamps, "timestamps", "are timestamps negotiated, and is a segment without them dropped?",
     "the handshake; text without TSopt"},
    {A::close, "close", "what does close() do with text that nobody will read?", "text after close()"},
    {A::keepalive, "keepalive", "are idle connections probed?", "the socket's default"},
    {A::orphan_fin_wait_2, "orphan-fin-wait-2", "is FIN-WAIT-2 limited once nobody holds the socket?",
     "close(), ACK of the FIN, wait"},
}};

constexpr std::array<ChoiceInfo, kChoices> kChoiceTable{{
    {C::rfc793, A::hardening, "rfc793", "any RST and any SYN in the window resets (RFC 793)"},
    {C::rfc5961, A::hardening, "rfc5961", "an inexact RST and any SYN draw a challenge ACK (RFC 5961 3, 4)"},
    {C::any_old_ack, A::ack_range, "none", "an old ACK is ignored, however old; the rest of its segment counts"},
    {C::rfc5961_ack, A::ack_range, "rfc5961", "before SND.UNA - MAX.SND.WND it draws a challenge ACK (RFC 5961 5)"},
    {C::sent_ack, A::ack_range, "sent", "the same, and so does an ACK from before the first octet that was ever sent"},
    {C::tw_rst_deletes, A::rst_in_time_wait, "delete", "it deletes the connection (RFC 9293 3.10.7.4)"},
    {C::tw_rst_ignored, A::rst_in_time_wait, "ignore", "it is ignored (RFC 1337, F1)"},
    {C::tw_rst_ignored_2s, A::rst_in_time_wait, "ignore-2s", "it is ignored for two seconds (RFC 1337, F2)"},
    {C::tw_no_reuse, A::syn_in_time_wait, "refuse", "no"},
    {C::tw_reuse_by_seq, A::syn_in_time_wait, "by-seq", "with a sequence number above the old ones (RFC 9293 MAY-2)"},
    {C::tw_reuse_rfc6191, A::syn_in_time_wait, "rfc6191", "with a newer timestamp, or such a number (RFC 6191)"},
    {C::ts_off, A::timestamps, "off", "not negotiated"},
    {C::ts_strict, A::timestamps, "strict", "negotiated; a segment without them is dropped (RFC 7323 3.2)"},
    {C::ts_lenient, A::timestamps, "lenient", "negotiated; a segment without them is taken"},
    {C::simplex_close, A::close, "simplex", "it is taken and thrown away (RFC 9293 3.6)"},
    {C::half_duplex_close, A::close, "half-duplex", "it draws a reset (RFC 9293 MAY-1, SHLD-3)"},
    {C::no_keepalive, A::keepalive, "absent", "never"},
    {C::keepalive_off, A::keepalive, "off", "when the application asks for it (RFC 9293 MUST-25)"},
    {C::keepalive_on, A::keepalive, "on", "always"},
    {C::no_orphan_timer, A::orphan_fin_wait_2, "none", "no (RFC 9293)"},
    {C::orphan_timer, A::orphan_fin_wait_2, "timer", "yes, after a time of the stack's own"},
}};

}  // namespace

std::span<const AxisInfo> all_axes() { return kAxisTable; }
std::span<const ChoiceInfo> all_choices() { return kChoiceTable; }
const AxisInfo& info(Axis axis) { return kAxisTable.at(static_cast<std::size_t>(axis)); }
const ChoiceInfo& info(Choice choice) { return kChoiceTable.at(static_cast<std::size_t>(choice)); }

std::optional<Axis> find_axis(std::string_view name) {
  const auto* found = std::ranges::find(kAxisTable, name, &AxisInfo::name);
  if (found == kAxisTable.end()) return std::nullopt;
  return found->axis;
}

std::optional<Choice> find_choice(Axis axis, std::string_view name) {
  for (const ChoiceInfo& one : kChoiceTable) {
    if (one.axis == axis && one.name == name) return one.choice;
  }
  return std::nullopt;
}

Choices Choices::of(Axis axis) {
  Choices some;
  for (const ChoiceInfo& one : kChoiceTable) {
    if (one.axis == axis) some = some | Choices{one.choice};
  }
  return some;
}

Choices Choices::with(Choice choice) const {
  Choices changed = *this;
  changed.bits_ &= ~of(info(choice).axis).bits_;
  return changed | Choices{choice};
}

std::optional<Choices> Choices::narrowed(Choices needed) const {
  if (needed.empty()) return *this;
  static const std::array<Choices, kAxes> masks_by_axis = [] {
    std::array<Choices, kAxes> masks;
    for (const AxisInfo& one : kAxisTable) masks.at(static_cast<std::size_t>(one.axis)) = of(one.axis);
    return masks;
  }();
  Choices left = *this;
  for (const Choices mask : masks_by_axis) {
    const Choices wanted = needed & mask;
    if (wanted.empty()) continue;
    if ((left & wanted).empty()) return std::nullopt;
    left.bits_ &= wanted.bits_ | ~mask.bits_;
  }
  return left;
}

std::vector<std::string_view> Choices::names() const {
  std::vector<std::string_view> all;
  for (const ChoiceInfo& one : kChoiceTable) {
    if (contains(one.choice)) all.push_back(one.name);
  }
  return all;
}

std::string Choices::to_string() const {
  std::string text;
  for (const AxisInfo& axis : kAxisTable) {
    const Choices here = *this & of(axis.axis);
    if (here == of(axis.axis)) continue;
    if (!text.empty()) text += ' ';
    const auto names = here.names();
    text += fmt::format("{}={}", axis.name, names.empty() ? "?" : fmt::format("{}", fmt::join(names, "|")));
  }
  return text;
}

}  // namespace finwait::model
