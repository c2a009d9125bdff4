// Triggers: what can happen to a connection: a call of the application, a segment classified against the connection's
// numbers, an ICMP error, a timer. The same 52 as the event x state table, and those that only move a connection on.
//
// In the titles S, U are SND.NXT and SND.UNA, R and W are RCV.NXT and RCV.WND, M is MAX.SND.WND (RFC 5961), F is the
// sequence number of our FIN; all are the target's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace finwait::model {

// In the order of the table in trigger.cpp.
enum class Trigger : std::uint8_t {
  // The application
  close,
  abort,
  shut_rd,
  send,
  recv,
  open,
  // Segments
  data,
  data_ack_fin,
  out_of_order,
  fin,
  fin_ack_fin,
  data_fin,
  fin_out_of_order,
  fin_edge,
  dup_fin,
  phantom_fin,
  ack_fin,
  old_ack,
  too_old_ack,
  future_ack,
  out_of_window,
  keepalive_probe,
  no_ack,
  rst_exact,
  rst_in_window,
  rst_outside,
  syn_in_window,
  syn_below,
  syn_above,
  syn_ts_newer,
  syn_ts_equal,
  syn_ts_older,
  syn_no_ts,
  syn_new_ts,
  syn_old_duplicate,
  syn_ack,
  paws_fail,
  missing_ts,
  rst_paws_fail,
  urgent,
  window_opens,
  // ICMP
  icmp_soft,
  icmp_hard,
  icmp_source_quench,
  // Timers
  timer_rto,
  timer_r2,
  timer_two_msl,
  timer_fin_wait_2,
  timer_keepalive_idle,
  timer_keepalive_interval,
  timer_keepalive_dead,
  timer_persist,
  // Beyond the 52: what moves an undisturbed connection on
  new_ack,
};
inline constexpr std::size_t kTriggerCount = static_cast<std::size_t>(Trigger::new_ack) + 1;

enum class TriggerGroup : std::uint8_t { app, segment, icmp, timer };

struct TriggerInfo {
  Trigger trigger;
  TriggerGroup group;
  std::string_view id;      ///< "RST-EXACT", as docs/model.md has it
  std::string_view title;   ///< what it is
  std::string_view source;  ///< sections of the standards
};

std::span<const TriggerInfo> all_triggers();
const TriggerInfo& info(Trigger trigger);
inline std::string_view to_string(Trigger trigger) { return info(trigger).id; }
/// By id, in upper or lower case.
std::optional<Trigger> find_trigger(std::string_view id);

}  // namespace finwait::model
