// The rows for calls of the application (RFC 9293 3.10.1 to 3.10.5). One row: trigger, states, the stack's choice, the
// situation, what the target does, the next state, the requirement it breaks otherwise, a note.
#include <array>

#include "harness/model/rule_parts.hpp"

namespace finwait::model::parts {

namespace {

using enum Trigger;
using enum State;
using enum Situation;
using enum Standing;
using R = Reply;

// States in which an abort still has a peer to tell (3.10.5); in the late ones both sides have closed.
constexpr StateSet kTold{syn_received, established, fin_wait_1, fin_wait_2, close_wait};

constexpr std::string_view kIssuer = "A5: 3.5.2 sends who issues a reset to TIME-WAIT, 3.10.5 to CLOSED";

// clang-format off
constexpr std::array kRules = std::to_array<Rule>({
    // CLOSE (3.10.4), which is shutdown(SHUT_WR), or close(): then text that nobody has read, and will read, is lost, and a
    // stack with half-duplex close tells the peer at once (3.6.1 MAY-1, SHLD-3; RFC 2525 2.17).
    {close, {closed},       kAny,        always,         R::error,       kSame,      "RFC9293-3.10.4-CLOSE-CLOSED"},
    {close, {listen},       kAny,        always,         R::none,        closed,     "RFC9293-3.10.4-CLOSE-LISTEN", "connections that nobody has accepted yet are reset, each with RSTn (de facto)"},
    {close, {syn_sent},     kAny,        always,         R::none,        closed,     "RFC9293-3.10.4-CLOSE-SS"},
    {close, {syn_received}, kAny,        nothing_queued, R::fin,         fin_wait_1, "RFC9293-3.10.4-CLOSE-SR"},
    {close, {syn_received}, kAny,        text_queued,    R::none,        kSame,      "RFC9293-3.10.4-CLOSE-SR", "text and FIN leave once it is ESTABLISHED"},
    {close, {established},  kAny,        no_unread_text, R::fin,         fin_wait_1, "RFC9293-3.10.4-CLOSE-EST", "may ride on the last text; at a zero window it waits, or is the probe"},
    {close, {established},  kSimplex,    unread_text,    R::fin,         fin_wait_1, "RFC9293-3.10.4-CLOSE-EST"},
    {close, {established},  kHalfDuplex, unread_text,    R::rst_now,     closed,     "RFC9293-SHLD-3-UNREAD"},
    {close, kFinWait,       kAny,        no_unread_text, R::error_or_ok, kSame,      "RFC9293-3.10.4-CLOSE-FW", "never a second FIN"},
    {close, kFinWait,       kSimplex,    unread_text,    R::error_or_ok, kSame,      "RFC9293-3.10.4-CLOSE-FW"},
    {close, kFinWait,       kHalfDuplex, unread_text,    R::rst_now,     closed,     "RFC9293-SHLD-3-UNREAD", "close() after shutdown()"},
    {close, {close_wait},   kAny,        no_unread_text, R::fin,         last_ack,   "RFC9293-3.10.4-CLOSE-CW", "RFC 793 says CLOSING; RFC 1122 4.2.2.20(a) mends it"},
    {close, {close_wait},   kSimplex,    unread_text,    R::fin,         last_ack,   "RFC9293-3.10.4-CLOSE-CW"},
    {close, {close_wait},   kHalfDuplex, unread_text,    R::rst_now,     closed,     "RFC9293-SHLD-3-UNREAD"},
    {close, kLate,          kAny,        always,         R::error,       kSame,      "RFC9293-3.10.4-CLOSE-LATE"},
    {close, {closing, last_ack}, kHalfDuplex, unread_text,    R::rst_now,     closed,     "RFC9293-SHLD-3-UNREAD", "close() after shutdown()"},
    {close, kTold,          kAny,        linger_zero,    R::rst_now,     closed,     "DEFACTO-LINGER0", "as ABORT"},
    {close, kTold,          kAny,        linger_zero,    R::rst_now,     time_wait,  "DEFACTO-LINGER0", kIssuer, flagged},

    // ABORT (3.10.5): a RST at SND.NXT where the peer still has something to learn from it.
    {abort, {closed},           kAny, always, R::error,   kSame,     "RFC9293-3.9.1.6-ABORT"},
    {abort, {listen, syn_sent}, kAny, always, R::none,    closed,    "RFC9293-3.10.5-ABORT-EARLY"},
    {abort, kTold,              kAny, always, R::rst_now, closed,    "RFC9293-3.10.5-ABORT-SYNC", "queues are flushed, calls that wait fail"},
    {abort, kTold,              kAny, always, R::rst_now, time_wait, "RFC9293-3.10.5-ABORT-SYNC", kIssuer, flagged},
    {abort, kLate,              kAny, always, R::none,    closed,    "RFC9293-3.10.5-ABORT-LATE", "no RST"},
    {abort, {closing, last_ack}, kAny, fin_queued, R::rst_now, closed, "RFC9293-3.10.5-ABORT-SYNC", "by the letter the state changes when the FIN is sent (3.10.4)"},

    // shutdown(SHUT_RD): nothing on the wire.
    {shut_rd, kReceiving,    kAny, always, R::none, kSame, "POSIX-SHUTDOWN-RD", "what happens to later text is not specified: ACKd and kept or thrown away, or RSTn"},
    {shut_rd, kAfterPeerFin, kAny, always, R::none, kSame, "POSIX-SHUTDOWN-RD"},

    // SEND (3.10.2).
    {send, {closed},                 kAny, always, R::error, kSame, "POSIX-SEND-ECONNRESET", "EPIPE when no reset ended it"},
    {send, {syn_sent, syn_received}, kAny, always, R::queue, kSame, "RFC9293-3.6-RELIABLE"},
    {send, {established},            kAny, always, R::text,  kSame, "RFC9293-MUST-60"},
    {send, {close_wait},             kAny, always, R::text,  kSame, "RFC9293-3.10.2-SEND-CW"},
    {send, kFinWait | kLate,         kAny, always, R::error, kSame, "POSIX-SEND-EPIPE", "\"connection closing\" (3.10.2)"},

    // RECEIVE (3.10.3).
    {recv, {closed},     kAny, always, R::error,         kSame, "RFC9293-MUST-12", "a reset is told from an end; ETIMEDOUT after a timeout"},
    {recv, kReceiving,   kAny, always, R::text_or_wait,  kSame, "RFC9293-3.10.3-RECV-FW"},
    {recv, {close_wait}, kAny, always, R::text_then_end, kSame, "RFC9293-3.10.3-RECV-CW"},
    {recv, kLate,        kAny, always, R::end_or_error,  kSame, "RFC9293-3.10.3-RECV-LATE", "A15: strictly an error at once; sockets give what is unread first"},

    // OPEN (3.10.1): there must be no such connection yet, not even in TIME-WAIT.
    {open, {closed}, kAny, active,  R::syn,  syn_sent, "RFC9293-3.3.2-FIG5", "connect()"},
    {open, {closed}, kAny, passive, R::none, listen,   "RFC9293-3.3.2-FIG5", "listen()"},
    {open, StateSet{syn_sent, syn_received} | kSynchronized, kAny, always, R::error, kSame, "RFC9293-3.10.1-OPEN-EXISTS", "taking a connection in TIME-WAIT over (Linux tcp_tw_reuse) is outside the standard"},
});
// clang-format on

}  // namespace

std::span<const Rule> app_rules() { return kRules; }

}  // namespace finwait::model::parts
