// The rows for timers and ICMP errors (RFC 9293 3.8, 3.9.2, 3.10.8). One row: trigger, states, the stack's choice, the
// situation, what the target does, the next state, the requirement it breaks otherwise, a note, its standing.
#include <array>

#include "harness/model/rule_parts.hpp"

namespace finwait::model::parts {

namespace {

using enum Trigger;
using enum State;
using enum Situation;
using R = Reply;

constexpr StateSet kOpening{syn_sent, syn_received};
// Text or our FIN can be outstanding, or queued behind a closed window.
constexpr StateSet kSending{established, close_wait};
constexpr Choices kTimer{Choice::orphan_timer};
constexpr Choices kNoTimer{Choice::no_orphan_timer};

constexpr std::string_view kSoftPractice =
    "A13: most treat it as soft once the connection is synchronized (RFC 5927 5.2)";

// clang-format off
constexpr std::array kRules = std::to_array<Rule>({
    // Soft errors never end a connection (3.9.2.2); the application may learn of them.
    {icmp_soft, kOpening | kSynchronized, kAny, always, R::none, kSame, "RFC9293-MUST-56", "in SYN-SENT many give up at once (RFC 5461)"},

    // Hard errors should (SHLD-26).
    {icmp_hard, kOpening,    kAny, always, R::none, closed, "RFC9293-SHLD-26"},
    {icmp_hard, kConnected,  kAny, always, R::none, closed, "RFC9293-SHLD-26", "A13"},
    {icmp_hard, kConnected,  kAny, always, R::none, kSame,  "RFC9293-SHLD-26", kSoftPractice},
    {icmp_hard, {time_wait}, kAny, always, R::none, kSame,  "RFC9293-SHLD-26", kSoftPractice},
    {icmp_hard, {time_wait}, kAny, always, R::none, closed, "RFC9293-SHLD-26", "A13"},

    {icmp_source_quench, kOpening | kSynchronized, kAny, always, R::none, kSame, "RFC9293-MUST-55"},

    // Retransmission (3.10.8): the front of the queue with a current ACK, our FIN at F and nowhere else.
    {timer_rto, {syn_sent},      kAny, always, R::syn,            kSame, "RFC9293-MUST-22"},
    {timer_rto, {syn_received},  kAny, always, R::syn_ack_again,  kSame, "RFC9293-MUST-22"},
    {timer_rto, kSending,        kAny, always, R::again,          kSame, "RFC9293-3.6-RELIABLE", "the RTO doubles"},
    {timer_rto, kFinOutstanding, kAny, always, R::again,          kSame, "RFC9293-3.6-FIN-RETX", "the RTO doubles"},
    {timer_rto, {fin_wait_2},    kAny, always, R::not_applicable, kSame, "RFC9293-3.10.7.4-FW1-ACKFIN", "nothing is outstanding"},
    {timer_rto, {time_wait},     kAny, always, R::not_applicable, kSame, "RFC9293-3.10.7.4-CLG-ACKFIN", "nothing is outstanding"},

    // R2, or the user timeout. With or without a RST is not specified (A9).
    {timer_r2, kOpening,                   kAny, always, R::none,           closed, "RFC9293-MUST-23", "ETIMEDOUT, after 3 minutes or more"},
    {timer_r2, kSending | kFinOutstanding, kAny, always, R::none,           closed, "RFC9293-MUST-20-C", "A9; ETIMEDOUT, after 100 s or more (SHLD-11)"},
    {timer_r2, kSending | kFinOutstanding, kAny, always, R::rst_now,        closed, "RFC9293-MUST-20-C", "A9"},
    {timer_r2, {fin_wait_2},               kAny, always, R::not_applicable, kSame,  "RFC9293-3.10.8-NOFW2", "nothing is outstanding"},

    // The end of TIME-WAIT is silent.
    {timer_two_msl, {time_wait}, kAny, always, R::none, closed, "RFC9293-3.10.8-TWTO"},

    // No standard limits FIN-WAIT-2; stacks do once nobody holds the socket.
    {timer_fin_wait_2, {fin_wait_2}, kAny,     held,   R::must_not_fire, kSame,  "RFC9293-3.10.8-NOFW2"},
    {timer_fin_wait_2, {fin_wait_2}, kNoTimer, orphan, R::must_not_fire, kSame,  "RFC9293-3.10.8-NOFW2"},
    {timer_fin_wait_2, {fin_wait_2}, kTimer,   orphan, R::none,          closed, "RFC1122-4.2.2.13-DISCUSS", "later segments draw RSTa"},
    {timer_fin_wait_2, {fin_wait_2}, kTimer,   orphan, R::rst_now,       closed, "RFC1122-4.2.2.13-DISCUSS"},

    // Keepalive (3.8.4): only while nothing of ours is outstanding, and in half-closed connections too.
    {timer_keepalive_idle, {established},            kAny, always, R::probe,         kSame, "RFC9293-3.8.4-SEQ", "no octet (SHLD-12) or one (MAY-6)"},
    {timer_keepalive_idle, {close_wait, fin_wait_2}, kAny, always, R::probe,         kSame, "RFC9293-3.8.4-HALFCLOSED", "no octet (SHLD-12) or one (MAY-6)"},
    {timer_keepalive_idle, kFinOutstanding,          kAny, always, R::must_not_fire, kSame, "RFC9293-MUST-26-FIN", "our FIN is outstanding"},
    {timer_keepalive_idle, {listen, syn_sent, time_wait}, kAny, always, R::must_not_fire, kSame, "RFC9293-MUST-26-FIN"},

    // One lost probe never ends a connection (MUST-29); what the last one does is not specified (A9).
    {timer_keepalive_interval, {established, close_wait, fin_wait_2}, kAny, always, R::probe,   kSame,  "RFC9293-MUST-29"},
    {timer_keepalive_dead,     {established, close_wait, fin_wait_2}, kAny, always, R::rst_now, closed, "RFC9293-3.8.4-DEATH", "A9; ETIMEDOUT"},
    {timer_keepalive_dead,     {established, close_wait, fin_wait_2}, kAny, always, R::none,    closed, "RFC9293-3.8.4-DEATH", "A9; ETIMEDOUT"},

    // A closed window is probed, for as long as the probes are answered (3.8.6.1).
    {timer_persist, kSending,        kAny, always, R::window_probe, kSame, "RFC9293-MUST-36"},
    {timer_persist, kFinOutstanding, kAny, always, R::window_probe, kSame, "RFC9293-MUST-36", "an octet, our FIN or SEQ = U-1; an orphan may be given up (RFC 6429)"},
});
// clang-format on

}  // namespace

std::span<const Rule> time_rules() { return kRules; }

}  // namespace finwait::model::parts
