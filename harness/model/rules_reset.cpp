// The rows for RST and SYN (RFC 9293 3.10.7, RFC 5961, RFC 1337, RFC 6191). One row: trigger, states, the stack's
// choice, the situation, the target's reply, the next state, the requirement it breaks otherwise, a note, its standing,
// and whether TIME-WAIT starts anew.
//
// R - 1 is the number of the peer's FIN, "the last sequence number of the old incarnation" of RFC 6191.
#include <array>

#include "harness/model/rule_parts.hpp"

namespace finwait::model::parts {

namespace {

using enum Trigger;
using enum State;
using enum Situation;
using enum Standing;
using enum Restart;
using R = Reply;

constexpr Choices kDeletes{Choice::tw_rst_deletes};
constexpr Choices kIgnores{Choice::tw_rst_ignored};
constexpr Choices kIgnores2s{Choice::tw_rst_ignored_2s};

constexpr Choices kReuse{Choice::tw_reuse_by_seq, Choice::tw_reuse_rfc6191};
constexpr Choices kBySeq{Choice::tw_reuse_by_seq};
constexpr Choices k6191{Choice::tw_reuse_rfc6191};
constexpr Choices kNot6191{Choice::tw_no_reuse, Choice::tw_reuse_by_seq};
constexpr Choices kNoReuse{Choice::tw_no_reuse};
constexpr Choices kPaws{Choice::ts_strict, Choice::ts_lenient};

constexpr std::string_view kNewIss = "the new ISS lies above the old SND.NXT";

// clang-format off
constexpr std::array kRules = std::to_array<Rule>({
    // RST at RCV.NXT (step 2): it ends the connection; in TIME-WAIT by profile (A6).
    {rst_exact, {closed},       kAny,       always,           R::none, kSame,  "RFC9293-3.10.7.1-CLOSED-RST"},
    {rst_exact, {listen},       kAny,       always,           R::none, kSame,  "RFC9293-3.10.7.2-LISTEN-RST"},
    {rst_exact, {syn_sent},     kAny,       ack_acceptable,   R::none, closed, "RFC9293-3.10.7.3-SS-RST", "ECONNREFUSED; A16: SEQ is not looked at"},
    {rst_exact, {syn_sent},     kAny,       ack_unacceptable, R::none, kSame,  "RFC9293-3.10.7.3-SS-RST"},
    {rst_exact, {syn_received}, kAny,       passive,          R::none, listen, "RFC9293-3.10.7.4-RST-EXACT-SR-PASSIVE"},
    {rst_exact, {syn_received}, kAny,       active,           R::none, closed, "RFC9293-3.10.7.4-RST-EXACT-SR-ACTIVE", "ECONNREFUSED"},
    {rst_exact, {established},  kAny,       always,           R::none, closed, "RFC9293-3.10.7.4-RST-EXACT-EST", "ECONNRESET"},
    {rst_exact, {fin_wait_1},   kAny,       always,           R::none, closed, "RFC9293-3.10.7.4-RST-EXACT-FW1", "ECONNRESET"},
    {rst_exact, {fin_wait_2},   kAny,       always,           R::none, closed, "RFC9293-3.10.7.4-RST-EXACT-FW2", "ECONNRESET"},
    {rst_exact, {close_wait},   kAny,       always,           R::none, closed, "RFC9293-3.10.7.4-RST-EXACT-CW", "the application can tell it from the end it has read"},
    {rst_exact, {closing},      kAny,       always,           R::none, closed, "RFC9293-3.10.7.4-RST-EXACT-CLG"},
    {rst_exact, {last_ack},     kAny,       always,           R::none, closed, "RFC9293-3.10.7.4-RST-EXACT-LA"},
    {rst_exact, {time_wait},    kDeletes,   always,           R::none, closed, "RFC9293-3.10.7.4-RST-EXACT-TW", "A6"},
    {rst_exact, {time_wait},    kIgnores,   always,           R::none, kSame,  "RFC1337-F1", "A6", allowed, may},
    {rst_exact, {time_wait},    kIgnores2s, young,            R::none, kSame,  "RFC1337-F2", "A6", allowed, may},
    {rst_exact, {time_wait},    kIgnores2s, old,              R::none, closed, "RFC1337-F2", "A6"},

    // RST in the window, not at RCV.NXT (A14: the window is half-open).
    {rst_in_window, {syn_received}, k5961, always, R::challenge, kSame,     "RFC5961-3.2-INWIN"},
    {rst_in_window, {syn_received}, k793,  always, R::as_other,  kAsJudged, "RFC9293-3.10.7.4-RST-INWIN", "as RST-EXACT"},
    {rst_in_window, kConnected,     k5961, always, R::challenge, kSame,     "RFC5961-3.2-INWIN"},
    {rst_in_window, kConnected,     k793,  always, R::as_other,  kAsJudged, "RFC9293-3.10.7.4-RST-INWIN", "as RST-EXACT"},
    {rst_in_window, {time_wait},    k5961, always, R::challenge, kSame,     "RFC5961-3.2-INWIN", "A6", allowed, may},
    {rst_in_window, {time_wait},    kIgnores | kIgnores2s,          always, R::none, kSame,  "RFC1337-F1", "A6", allowed, may},
    {rst_in_window, {time_wait},    k793 | kDeletes | kIgnores2s, always, R::none, closed, "RFC9293-3.10.7.4-RST-EXACT-TW", "A6"},

    // RST outside the window.
    {rst_outside, StateSet{syn_received} | kSynchronized, kAny, always, R::none, kSame, "RFC9293-3.10.7.4-RST-OTW"},

    // A RST is exempt from PAWS (RFC 7323 5.2).
    {rst_paws_fail, kSynchronized, kAny, always, R::as_other, kAsJudged, "RFC7323-5.2-RST", "as RST-EXACT; a look at TSecr is a MAY"},

    // SYN in the window (step 4): a challenge ACK, or by RFC 793 a reset.
    {syn_in_window, {closed},       kAny,             always,             R::rst_for_segment, kSame,        "RFC9293-3.10.7.1-CLOSED-NOACK"},
    {syn_in_window, {listen},       kAny,             always,             R::syn_ack,         syn_received, "RFC9293-3.3.2-FIG5"},
    {syn_in_window, {syn_sent},     kAny,             always,             R::syn_ack,         syn_received, "RFC9293-MUST-10", "simultaneous open"},
    {syn_in_window, {syn_received}, kAny,             passive,            R::none,            listen,       "RFC9293-3.10.7.4-SYN-SR"},
    {syn_in_window, {syn_received}, k5961,            active,             R::challenge,       kSame,        "RFC5961-4.2-SYN"},
    {syn_in_window, {syn_received}, k793,             active,             R::rst_any,         closed,       "RFC9293-3.10.7.4-SYN-793"},
    {syn_in_window, {syn_received}, kAny,             always,             R::syn_ack_again,   kSame,        "RFC9293-3.10.7.4-SYN-SR", "taken for the first SYN again"},
    {syn_in_window, kConnected,     k5961,            always,             R::challenge,       kSame,        "RFC5961-4.2-SYN"},
    {syn_in_window, kConnected,     k793,             always,             R::rst_any,         closed,       "RFC9293-3.10.7.4-SYN-793", "ECONNRESET"},
    {syn_in_window, {time_wait},    kReuse,           after_last_seq,     R::syn_ack_new,     syn_received, "RFC9293-MAY-2-1", kNewIss},
    {syn_in_window, {time_wait},    k5961 | kNoReuse, always,             R::challenge,       kSame,        "RFC5961-4.2-SYN", "", allowed, may},
    {syn_in_window, {time_wait},    k6191,            not_after_last_seq, R::none,            kSame,        "RFC6191-R7"},
    {syn_in_window, {time_wait},    k793 | kNoReuse,  always,             R::rst_any,         closed,       "RFC9293-3.10.7.4-SYN-793"},

    // SYN below the window. In SYN-RECEIVED it is mostly the first one again, and many send their SYN,ACK again.
    {syn_below, {syn_received}, kAny,     always, R::challenge,     kSame, "RFC5961-4.2-SYN"},
    {syn_below, {syn_received}, kAny,     always, R::syn_ack_again, kSame, "RFC5961-4.2-SYN", "the first SYN again"},
    {syn_below, kConnected,     kAny,     always, R::challenge,     kSame, "RFC5961-4.2-SYN"},
    {syn_below, {time_wait},    k6191,    always, R::none,          kSame, "RFC6191-R7", "A7"},
    {syn_below, {time_wait},    kNot6191, always, R::ack_now,       kSame, "RFC6191-R7", "A7", allowed, may},

    // SYN above the window.
    {syn_above, {syn_received}, kAny,     always, R::challenge,   kSame,        "RFC5961-4.2-SYN"},
    {syn_above, kConnected,     kAny,     always, R::challenge,   kSame,        "RFC5961-4.2-SYN"},
    {syn_above, {time_wait},    kReuse,   always, R::syn_ack_new, syn_received, "RFC9293-MAY-2-1", kNewIss},
    {syn_above, {time_wait},    kNoReuse, always, R::ack_now,     kSame,        "RFC5961-4.2-SYN", "", allowed, may},

    // SYN with timestamps that tell new from old (RFC 6191 2).
    {syn_ts_newer, kConnected,  kAny,     always, R::challenge,   kSame,        "RFC5961-4.2-SYN"},
    {syn_ts_newer, kConnected,  k793,     always, R::as_other,    kAsJudged,    "RFC9293-3.10.7.4-SYN-793", "by SEQ"},
    {syn_ts_newer, {time_wait}, k6191,    always, R::syn_ack_new, syn_received, "RFC6191-R1", kNewIss},
    {syn_ts_newer, {time_wait}, kNot6191, always, R::as_other,    kAsJudged,    "RFC9293-MAY-2-1", "by SEQ"},

    {syn_ts_equal, kConnected,  kAny,     always,             R::challenge,   kSame,        "RFC5961-4.2-SYN"},
    {syn_ts_equal, kConnected,  k793,     always,             R::as_other,    kAsJudged,    "RFC9293-3.10.7.4-SYN-793", "by SEQ"},
    {syn_ts_equal, {time_wait}, k6191,    after_last_seq,     R::syn_ack_new, syn_received, "RFC6191-R2", kNewIss},
    {syn_ts_equal, {time_wait}, k6191,    not_after_last_seq, R::none,        kSame,        "RFC6191-R4"},
    {syn_ts_equal, {time_wait}, kNot6191, always,             R::ack_now,     kSame,        "RFC5961-4.2-SYN", "", allowed, may},
    {syn_ts_equal, {time_wait}, kNot6191, always,             R::as_other,    kAsJudged,    "RFC9293-MAY-2-1", "by SEQ"},

    {syn_ts_older, kConnected,  kAny,  always, R::challenge, kSame, "RFC7323-5.3-R1"},
    {syn_ts_older, {time_wait}, k6191, always, R::none,      kSame, "RFC6191-R4", "A7"},
    {syn_ts_older, {time_wait}, kPaws, always, R::ack_now,   kSame, "RFC7323-5.3-R1", "A7: PAWS", allowed, may},

    {syn_no_ts, kConnected,  kAny,     always,             R::challenge,   kSame,        "RFC5961-4.2-SYN"},
    {syn_no_ts, kConnected,  k793,     always,             R::as_other,    kAsJudged,    "RFC9293-3.10.7.4-SYN-793", "by SEQ"},
    {syn_no_ts, {time_wait}, k6191,    after_last_seq,     R::syn_ack_new, syn_received, "RFC6191-R3", kNewIss},
    {syn_no_ts, {time_wait}, k6191,    not_after_last_seq, R::none,        kSame,        "RFC6191-R4"},
    {syn_no_ts, {time_wait}, kBySeq,   after_last_seq,     R::syn_ack_new, syn_received, "RFC9293-MAY-2-1", kNewIss},
    {syn_no_ts, {time_wait}, kNot6191, always,             R::ack_now,     kSame,        "RFC5961-4.2-SYN", "", allowed, may},

    {syn_new_ts, kConnected,  kAny,     always, R::challenge,   kSame,        "RFC5961-4.2-SYN"},
    {syn_new_ts, kConnected,  k793,     always, R::as_other,    kAsJudged,    "RFC9293-3.10.7.4-SYN-793", "by SEQ"},
    {syn_new_ts, {time_wait}, k6191,    always, R::syn_ack_new, syn_received, "RFC6191-R5", kNewIss},
    {syn_new_ts, {time_wait}, kNot6191, always, R::as_other,    kAsJudged,    "RFC9293-MAY-2-1", "by SEQ"},

    // The SYN that ended TIME-WAIT was an old duplicate: back to TIME-WAIT.
    {syn_old_duplicate, {syn_received}, kAny, from_time_wait, R::none, time_wait, "RFC9293-MAY-2-2"},
    {syn_old_duplicate, {syn_received}, kAny, from_time_wait, R::none, closed,    "RFC9293-MAY-2-2", "what stacks do", deviation},

    // SYN,ACK. It never reopens TIME-WAIT. In a simultaneous open it is the peer's half: step 1 would refuse it, 3.5 figure 7
    // takes it.
    {syn_ack, {closed},       kAny,  always,              R::rst_for_ack,   kSame,       "RFC9293-3.10.7.1-CLOSED-ACK"},
    {syn_ack, {listen},       kAny,  always,              R::rst_for_ack,   kSame,       "RFC9293-3.10.7.2-LISTEN-ACK"},
    {syn_ack, {syn_sent},     kAny,  ack_acceptable,      R::ack_at_once,   established, "RFC9293-3.3.2-FIG5"},
    {syn_ack, {syn_received}, kAny,  completes_handshake, R::maybe_ack_now, established, "RFC9293-MUST-10", "simultaneous open"},
    {syn_ack, {syn_received}, kAny,  always,              R::challenge,     kSame,       "RFC5961-4.2-SYN"},
    {syn_ack, kConnected,     k5961, always,              R::challenge,     kSame,       "RFC9293-3.10.7.4-SYN-SYNC"},
    {syn_ack, kConnected,     k793,  in_window,           R::rst_any,       closed,      "RFC9293-3.10.7.4-SYN-793"},
    {syn_ack, kConnected,     k793,  outside_window,      R::ack_now,       kSame,       "RFC9293-3.10.7.4-OTW-ACK"},
    {syn_ack, {time_wait},    kAny,  always,              R::challenge,     kSame,       "RFC9293-3.10.7.4-SYN-SYNC", "", allowed, may},
    {syn_ack, {time_wait},    k793,  in_window,           R::rst_any,       closed,      "RFC9293-3.10.7.4-SYN-793"},
});
// clang-format on

}  // namespace

std::span<const Rule> reset_rules() { return kRules; }

}  // namespace finwait::model::parts
