#include "harness/testing/fake_defects.hpp"

#include <algorithm>
#include <array>

namespace finwait::testing {

namespace {

using D = Defect;

// clang-format off
constexpr std::array kDefects = std::to_array<DefectInfo>({
    {D::closed_rst_wrong_seq, "closed-rst-wrong-seq", "the RST to an ACK without a connection has SEQ = SEG.ACK + 1", "RFC9293-3.10.7.1-CLOSED-ACK"},
    {D::closed_rst_with_ack, "closed-rst-with-ack", "the RST to an ACK without a connection carries the ACK bit", "RFC9293-3.10.7.1-CLOSED-ACK"},
    {D::closed_rst_wrong_ack, "closed-rst-wrong-ack", "the RST to a SYN without a connection acknowledges one octet too few", "RFC9293-3.10.7.1-CLOSED-NOACK"},
    {D::closed_silent, "closed-silent", "segments without a connection draw nothing", "RFC9293-3.5.2-G1"},
    {D::closed_answers_rst, "closed-answers-rst", "a RST without a connection draws a RST", "RFC9293-3.10.7.1-CLOSED-RST"},
    {D::listen_answers_rst, "listen-answers-rst", "a RST to a listener draws a RST", "RFC9293-3.10.7.2-LISTEN-RST"},
    {D::listen_ignores_ack, "listen-ignores-ack", "an ACK to a listener draws nothing", "RFC9293-3.10.7.2-LISTEN-ACK"},
    {D::listen_answers_bare_fin, "listen-answers-bare-fin", "a FIN without ACK to a listener draws a RST", "RFC9293-3.10.7.2-LISTEN-FIN"},

    {D::iss_constant, "iss-constant", "every initial sequence number is the same", "RFC9293-MUST-8"},
    {D::syn_not_retransmitted, "syn-not-retransmitted", "a SYN is sent once only", "RFC9293-MUST-22"},
    {D::syn_ack_not_retransmitted, "syn-ack-not-retransmitted", "a SYN-ACK is sent once only", "RFC9293-MUST-22"},
    {D::syn_gives_up_early, "syn-gives-up-early", "an active open gives up after two retransmissions", "RFC9293-MUST-23"},
    {D::syn_sent_takes_bare_rst, "syn-sent-takes-bare-rst", "in SYN-SENT a RST without ACK ends the open", "RFC9293-3.10.7.3-SS-RST"},
    {D::syn_sent_ignores_rst, "syn-sent-ignores-rst", "in SYN-SENT a RST with a right ACK is ignored", "RFC9293-3.10.7.3-SS-RST"},
    {D::syn_sent_bad_ack_silent, "syn-sent-bad-ack-silent", "in SYN-SENT a wrong ACK draws no RST", "RFC9293-3.10.7.3-SS-BADACK"},
    {D::syn_sent_close_sends_fin, "syn-sent-close-sends-fin", "giving up an open in SYN-SENT sends a FIN", "RFC9293-3.10.4-CLOSE-SS"},

    {D::close_sends_rst, "close-sends-rst", "close() sends a RST and not a FIN", "RFC9293-3.10.4-CLOSE-EST"},
    {D::close_delays_fin, "close-delays-fin", "the FIN leaves one second after close()", "RFC2525-2.15"},
    {D::fin_without_ack_bit, "fin-without-ack-bit", "our FIN lacks the ACK bit", "RFC9293-3.10.4-CLOSE-EST"},
    {D::fin_before_queued_data, "fin-before-queued-data", "close() sends the FIN before data that is still queued, which is lost", "RFC9293-3.6-RELIABLE"},
    {D::fin_sent_unasked, "fin-sent-unasked", "the peer's FIN is answered with our own, without a close()", "RFC9293-3.6-NOFIN-UNTIL-CLOSE"},
    {D::second_fin_after_close, "second-fin-after-close", "close() after shutdown() sends another FIN", "RFC9293-3.10.4-CLOSE-FW"},
    {D::fin_bad_checksum, "fin-bad-checksum", "our FIN has a wrong TCP checksum", "RFC9293-MUST-2"},
    {D::fin_malformed_options, "fin-malformed-options", "our FIN carries an option of length zero", "RFC9293-MUST-68"},
    {D::fin_not_retransmitted, "fin-not-retransmitted", "our FIN is sent once only", "RFC9293-3.6-FIN-RETX"},
    {D::fin_retransmitted_wrong_seq, "fin-retransmitted-wrong-seq", "the retransmitted FIN has SEQ = SND.NXT", "RFC9293-3.10.8-RETX"},
    {D::fin_retransmitted_without_fin, "fin-retransmitted-without-fin", "the retransmission of our FIN lacks the FIN bit", "RFC9293-3.6-FIN-RETX"},
    {D::fin_retransmitted_stale_ack, "fin-retransmitted-stale-ack", "the retransmitted FIN acknowledges what the first one did", "RFC9293-3.10.8-RETX"},
    {D::fin_retransmitted_after_ack, "fin-retransmitted-after-ack", "an acknowledged FIN is still retransmitted", "RFC9293-3.10.7.4-FW1-ACKFIN"},
    {D::fin_no_backoff, "fin-no-backoff", "FIN retransmissions come at equal intervals", "RFC9293-MUST-19"},
    {D::fin_gives_up_early, "fin-gives-up-early", "the connection is dropped after two retransmissions of our FIN", "RFC9293-SHLD-11"},
    {D::fin_never_gives_up, "fin-never-gives-up", "retransmission has no end", "RFC9293-MUST-20-C"},
    {D::gives_up_with_eof, "gives-up-with-eof", "after R2 the application reads the end of the stream and no ETIMEDOUT", "POSIX-RECV-ETIMEDOUT"},
    {D::first_rto_tripled, "first-rto-tripled", "the retransmission timer starts at three times the RTO", "RFC9293-MUST-18"},
    {D::rto_under_a_second, "rto-under-a-second", "the retransmission timeout is 200 ms", "RFC6298-2.4"},
    {D::data_not_retransmitted, "data-not-retransmitted", "data is sent once only", "RFC9293-3.6-RELIABLE"},
    {D::data_no_backoff, "data-no-backoff", "data retransmissions come at equal intervals", "RFC6298-5.5"},
    {D::user_timeout_ignored, "user-timeout-ignored", "TCP_USER_TIMEOUT has no effect", "LINUX-TCP_USER_TIMEOUT"},
    {D::shutdown_wr_no_fin, "shutdown-wr-no-fin", "shutdown(WR) sends nothing", "POSIX-SHUTDOWN-WR"},
    {D::shutdown_wr_is_close, "shutdown-wr-is-close", "shutdown(WR) closes reading too", "POSIX-SHUTDOWN-WR"},
    {D::send_after_shutdown, "send-after-shutdown", "send() after shutdown(WR) claims success", "POSIX-SEND-EPIPE"},

    {D::fin_ack_missing, "fin-ack-missing", "the peer's FIN is not acknowledged", "RFC9293-3.10.7.4-FIN-NOTIFY"},
    {D::fin_ack_off_by_one, "fin-ack-off-by-one", "the ACK of the peer's FIN does not cover the FIN", "RFC9293-3.10.7.4-FIN-NOTIFY"},
    {D::fin_ack_late, "fin-ack-late", "the peer's FIN is acknowledged after 600 ms", "RFC9293-MUST-40"},
    {D::fin_with_data_dropped, "fin-with-data-dropped", "a FIN that comes with data is not seen", "RFC9293-3.10.7.4-FIN-EST"},
    {D::fin_data_not_delivered, "fin-data-not-delivered", "data that comes with a FIN is acknowledged and lost", "RFC9293-3.10.7.4-FIN-PUSH"},
    {D::fin_not_signalled, "fin-not-signalled", "the application never reads the end of the stream", "RFC9293-3.6-SIGNAL"},
    {D::fin_resets_user, "fin-resets-user", "after a FIN the application gets ECONNRESET", "POSIX-RECV-EOF"},
    {D::fin_without_ack_taken, "fin-without-ack-taken", "a FIN without the ACK bit closes", "RFC9293-3.10.7.4-NOACK-DROP"},
    {D::fin_with_bad_ack_taken, "fin-with-bad-ack-taken", "a FIN that acknowledges what was never sent closes", "RFC9293-3.10.7.4-FIN-BADACK"},
    {D::fin_above_gap_taken, "fin-above-gap-taken", "a FIN above a gap closes at once", "RFC9293-SHLD-31"},
    {D::fin_above_gap_forgotten, "fin-above-gap-forgotten", "a FIN above a gap is forgotten", "RFC9293-SHLD-31"},
    {D::fin_beyond_window_taken, "fin-beyond-window-taken", "a FIN beyond the window closes", "RFC9293-3.10.7.4-FIN-OTW"},
    {D::text_after_fin_delivered, "text-after-fin-delivered", "data after the peer's FIN is acknowledged and delivered", "RFC9293-3.10.7.4-TEXT-AFTER-FIN"},
    {D::eof_before_data, "eof-before-data", "in CLOSE-WAIT unread data is lost", "RFC9293-3.10.3-RECV-CW"},
    {D::close_wait_cannot_send, "close-wait-cannot-send", "in CLOSE-WAIT send() fails", "RFC9293-3.10.2-SEND-CW"},
    {D::close_wait_times_out, "close-wait-times-out", "CLOSE-WAIT is reset after 30 seconds", "RFC9293-3.6-NOFIN-UNTIL-CLOSE"},
    {D::dup_fin_close_wait_advances, "dup-fin-close-wait-advances", "in CLOSE-WAIT a repeated FIN is counted again", "RFC9293-3.10.7.4-FIN-CW"},
    {D::dup_fin_close_wait_rst, "dup-fin-close-wait-rst", "in CLOSE-WAIT a repeated FIN draws a RST", "RFC9293-3.10.7.4-FIN-CW"},
    {D::dup_fin_close_wait_silent, "dup-fin-close-wait-silent", "in CLOSE-WAIT a repeated FIN draws nothing", "RFC9293-3.10.7.4-FIN-CW"},
    {D::dup_fin_closing_advances, "dup-fin-closing-advances", "in CLOSING a repeated FIN is counted again", "RFC9293-3.10.7.4-FIN-CLG"},
    {D::dup_fin_closing_rst, "dup-fin-closing-rst", "in CLOSING a repeated FIN draws a RST", "RFC9293-3.10.7.4-FIN-CLG"},
    {D::dup_fin_closing_silent, "dup-fin-closing-silent", "in CLOSING a repeated FIN draws nothing", "RFC9293-3.10.7.4-FIN-CLG"},
    {D::dup_fin_last_ack_advances, "dup-fin-last-ack-advances", "in LAST-ACK a repeated FIN is counted again", "RFC9293-3.10.7.4-FIN-LA"},
    {D::dup_fin_last_ack_rst, "dup-fin-last-ack-rst", "in LAST-ACK a repeated FIN draws a RST", "RFC9293-3.10.7.4-FIN-LA"},
    {D::dup_fin_last_ack_silent, "dup-fin-last-ack-silent", "in LAST-ACK a repeated FIN draws nothing", "RFC9293-3.10.7.4-FIN-LA"},
    {D::dup_fin_time_wait_advances, "dup-fin-time-wait-advances", "in TIME-WAIT a repeated FIN is counted again", "RFC9293-3.10.7.4-TW-FIN-ACK"},
    {D::dup_fin_time_wait_rst, "dup-fin-time-wait-rst", "in TIME-WAIT a repeated FIN draws a RST", "RFC9293-3.10.7.4-TW-FIN-ACK"},
    {D::dup_fin_time_wait_silent, "dup-fin-time-wait-silent", "in TIME-WAIT a repeated FIN draws nothing", "RFC9293-3.10.7.4-TW-FIN-ACK"},

    {D::half_close_kills_reading, "half-close-kills-reading", "data after shutdown(WR) draws a RST", "RFC9293-3.6.1-HALFCLOSE"},
    {D::half_close_drops_data, "half-close-drops-data", "data after shutdown(WR) is acknowledged and lost", "RFC9293-3.10.7.4-TEXT-FW2"},
    {D::half_close_recv_eof, "half-close-recv-eof", "after shutdown(WR) recv() gives the end of the stream", "RFC9293-3.10.3-RECV-FW"},
    {D::half_close_times_out, "half-close-times-out", "FIN-WAIT-2 ends like that of an orphan although the application still reads", "RFC9293-3.10.8-NOFW2"},
    {D::close_unread_sends_fin, "close-unread-sends-fin", "close() with unread data sends a FIN", "RFC9293-SHLD-3-UNREAD"},
    {D::data_after_close_acked, "data-after-close-acked", "data after close() is acknowledged", "RFC9293-SHLD-3-NEWDATA"},
    {D::data_after_close_silent, "data-after-close-silent", "data after close() draws nothing", "RFC9293-SHLD-3-NEWDATA"},
    {D::simultaneous_close_skips_closing, "simultaneous-close-skips-closing", "FINs that cross lead to TIME-WAIT although ours is not acknowledged", "RFC9293-3.10.7.4-FIN-FW1-CLOSING"},
    {D::fin_with_ack_goes_to_closing, "fin-with-ack-goes-to-closing", "a FIN that acknowledges ours leads to CLOSING", "RFC9293-3.10.7.4-FIN-FW1-TW"},
    {D::closing_never_leaves, "closing-never-leaves", "in CLOSING the ACK of our FIN is not seen", "RFC9293-3.6-CASE3"},
    {D::last_ack_never_leaves, "last-ack-never-leaves", "in LAST-ACK the ACK of our FIN is not seen", "RFC9293-3.6-CASE2"},
    {D::rst_after_clean_close, "rst-after-clean-close", "the end of LAST-ACK sends a RST", "RFC9293-3.5.2-CLEAR"},

    {D::time_wait_missing, "time-wait-missing", "there is no TIME-WAIT", "RFC9293-MUST-13"},
    {D::time_wait_missing_after_closing, "time-wait-missing-after-closing", "there is no TIME-WAIT after CLOSING", "RFC9293-MUST-13-CLG"},
    {D::time_wait_half, "time-wait-half", "TIME-WAIT lasts one MSL", "RFC9293-MUST-13"},
    {D::time_wait_double, "time-wait-double", "TIME-WAIT lasts four MSL", "RFC9293-MUST-13"},
    {D::time_wait_not_restarted, "time-wait-not-restarted", "a repeated FIN does not restart the 2MSL timer", "RFC9293-3.10.7.4-FIN-TW"},
    {D::time_wait_ends_with_segment, "time-wait-ends-with-segment", "the end of TIME-WAIT sends a RST", "RFC9293-3.10.8-TWTO"},
    {D::time_wait_on_passive_side, "time-wait-on-passive-side", "LAST-ACK leads to TIME-WAIT", "RFC9293-3.6-CASE2"},
    {D::time_wait_dies_with_socket, "time-wait-dies-with-socket", "close() of the socket ends TIME-WAIT", "RFC9293-MUST-13-ORPHAN"},
    {D::time_wait_reopens_any_seq, "time-wait-reopens-any-seq", "TIME-WAIT accepts a SYN from before the peer's FIN", "RFC6191-R7"},
    {D::time_wait_reopens_low_iss, "time-wait-reopens-low-iss", "the ISS after TIME-WAIT lies below the old SND.NXT", "RFC9293-MAY-2-1"},

    {D::abort_sends_fin, "abort-sends-fin", "an abort sends a FIN", "RFC9293-3.10.5-ABORT-SYNC"},
    {D::abort_silent, "abort-silent", "an abort sends nothing", "RFC9293-3.10.5-ABORT-SYNC"},
    {D::abort_rst_wrong_seq, "abort-rst-wrong-seq", "the RST of an abort has SEQ = SND.NXT + 1", "RFC9293-3.10.5-ABORT-SYNC"},
    {D::abort_late_sends_rst, "abort-late-sends-rst", "an abort in CLOSING, LAST-ACK or TIME-WAIT sends a RST", "RFC9293-3.10.5-ABORT-LATE"},
    {D::rst_exact_ignored, "rst-exact-ignored", "a RST at RCV.NXT is ignored", "RFC5961-3.2-EXACT"},
    {D::rst_exact_ignored_late, "rst-exact-ignored-late", "a RST at RCV.NXT is ignored once our FIN is sent", "RFC9293-3.10.7.4-RST-EXACT-FW1"},
    {D::rst_answered_with_rst, "rst-answered-with-rst", "a RST that ends the connection draws a RST", "RFC9293-3.10.7.4-RST-EXACT-EST"},
    {D::rst_in_window_taken, "rst-in-window-taken", "any RST in the window ends the connection", "RFC5961-3.2-INWIN"},
    {D::rst_in_window_silent, "rst-in-window-silent", "a RST in the window draws no challenge ACK", "RFC5961-3.2-INWIN"},
    {D::rst_outside_taken, "rst-outside-taken", "a RST below the window ends the connection", "RFC9293-3.10.7.4-RST-OTW"},
    {D::rst_outside_acked, "rst-outside-acked", "a RST outside the window draws an ACK", "RFC5961-3.2-OUT"},
    {D::rst_with_data_ignored, "rst-with-data-ignored", "a RST that carries text is ignored", "RFC9293-SHLD-2"},
    {D::rst_needs_ack, "rst-needs-ack", "a RST without the ACK bit is ignored", "RFC9293-3.5.3-VALID"},
    {D::rst_zero_window_ignored, "rst-zero-window-ignored", "with a closed window a RST is ignored", "RFC9293-MUST-66"},
    {D::rst_gives_eof, "rst-gives-eof", "after a RST the application reads the end of the stream", "RFC9293-MUST-12"},
    {D::rst_not_told_to_send, "rst-not-told-to-send", "send() after a RST claims success", "POSIX-SEND-ECONNRESET"},
    {D::syn_resets_connection, "syn-resets-connection", "a SYN in the window resets the connection", "RFC5961-4.2-SYN"},
    {D::syn_silent, "syn-silent", "a SYN draws no challenge ACK", "RFC5961-4.2-SYN"},

    {D::out_of_window_silent, "out-of-window-silent", "a segment outside the window draws nothing", "RFC9293-3.10.7.4-OTW-ACK"},
    {D::out_of_window_rst, "out-of-window-rst", "a segment outside the window draws a RST", "RFC9293-3.5.2-CLEAR"},
    {D::unacceptable_ack_wrong_seq, "unacceptable-ack-wrong-seq", "the ACK to an unacceptable segment has SEQ = SND.NXT - 1", "RFC9293-3.5.2-G3"},
    {D::future_ack_taken, "future-ack-taken", "an ACK beyond SND.NXT is taken as one of SND.NXT", "RFC9293-3.5.2-G3"},
    {D::future_ack_silent, "future-ack-silent", "an ACK beyond SND.NXT draws nothing", "RFC9293-3.5.2-G3"},
    {D::zero_window_silent, "zero-window-silent", "data for a closed window draws nothing", "RFC9293-3.8.6.1-ZWREPLY"},
    {D::zero_window_ack_ignored, "zero-window-ack-ignored", "with our window closed ACKs are not processed", "RFC9293-3.10.7.4-ZWIN-ALLOW"},
    {D::zero_window_not_probed, "zero-window-not-probed", "a closed window is never probed", "RFC9293-MUST-36"},
    {D::zero_window_gives_up, "zero-window-gives-up", "four answered window probes end the connection", "RFC9293-MUST-37"},
    {D::data_ack_late, "data-ack-late", "data is acknowledged after 600 ms", "RFC9293-MUST-40"},

    {D::keepalive_on_by_default, "keepalive-on-by-default", "keepalive is on by default", "RFC9293-MUST-25"},
    {D::keepalive_default_too_short, "keepalive-default-too-short", "the default idle time is ten minutes", "RFC9293-MUST-28"},
    {D::keepalive_idle_fixed, "keepalive-idle-fixed", "the idle time cannot be changed", "RFC9293-MUST-27"},
    {D::keepalive_never_off, "keepalive-never-off", "keepalive cannot be switched off again", "RFC9293-MUST-24"},
    {D::probe_seq_snd_nxt, "probe-seq-snd-nxt", "probes have SEQ = SND.NXT", "RFC9293-3.8.4-SEQ"},
    {D::probe_wrong_ack, "probe-wrong-ack", "probes have ACK = RCV.NXT - 1", "RFC9293-3.8.4-SEQ"},
    {D::probe_with_octet, "probe-with-octet", "probes carry one octet", "RFC9293-SHLD-12"},
    {D::probe_missing, "probe-missing", "there is one probe too few", "LINUX-KEEPOPTS"},
    {D::probe_extra, "probe-extra", "there is one probe too many", "LINUX-KEEPOPTS"},
    {D::one_lost_probe_kills, "one-lost-probe-kills", "one unanswered probe ends the connection", "RFC9293-MUST-29"},
    {D::interval_doubled, "interval-doubled", "probes come at twice the interval", "LINUX-KEEPOPTS"},
    {D::interval_halved, "interval-halved", "probes come at half the interval", "RFC2525-2.9"},
    {D::idle_not_restarted_by_data, "idle-not-restarted-by-data", "received data does not restart the idle time", "RFC9293-MUST-26-IDLE"},
    {D::idle_not_restarted_by_ack, "idle-not-restarted-by-ack", "a received ACK does not restart the idle time", "RFC9293-MUST-26-IDLE"},
    {D::answered_probe_continues, "answered-probe-continues", "after an answered probe the next comes after the interval", "RFC9293-3.8.4-ANSWERED"},
    {D::answered_probe_still_counts, "answered-probe-still-counts", "answered probes count as lost", "RFC9293-3.8.4-ANSWERED"},
    {D::keepalive_not_in_close_wait, "keepalive-not-in-close-wait", "there is no keepalive in CLOSE-WAIT", "RFC9293-3.8.4-HALFCLOSED"},
    {D::keepalive_not_in_fin_wait_2, "keepalive-not-in-fin-wait-2", "there is no keepalive in FIN-WAIT-2", "RFC9293-3.8.4-HALFCLOSED"},
    {D::keepalive_while_data_outstanding, "keepalive-while-data-outstanding", "probes are sent while data is unacknowledged", "RFC9293-MUST-26-OUTSTANDING"},
    {D::keepalive_while_fin_outstanding, "keepalive-while-fin-outstanding", "probes are sent while our FIN is unacknowledged", "RFC9293-MUST-26-FIN"},
    {D::keepalive_in_time_wait, "keepalive-in-time-wait", "probes are sent in TIME-WAIT", "RFC9293-MUST-26-FIN"},
    {D::keepalive_death_eof, "keepalive-death-eof", "after the last probe the application reads the end of the stream", "POSIX-RECV-ETIMEDOUT"},
    {D::keepalive_death_reset, "keepalive-death-reset", "after the last probe the application gets ECONNRESET", "POSIX-RECV-ETIMEDOUT"},
    {D::keepalive_death_rst_wrong_seq, "keepalive-death-rst-wrong-seq", "the RST after the last probe has the SEQ of a probe", "RFC9293-3.8.4-DEATH"},
    {D::keepalive_never_dies, "keepalive-never-dies", "unanswered probes go on for ever", "RFC9293-3.8.4-DEATH"},
    {D::keepalive_ignores_rst, "keepalive-ignores-rst", "a RST in answer to a probe is taken for an answer", "RFC9293-3.8.4-RSTANSWER"},
    {D::peer_probe_ignored, "peer-probe-ignored", "the peer's keepalive probe draws nothing", "RFC9293-3.10.7.4-AGED-PROBE"},
    {D::peer_probe_rst, "peer-probe-rst", "the peer's keepalive probe draws a RST", "RFC9293-3.5.2-CLEAR"},
    {D::peer_probe_octet_delivered, "peer-probe-octet-delivered", "the octet of the peer's probe is delivered", "RFC9293-3.10.7.4-TRIM"},
});
// clang-format on
static_assert(kDefects.size() == static_cast<std::size_t>(Defect::peer_probe_octet_delivered) + 1);

}  // namespace

std::span<const DefectInfo> all_defects() { return kDefects; }

const DefectInfo& info(Defect defect) { return kDefects.at(static_cast<std::size_t>(defect)); }

std::optional<Defect> find_defect(std::string_view name) {
  const auto* found = std::ranges::find(kDefects, name, &DefectInfo::name);
  if (found == kDefects.end()) return std::nullopt;
  return found->defect;
}

}  // namespace finwait::testing
