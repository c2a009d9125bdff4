// System-wide settings that change what a target has to be judged by: those of Linux, by its names.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "harness/model/profile.hpp"

namespace finwait::model {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Retransmissions, each after twice the time of the one before, are over after this: the first `retries` + 1 timeouts.
/// A longer first timeout (the round trip) only makes it later, so this is a lower bound (tcp_model_timeout()).
Duration backed_off(Duration first, int retries, Duration most) {
  Duration sum{};
  for (int i = 0; i <= retries; i++) {
    sum += first;
    first = std::min(first * 2, most);
  }
  return sum;
}

// The target gives up a socket's text by one setting and an orphan's by another, and r2 is the floor of both; so it
// only ever falls. Linux takes 8 for orphan retries of 0.
void limit_r2(Profile& p, int retries) { p.r2 = std::min(p.r2, backed_off(p.rto_min, retries, p.rto_max)); }

struct Setting {
  std::string_view name;
  void (*apply)(Profile&, int);
};
constexpr int kOrphanRetries = 8;
constexpr std::array kSettings{
    Setting{"net.ipv4.tcp_fin_timeout", [](Profile& p, int n) { p.fin_wait_2_orphan = seconds(n); }},
    Setting{"net.ipv4.tcp_keepalive_time", [](Profile& p, int n) { p.keepalive_idle = seconds(n); }},
    Setting{"net.ipv4.tcp_keepalive_intvl", [](Profile& p, int n) { p.keepalive_interval = seconds(n); }},
    Setting{"net.ipv4.tcp_keepalive_probes", [](Profile& p, int n) { p.keepalive_count = n; }},
    Setting{"net.ipv4.tcp_retries2", limit_r2},
    Setting{"net.ipv4.tcp_orphan_retries", [](Profile& p, int n) { limit_r2(p, n == 0 ? kOrphanRetries : n); }},
    Setting{"net.ipv4.tcp_syn_retries", [](Profile& p, int n) { p.r2_syn = backed_off(p.rto_initial, n, p.rto_max); }},
    Setting{"net.ipv4.tcp_synack_retries",
            [](Profile& p, int n) { p.r2_syn_ack = backed_off(p.rto_initial, n, p.rto_max); }},
    Setting{"net.ipv4.tcp_invalid_ratelimit", [](Profile& p, int n) { p.challenge_throttle = milliseconds(n); }},
    Setting{"net.ipv4.tcp_rfc1337",
            [](Profile& p, int n) {
              p.choices = p.choices.with(n == 0 ? Choice::tw_rst_deletes : Choice::tw_rst_ignored);
            }},
    Setting{"net.ipv4.tcp_timestamps",
            [](Profile& p, int n) { p.choices = p.choices.with(n == 0 ? Choice::ts_off : Choice::ts_lenient); }},
};

}  // namespace

bool Profile::apply_setting(std::string_view setting, std::string_view value) {
  const auto* known = std::ranges::find(kSettings, setting, &Setting::name);
  int number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (known == kSettings.end() || error != std::errc{} || end != value.data() + value.size() || number < 0)
    return false;
  const Profile before = *this;
  known->apply(*this, number);
  const std::string source = fmt::format("set: {} = {}", setting, value);
  for (Stated& one : stated) {
    if (value_text(*this, *one.figure) != value_text(before, *one.figure)) one.source = source;
  }
  for (const AxisInfo& axis : all_axes()) {
    if ((choices & Choices::of(axis.axis)) == (before.choices & Choices::of(axis.axis))) continue;
    axis_sources.at(static_cast<std::size_t>(axis.axis)) = source;
  }
  return true;
}

}  // namespace finwait::model
