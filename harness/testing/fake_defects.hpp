// What can be made wrong in the fake target, one thing at a time, to prove that the cases notice.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string_view>

namespace finwait::testing {

// In the order of the table in fake_defects.cpp.
enum class Defect : std::uint8_t {
  // No connection
  closed_rst_wrong_seq,
  closed_rst_with_ack,
  closed_rst_wrong_ack,
  closed_silent,
  closed_answers_rst,
  listen_answers_rst,
  listen_ignores_ack,
  listen_answers_bare_fin,
  // Opening
  iss_constant,
  syn_not_retransmitted,
  syn_ack_not_retransmitted,
  syn_gives_up_early,
  syn_sent_takes_bare_rst,
  syn_sent_ignores_rst,
  syn_sent_bad_ack_silent,
  syn_sent_close_sends_fin,
  // Our FIN
  close_sends_rst,
  close_delays_fin,
  fin_without_ack_bit,
  fin_before_queued_data,
  fin_sent_unasked,
  second_fin_after_close,
  fin_bad_checksum,
  fin_malformed_options,
  fin_not_retransmitted,
  fin_retransmitted_wrong_seq,
  fin_retransmitted_without_fin,
  fin_retransmitted_stale_ack,
  fin_retransmitted_after_ack,
  fin_no_backoff,
  fin_gives_up_early,
  fin_never_gives_up,
  gives_up_with_eof,
  first_rto_tripled,
  rto_under_a_second,
  data_not_retransmitted,
  data_no_backoff,
  user_timeout_ignored,
  shutdown_wr_no_fin,
  shutdown_wr_is_close,
  send_after_shutdown,
  // The peer's FIN
  fin_ack_missing,
  fin_ack_off_by_one,
  fin_ack_late,
  fin_with_data_dropped,
  fin_data_not_delivered,
  fin_not_signalled,
  fin_resets_user,
  fin_without_ack_taken,
  fin_with_bad_ack_taken,
  fin_above_gap_taken,
  fin_above_gap_forgotten,
  fin_beyond_window_taken,
  text_after_fin_delivered,
  eof_before_data,
  close_wait_cannot_send,
  close_wait_times_out,
  dup_fin_close_wait_advances,
  dup_fin_close_wait_rst,
  dup_fin_close_wait_silent,
  dup_fin_closing_advances,
  dup_fin_closing_rst,
  dup_fin_closing_silent,
  dup_fin_last_ack_advances,
  dup_fin_last_ack_rst,
  dup_fin_last_ack_silent,
  dup_fin_time_wait_advances,
  dup_fin_time_wait_rst,
  dup_fin_time_wait_silent,
  // Half close and close
  half_close_kills_reading,
  half_close_drops_data,
  half_close_recv_eof,
  half_close_times_out,
  close_unread_sends_fin,
  data_after_close_acked,
  data_after_close_silent,
  simultaneous_close_skips_closing,
  fin_with_ack_goes_to_closing,
  closing_never_leaves,
  last_ack_never_leaves,
  rst_after_clean_close,
  // TIME-WAIT
  time_wait_missing,
  time_wait_missing_after_closing,
  time_wait_half,
  time_wait_double,
  time_wait_not_restarted,
  time_wait_ends_with_segment,
  time_wait_on_passive_side,
  time_wait_dies_with_socket,
  time_wait_reopens_any_seq,
  time_wait_reopens_low_iss,
  // Abort and resets
  abort_sends_fin,
  abort_silent,
  abort_rst_wrong_seq,
  abort_late_sends_rst,
  rst_exact_ignored,
  rst_exact_ignored_late,
  rst_answered_with_rst,
  rst_in_window_taken,
  rst_in_window_silent,
  rst_outside_taken,
  rst_outside_acked,
  rst_with_data_ignored,
  rst_needs_ack,
  rst_zero_window_ignored,
  rst_gives_eof,
  rst_not_told_to_send,
  syn_resets_connection,
  syn_silent,
  // Unacceptable segments and windows
  out_of_window_silent,
  out_of_window_rst,
  unacceptable_ack_wrong_seq,
  future_ack_taken,
  future_ack_silent,
  zero_window_silent,
  zero_window_ack_ignored,
  zero_window_not_probed,
  zero_window_gives_up,
  data_ack_late,
  // Keepalive
  keepalive_on_by_default,
  keepalive_default_too_short,
  keepalive_idle_fixed,
  keepalive_never_off,
  probe_seq_snd_nxt,
  probe_wrong_ack,
  probe_with_octet,
  probe_missing,
  probe_extra,
  one_lost_probe_kills,
  interval_doubled,
  interval_halved,
  idle_not_restarted_by_data,
  idle_not_restarted_by_ack,
  answered_probe_continues,
  answered_probe_still_counts,
  keepalive_not_in_close_wait,
  keepalive_not_in_fin_wait_2,
  keepalive_while_data_outstanding,
  keepalive_while_fin_outstanding,
  keepalive_in_time_wait,
  keepalive_death_eof,
  keepalive_death_reset,
  keepalive_death_rst_wrong_seq,
  keepalive_never_dies,
  keepalive_ignores_rst,
  peer_probe_ignored,
  peer_probe_rst,
  peer_probe_octet_delivered,
};

struct DefectInfo {
  Defect defect;
  std::string_view name;         ///< "fin-not-retransmitted"
  std::string_view description;  ///< one line
  std::string_view requirement;  ///< what it breaks: an id of cases/requirements
};

using Defects = std::set<Defect>;

/// All of them, in the order of the enumeration.
std::span<const DefectInfo> all_defects();
const DefectInfo& info(Defect defect);
std::optional<Defect> find_defect(std::string_view name);

}  // namespace finwait::testing
