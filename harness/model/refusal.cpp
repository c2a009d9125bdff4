// What each way of being refused means.
#include <array>

#include "harness/model/hypothesis.hpp"

namespace finwait::model {

namespace {

using W = Why;

// An empty requirement: that of the row which allowed something else.
// clang-format off
constexpr std::array kTable = std::to_array<WhyInfo>({
    {W::unasked_ack, "an acknowledgment came that nothing allows here", ""},
    {W::wrong_seq, "the acknowledgment carries another SEQ than SND.NXT", ""},
    {W::wrong_seq_now, "the acknowledgment of an unacceptable segment carries another SEQ than SND.NXT", "RFC9293-3.5.2-G3"},
    {W::wrong_seq_edge, "the acknowledgment carries the right edge of the peer's window for SEQ, and not SND.NXT beyond it", "RFC9293-3.5.2-G3"},
    {W::wrong_ack, "the segment acknowledges another number than RCV.NXT", ""},
    {W::unasked_rst, "a reset came that nothing allowed", ""},
    {W::rst_to_unacceptable, "an unacceptable segment was answered with a reset", "RFC9293-3.5.2-CLEAR"},
    {W::rst_in_close_wait, "CLOSE-WAIT was ended by a reset that nothing had drawn", "RFC9293-3.6-NOFIN-UNTIL-CLOSE"},
    {W::rst_in_fin_wait_2, "FIN-WAIT-2 was ended by a reset that nothing had drawn", "RFC9293-3.10.8-NOFW2"},
    {W::rst_in_time_wait, "TIME-WAIT ended with a reset", "RFC9293-3.10.8-TWTO"},
    {W::rst_unprovoked, "a reset came that nothing had drawn", "RFC9293-3.5.2-CLEAR"},
    {W::gave_up_after_one_probe, "one unanswered keepalive probe ended the connection", "RFC9293-MUST-29"},
    {W::gave_up_probing, "the connection was given up before the last keepalive probe", "LINUX-KEEPOPTS"},
    {W::gave_up_although_answered, "the connection was given up although its keepalive probes were answered", "RFC9293-3.8.4-ANSWERED"},
    {W::wrong_rst, "the reset does not have the numbers it must have", ""},
    {W::instead_of_rst, "another segment came where a reset had to", ""},
    {W::rst_to_rst, "a reset was answered with a reset", ""},
    {W::unasked_syn, "a SYN came that nothing had drawn", ""},
    {W::wrong_syn, "the SYN does not have the numbers it must have", ""},
    {W::iss_not_above, "the new connection's ISS is not above what the old one had used", "RFC9293-MAY-2-1"},
    {W::unasked_fin, "a FIN came although the application has not closed", "RFC9293-3.6-NOFIN-UNTIL-CLOSE"},
    {W::second_fin, "a second FIN came, with another SEQ than the first", ""},
    {W::fin_before_text, "the FIN came before text that the application had sent", "RFC9293-3.6-RELIABLE"},
    {W::text_unwritten, "text came that the application has not sent", "RFC9293-3.6-RELIABLE"},
    {W::text_differs, "other text came than the application has sent", "RFC9293-3.6-RELIABLE"},
    {W::text_beyond_window, "text came beyond the window that the peer had offered", ""},
    {W::no_ack_bit, "the segment lacks the ACK bit", ""},
    {W::gap, "the segment lies above SND.NXT: octets before it have not been sent", ""},
    {W::retransmitted_early, "a retransmission came before its timer can have run out", "RFC6298-2.4"},
    {W::syn_retransmitted_early, "the SYN came again before its timer can have run out", "RFC6298-2.1"},
    {W::retransmitted_after_ack, "what is acknowledged was sent again", ""},
    {W::retransmitted_without_fin, "the retransmission of the FIN lacks the FIN", "RFC9293-3.6-FIN-RETX"},
    {W::no_back_off, "the retransmission timer was not doubled", "RFC9293-MUST-19"},
    {W::no_back_off_text, "the retransmission timer was not doubled", "RFC6298-5.5"},
    {W::probe_not_asked_for, "a keepalive probe came although keepalive is off", "RFC9293-MUST-25"},
    {W::probe_after_off, "a keepalive probe came although the application has switched keepalive off", "RFC9293-MUST-24"},
    {W::probe_while_outstanding, "a keepalive probe came while something was not acknowledged", "RFC9293-MUST-26-OUTSTANDING"},
    {W::probe_while_fin, "a keepalive probe came while the FIN was not acknowledged", "RFC9293-MUST-26-FIN"},
    {W::probe_in_wrong_state, "a keepalive probe came in a state that has none", "RFC9293-MUST-26-FIN"},
    {W::probe_early, "a keepalive probe came before the connection had been idle for long enough", "RFC9293-MUST-26-IDLE"},
    {W::probe_early_after_answer, "after an answered probe the next came before the idle time was over", "RFC9293-3.8.4-ANSWERED"},
    {W::next_probe_early, "a keepalive probe came before the interval after the last one was over", "LINUX-KEEPOPTS"},
    {W::probe_too_many, "a keepalive probe came after the last one", "LINUX-KEEPOPTS"},
    {W::probe_numbers, "the keepalive probe that was due carries other numbers than it must", "RFC9293-3.8.4-SEQ"},
    {W::probe_too_long, "a keepalive probe carries more than one octet", "RFC9293-3.8.4-SEQ"},
    {W::unasked_window_probe, "a window probe came although the window is open", ""},
    {W::no_timestamps, "the segment lacks the timestamps that were agreed on", "RFC7323-3.2-EVERY"},
    {W::wrong_echo, "the timestamp echoes a value that the peer never sent", "RFC7323-3.2-EVERY"},
    {W::timestamps_backwards, "the timestamps run backwards", "RFC7323-3.2-EVERY"},
    {W::no_reply, "a reply that had to come did not", ""},
    {W::late_ack, "the acknowledgment came later than half a second", "RFC9293-MUST-40"},
    {W::no_first, "what the application sent, or its FIN, did not leave", ""},
    {W::late_first, "what the application sent, or its FIN, left late", "RFC2525-2.15"},
    {W::no_retransmission, "what was not acknowledged was not sent again", ""},
    {W::late_retransmission, "what was not acknowledged was sent again too late", "RFC9293-MUST-18"},
    {W::gave_up_early, "what was not acknowledged was given up too early", "RFC9293-SHLD-11"},
    {W::gave_up_open_early, "the opening was given up too early", "RFC9293-MUST-23"},
    {W::no_syn_retransmission, "the SYN or SYN-ACK was not sent again", "RFC9293-MUST-22"},
    {W::no_window_probe, "the closed window was not probed", "RFC9293-MUST-36"},
    {W::no_next_window_probe, "the closed window was not probed any more, although the peer answers", "RFC9293-MUST-37"},
    {W::no_probe, "a keepalive probe that was due did not come", "RFC9293-MUST-27"},
    {W::no_next_probe, "the next keepalive probe that was due did not come", "LINUX-KEEPOPTS"},
    {W::no_probe_half_closed, "a keepalive probe that was due on the half-closed connection did not come", "RFC9293-3.8.4-HALFCLOSED"},
    {W::segment_without_connection, "a segment came as if there still were a connection", ""},
    {W::read_too_much, "the application read octets that had no right to be delivered", "RFC9293-3.10.7.4-TRIM"},
    {W::read_after_fin, "the application read text that came after the peer's FIN", "RFC9293-3.10.7.4-TEXT-AFTER-FIN"},
    {W::read_differs, "the application read other octets than the peer sent", "RFC9293-3.6-RELIABLE"},
    {W::no_text_to_reader, "text that was acknowledged was not delivered", ""},
    {W::no_end_to_reader, "the application was not told that the peer has closed", "RFC9293-3.6-SIGNAL"},
    {W::end_too_early, "the application read the end of the stream, and the peer has not closed", ""},
    {W::error_without_cause, "the application was told of an error that did not happen", "POSIX-RECV-EOF"},
    {W::icmp_without_cause, "the application was told of an error that no ICMP message about this connection has brought",
     "RFC9293-MUST-54"},
    {W::error_by_icmp, "a soft ICMP error ended the connection", ""},
    {W::end_without_error, "the application was not told that the connection was reset", "RFC9293-MUST-12"},
    {W::end_without_timeout, "the application was not told that the connection timed out", "POSIX-RECV-ETIMEDOUT"},
    {W::sent_after_close, "send() took octets on a connection that is closed for sending", "POSIX-SEND-EPIPE"},
    {W::sent_after_reset, "send() took octets on a connection that was reset", "POSIX-SEND-ECONNRESET"},
    {W::no_error_to_reader, "the application was not told that the connection is gone", "RFC9293-MUST-12"},
    {W::cannot_send, "send() failed on a connection that is open for sending", ""},
    {W::other_state, "the connection is in another state than it has to be", ""},
});
// clang-format on

constexpr bool in_order() {
  for (std::size_t i = 0; i < kTable.size(); i++) {
    if (kTable[i].why != static_cast<Why>(i)) return false;
  }
  return kTable.size() == static_cast<std::size_t>(Why::other_state) + 1;
}
static_assert(in_order());

}  // namespace

const WhyInfo& info(Why why) { return kTable.at(static_cast<std::size_t>(why)); }

std::string_view Refusal::requirement() const {
  const std::string_view own = info(why).requirement;
  if (!own.empty()) return own;
  return rule != nullptr ? rule->requirement : std::string_view("RFC9293-3.5.2-CLEAR");
}

}  // namespace finwait::model
