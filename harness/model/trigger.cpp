#include "harness/model/trigger.hpp"

#include <algorithm>
#include <array>

namespace finwait::model {

namespace {

using T = Trigger;
using G = TriggerGroup;

// clang-format off
constexpr std::array kTriggers = std::to_array<TriggerInfo>({
    {T::close,    G::app, "CLOSE",   "shutdown(SHUT_WR) or close()", "RFC 9293 3.10.4, 3.9.1.4, 3.6; RFC 1122 4.2.2.20(a)"},
    {T::abort,    G::app, "ABORT",   "SO_LINGER {1, 0} and close()", "RFC 9293 3.10.5, 3.9.1.6, 3.5.2"},
    {T::shut_rd,  G::app, "SHUT_RD", "shutdown(SHUT_RD)", "POSIX shutdown(); no RFC speaks of it"},
    {T::send,     G::app, "SEND",    "send()", "RFC 9293 3.10.2"},
    {T::recv,     G::app, "RECV",    "recv()", "RFC 9293 3.10.3"},
    {T::open,     G::app, "OPEN",    "listen(); connect(), also for a connection that is there", "RFC 9293 3.10.1"},

    {T::data,             G::segment, "DATA",         "text at R that fits the window; its ACK is current and does not cover our FIN", "RFC 9293 3.10.7.4 steps 1, 5, 7, 3.6.1; RFC 2525 2.16"},
    {T::data_ack_fin,     G::segment, "DATA+ACKFIN",  "the same, ACK = F+1", "RFC 9293 3.10.7.4 steps 5, 7"},
    {T::out_of_order,     G::segment, "OOO",          "text in the window above R", "RFC 9293 3.10.7.4 SHLD-31, MAY-13"},
    {T::fin,              G::segment, "FIN",          "FIN at R without text; its ACK does not cover our FIN", "RFC 9293 3.10.7.4 step 8"},
    {T::fin_ack_fin,      G::segment, "FIN+ACKFIN",   "FIN at R without text, ACK = F+1", "RFC 9293 3.10.7.4 steps 5, 8"},
    {T::data_fin,         G::segment, "DATA+FIN",     "text and FIN at R", "RFC 9293 3.10.7.4 steps 7, 8"},
    {T::fin_out_of_order, G::segment, "FIN-OOO",      "FIN in the window above R", "RFC 9293 3.10.7.4 SHLD-31"},
    {T::fin_edge,         G::segment, "FIN-EDGE",     "text that fills the window and a FIN behind it, or a FIN at R when W = 0", "RFC 9293 3.10.7.4 step 1, 3.4 table 6"},
    {T::dup_fin,          G::segment, "DUPFIN",       "the peer's FIN again, at R-1", "RFC 9293 3.10.7.4 steps 1, 5, 8, 3.5.2(3)"},
    {T::phantom_fin,      G::segment, "PHANTOM-FIN",  "a second FIN, at R", "RFC 9293 3.10.7.4 steps 7, 8"},
    {T::ack_fin,          G::segment, "ACKFIN",       "ACK = F+1 without text", "RFC 9293 3.10.7.4 step 5"},
    {T::old_ack,          G::segment, "OLDACK",       "a duplicate ACK, U-M =< ACK =< U, that does not cover our FIN", "RFC 9293 3.10.7.4 step 5"},
    {T::too_old_ack,      G::segment, "TOOOLD-ACK",   "ACK < U-M, with or without text or FIN", "RFC 5961 5.2; RFC 9293 MAY-12"},
    {T::future_ack,       G::segment, "FUTURE-ACK",   "ACK > S, with or without text or FIN", "RFC 9293 3.10.7.4 step 5, 3.5.2(2), (3)"},
    {T::out_of_window,    G::segment, "OTW",          "SEQ outside the window, no RST, no SYN", "RFC 9293 3.10.7.4 step 1, 3.5.2(3)"},
    {T::keepalive_probe,  G::segment, "KAPROBE",      "ACK at R-1 with no octet or one", "RFC 9293 3.8.4, 3.10.7.4 step 1"},
    {T::no_ack,           G::segment, "NOACK",        "in the window, without ACK, RST and SYN", "RFC 9293 3.10.7.4 step 5"},
    {T::rst_exact,        G::segment, "RST-EXACT",    "RST at R, whatever its ACK and text", "RFC 9293 3.5.3, 3.10.7.4 step 2; RFC 5961 3.2; RFC 1337 3"},
    {T::rst_in_window,    G::segment, "RST-INWIN",    "RST in the window above R", "RFC 9293 3.10.7.4 step 2; RFC 5961 3.2"},
    {T::rst_outside,      G::segment, "RST-OTW",      "RST outside the window", "RFC 9293 3.10.7.4 steps 1, 2"},
    {T::syn_in_window,    G::segment, "SYN-INWIN",    "SYN in the window; no timestamps that tell more", "RFC 9293 3.10.7.4 step 4, 3.6.1 MAY-2; RFC 5961 4.2; RFC 6191 2; RFC 793 3.9"},
    {T::syn_below,        G::segment, "SYN-OTW-LOW",  "SYN below R; no timestamps that tell more", "as SYN-INWIN"},
    {T::syn_above,        G::segment, "SYN-OTW-HIGH", "SYN at R+W or above; no timestamps that tell more", "as SYN-INWIN"},
    {T::syn_ts_newer,     G::segment, "SYN-TS-NEWER", "SYN with a timestamp newer than the last", "RFC 6191 2; RFC 9293 3.10.7.4 step 4, SHLD-4"},
    {T::syn_ts_equal,     G::segment, "SYN-TS-EQUAL", "SYN with the last timestamp", "RFC 6191 2"},
    {T::syn_ts_older,     G::segment, "SYN-TS-OLDER", "SYN with a timestamp older than the last", "RFC 6191 2; RFC 7323 5.3"},
    {T::syn_no_ts,        G::segment, "SYN-NOTS-AFTER-TS", "SYN without a timestamp; the connection has them", "RFC 6191 2"},
    {T::syn_new_ts,       G::segment, "SYN-TS-AFTER-NOTS", "SYN with a timestamp; the connection has none", "RFC 6191 2"},
    {T::syn_old_duplicate, G::segment, "SYN-OLDDUP-RESOLVED", "the SYN that ended TIME-WAIT proves to be an old duplicate", "RFC 9293 3.6.1 MAY-2(2); RFC 1122 4.2.2.13"},
    {T::syn_ack,          G::segment, "SYNACK",       "SYN,ACK with any SEQ", "RFC 9293 3.10.7.3, 3.10.7.4 step 4; RFC 5961 4.2"},
    {T::paws_fail,        G::segment, "PAWSFAIL",     "no RST; a timestamp older than the last, on text, a FIN or an ACK", "RFC 7323 5.3 R1"},
    {T::missing_ts,       G::segment, "NOTS",         "no RST; no timestamp, although they are negotiated", "RFC 7323 3.2"},
    {T::rst_paws_fail,    G::segment, "RST-PAWSFAIL", "RST at R with an old timestamp or none", "RFC 7323 5.2"},
    {T::urgent,           G::segment, "URG",          "URG in a segment that is acceptable", "RFC 9293 3.10.7.4 step 6"},
    {T::window_opens,     G::segment, "WOPEN",        "the peer's window opens, our FIN still queued", "RFC 9293 3.8.6.1"},

    {T::icmp_soft,          G::icmp, "ICMP-SOFT", "unreachable 0, 1, 5, time exceeded, parameter problem, about a segment in flight", "RFC 9293 3.9.2.2 MUST-56; RFC 5927"},
    {T::icmp_hard,          G::icmp, "ICMP-HARD", "unreachable 2, 3", "RFC 9293 SHLD-26; RFC 1122 3.2.2.1, 4.2.3.9; RFC 5927 5.2"},
    {T::icmp_source_quench, G::icmp, "ICMP-SQ",   "source quench", "RFC 9293 MUST-55; RFC 6633"},

    {T::timer_rto,                G::timer, "T-RTO",     "retransmission time-out, text or our FIN outstanding", "RFC 9293 3.10.8; RFC 6298 5.4 to 5.6"},
    {T::timer_r2,                 G::timer, "T-R2",      "R2 or the user timeout is reached", "RFC 9293 3.8.3, 3.10.8; RFC 5482"},
    {T::timer_two_msl,            G::timer, "T-2MSL",    "TIME-WAIT has lasted", "RFC 9293 3.10.8, MUST-13"},
    {T::timer_fin_wait_2,         G::timer, "T-FW2",     "a stack's own limit for FIN-WAIT-2", "tcp(7); no RFC has it"},
    {T::timer_keepalive_idle,     G::timer, "T-KAIDLE",  "keepalive is on, nothing outstanding, and the idle time has passed", "RFC 9293 3.8.4"},
    {T::timer_keepalive_interval, G::timer, "T-KAINTVL", "a probe is unanswered for the interval, and it was not the last", "de facto; RFC 9293 MUST-29"},
    {T::timer_keepalive_dead,     G::timer, "T-KADEAD",  "the last probe is unanswered", "not specified; RFC 2525 2.9"},
    {T::timer_persist,            G::timer, "T-PERSIST", "the peer's window is zero; text or our FIN queued", "RFC 9293 3.8.6.1 MUST-36, MUST-37; RFC 6429"},

    {T::new_ack, G::segment, "NEW-ACK", "U < ACK =< S without text, and our FIN, if sent, not covered", "RFC 9293 3.10.7.4 step 5"},
});
// clang-format on
constexpr bool in_order() {
  for (std::size_t i = 0; i < kTriggers.size(); ++i) {
    if (static_cast<std::size_t>(kTriggers[i].trigger) != i) return false;
  }
  return kTriggers.size() == kTriggerCount;
}
static_assert(in_order());

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

}  // namespace

std::span<const TriggerInfo> all_triggers() { return kTriggers; }

const TriggerInfo& info(Trigger trigger) { return kTriggers.at(static_cast<std::size_t>(trigger)); }

std::optional<Trigger> find_trigger(std::string_view id) {
  for (const TriggerInfo& one : kTriggers) {
    if (std::ranges::equal(one.id, id, {}, {}, upper)) return one.trigger;
  }
  return std::nullopt;
}

}  // namespace finwait::model
