// The rows for text, FIN and acknowledgments (RFC 9293 3.10.7). One row: trigger, states, the stack's choice, the
// situation, the target's reply, the next state, the requirement it breaks otherwise, a note, its standing, and whether
// TIME-WAIT starts anew.
//
// Step 5 comes before steps 7 and 8: an ACK that completes the handshake or covers our FIN moves the connection on
// before text and FIN are judged, in the new state. Rows for both at once are here only where the table has them.
//
// TIME-WAIT (A2): step 5 says of any acceptable ACK "acknowledge and restart the 2 MSL", and also that only a FIN can
// come. So a reply and a restart are allowed for whatever is acceptable or draws an ACK; for the FIN they are required.
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

constexpr Choices kRange{Choice::rfc5961_ack};
constexpr Choices kSentOnly{Choice::sent_ack};
constexpr Choices kNoRange{Choice::any_old_ack};
constexpr Choices kTimestamps{Choice::ts_strict, Choice::ts_lenient};

constexpr std::string_view kOrphan = "SHLD-3: text for a socket that nobody holds is lost, and the peer is told";

// clang-format off
constexpr std::array kRules = std::to_array<Rule>({
    // Text at RCV.NXT (step 7). Half-duplex close: once nobody holds the socket it is refused (3.6.1 SHLD-3). After the peer's
    // FIN it is ignored; what to reply is not said (A4).
    {data, {closed},       kAny,        always,              R::rst_for_ack,        kSame,       "RFC9293-3.10.7.1-CLOSED-ACK"},
    {data, {listen},       kAny,        always,              R::rst_for_ack,        kSame,       "RFC9293-3.10.7.2-LISTEN-ACK"},
    {data, {syn_sent},     kAny,        ack_acceptable,      R::none,               kSame,       "RFC9293-3.10.7.3-SS-FIN", "an ACK without SYN is dropped"},
    {data, {syn_sent},     kAny,        ack_unacceptable,    R::rst_for_ack,        kSame,       "RFC9293-3.10.7.3-SS-BADACK"},
    {data, {syn_received}, kAny,        completes_handshake, R::ack_soon,           established, "RFC9293-MUST-40"},
    {data, {established},  kAny,        always,              R::ack_soon,           kSame,       "RFC9293-MUST-40"},
    {data, {fin_wait_1},   kAny,        held,                R::ack_soon,           kSame,       "RFC9293-3.10.7.4-TEXT-FW1"},
    {data, {fin_wait_1},   kSimplex,    orphan,              R::ack_soon,           kSame,       "RFC9293-3.10.7.4-TEXT-FW1"},
    {data, {fin_wait_2},   kAny,        held,                R::ack_soon,           kSame,       "RFC9293-3.6.1-HALFCLOSE"},
    {data, {fin_wait_2},   kSimplex,    orphan,              R::ack_soon,           kSame,       "RFC9293-3.10.7.4-TEXT-FW2"},
    {data, kFinWait,       kHalfDuplex, orphan,              R::rst_for_ack_or_now, closed,      "RFC9293-SHLD-3-NEWDATA", kOrphan},
    {data, {close_wait, closing, last_ack}, kAny, always,    R::none,               kSame,       "RFC9293-3.10.7.4-TEXT-AFTER-FIN", "A4: the text is ignored"},
    {data, {close_wait, closing, last_ack}, kAny, always,    R::ack_now,            kSame,       "RFC9293-3.10.7.4-TEXT-AFTER-FIN", "A4: tolerated; ACK = R"},
    {data, {time_wait},    kAny,        always,              R::none,               kSame,       "RFC9293-3.10.7.4-TEXT-AFTER-FIN", "A2", allowed, may},
    {data, {time_wait},    kAny,        always,              R::ack_now,            kSame,       "RFC9293-3.10.7.4-TEXT-AFTER-FIN", "A2: step 5 to the letter", allowed, may},

    // The same, and it acknowledges our FIN (steps 5, 7).
    {data_ack_fin, {fin_wait_1}, kAny,        held,   R::ack_soon,           fin_wait_2, "RFC9293-3.10.7.4-TEXT-FW1"},
    {data_ack_fin, {fin_wait_1}, kSimplex,    orphan, R::ack_soon,           fin_wait_2, "RFC9293-3.10.7.4-TEXT-FW1"},
    {data_ack_fin, {fin_wait_1}, kHalfDuplex, orphan, R::rst_for_ack_or_now, closed,     "RFC9293-SHLD-3-NEWDATA", kOrphan},
    {data_ack_fin, {closing},    kAny,        always, R::maybe_ack_now,      time_wait,  "RFC9293-3.10.7.4-CLG-ACKFIN", "the text is ignored"},
    {data_ack_fin, {last_ack},   kAny,        always, R::none,               closed,     "RFC9293-3.10.7.4-LA-ACKFIN", "the text is never looked at"},

    // Text above a gap: kept (SHLD-31), acknowledged at once or not (MAY-13).
    {out_of_order, kReceiving,                      kAny,        always,              R::ack_now,            kSame,       "RFC9293-SHLD-31", "kept"},
    {out_of_order, kReceiving,                      kAny,        always,              R::none,               kSame,       "RFC9293-SHLD-31"},
    {out_of_order, kFinWait,                        kHalfDuplex, orphan,              R::rst_for_ack_or_now, closed,      "RFC9293-SHLD-3-NEWDATA", kOrphan},
    {out_of_order, {close_wait, closing, last_ack}, kAny,        always,              R::maybe_ack_now,      kSame,       "RFC9293-3.10.7.4-TEXT-AFTER-FIN", "A4"},
    {out_of_order, {time_wait},                     kAny,        always,              R::maybe_ack_now,      kSame,       "RFC9293-3.10.7.4-TEXT-AFTER-FIN", "A2", allowed, may},

    // The peer's FIN at RCV.NXT (step 8).
    {fin, {closed},       kAny, always,              R::rst_for_ack, kSame,      "RFC9293-3.10.7.1-CLOSED-ACK", "without ACK it is NOACK"},
    {fin, {listen},       kAny, always,              R::rst_for_ack, kSame,      "RFC9293-3.10.7.2-LISTEN-ACK", "without ACK it is NOACK"},
    {fin, {syn_sent},     kAny, always,              R::none,        kSame,      "RFC9293-3.10.7.3-SS-FIN", "with an ACK that is not acceptable it is FUTURE-ACK"},
    {fin, {syn_received}, kAny, completes_handshake, R::ack_at_once, close_wait, "RFC9293-3.10.7.4-FIN-SR"},
    {fin, {established},  kAny, always,              R::ack_at_once, close_wait, "RFC9293-3.10.7.4-FIN-NOTIFY", "the application reads the end"},
    {fin, {fin_wait_1},   kAny, always,              R::ack_at_once, closing,    "RFC9293-3.10.7.4-FIN-FW1-CLOSING", "may ride on our FIN, sent again"},
    {fin, {fin_wait_2},   kAny, always,              R::ack_at_once, time_wait,  "RFC9293-3.10.7.4-FIN-FW2", "all timers off, 2 MSL on"},

    // The same, and it acknowledges our FIN: past CLOSING.
    {fin_ack_fin, {fin_wait_1}, kAny, always, R::ack_at_once, time_wait, "RFC9293-3.10.7.4-FIN-FW1-TW"},

    // Text and FIN in one segment, at RCV.NXT: one ACK for both.
    {data_fin, {established},  kAny,        always,              R::ack_at_once,        close_wait, "RFC9293-3.10.7.4-FIN-EST"},
    {data_fin, {fin_wait_1},   kAny,        held_acks_no_fin,    R::ack_at_once,        closing,    "RFC9293-3.10.7.4-FIN-FW2-DATA"},
    {data_fin, {fin_wait_1},   kAny,        held_acks_fin,       R::ack_at_once,        time_wait,  "RFC9293-3.10.7.4-FIN-FW2-DATA"},
    {data_fin, {fin_wait_1},   kSimplex,    acks_no_fin,         R::ack_at_once,        closing,    "RFC9293-3.10.7.4-FIN-FW2-DATA"},
    {data_fin, {fin_wait_1},   kSimplex,    acks_fin,            R::ack_at_once,        time_wait,  "RFC9293-3.10.7.4-FIN-FW2-DATA"},
    {data_fin, {fin_wait_2},   kAny,        held,                R::ack_at_once,        time_wait,  "RFC9293-3.10.7.4-FIN-FW2-DATA"},
    {data_fin, {fin_wait_2},   kSimplex,    orphan,              R::ack_at_once,        time_wait,  "RFC9293-3.10.7.4-FIN-FW2-DATA"},
    {data_fin, kFinWait,       kHalfDuplex, orphan,              R::rst_for_ack_or_now, closed,     "RFC9293-SHLD-3-NEWDATA", kOrphan},

    // A FIN above a gap: not acted on until the gap is filled (SHLD-31).
    {fin_out_of_order, kReceiving,     kAny,        always,              R::ack_now,            kSame,       "RFC9293-SHLD-31", "kept, and processed when the gap is filled"},
    {fin_out_of_order, kReceiving,     kAny,        always,              R::none,               kSame,       "RFC9293-SHLD-31", "kept, or dropped against the SHOULD"},
    {fin_out_of_order, kFinWait,       kHalfDuplex, orphan,              R::rst_for_ack_or_now, closed,      "RFC9293-SHLD-3-NEWDATA", kOrphan},

    // A FIN one past the window (A11): trimmed, so that the peer has to send it again, or taken.
    {fin_edge, kReceiving,    kAny,        always,      R::ack_now,            kSame,      "RFC9293-3.10.7.4-FIN-EDGE"},
    {fin_edge, kReceiving,    kAny,        always,      R::ack_trimmed,        kSame,      "RFC9293-3.10.7.4-FIN-EDGE"},
    {fin_edge, {established}, kAny,        always,      R::ack_at_once,        close_wait, "RFC9293-3.10.7.4-FIN-EDGE", "A11: tolerant, FIN taken"},
    {fin_edge, {fin_wait_1},  kAny,        acks_no_fin, R::ack_at_once,        closing,    "RFC9293-3.10.7.4-FIN-EDGE", "A11: tolerant, FIN taken"},
    {fin_edge, {fin_wait_1},  kAny,        acks_fin,    R::ack_at_once,        time_wait,  "RFC9293-3.10.7.4-FIN-EDGE", "A11: tolerant, FIN taken"},
    {fin_edge, {fin_wait_2},  kAny,        always,      R::ack_at_once,        time_wait,  "RFC9293-3.10.7.4-FIN-EDGE", "A11: tolerant, FIN taken"},
    {fin_edge, kFinWait,      kHalfDuplex, orphan,      R::rst_for_ack_or_now, closed,     "RFC9293-SHLD-3-NEWDATA", kOrphan},

    // The peer's FIN again (A1): its SEQ is R-1, so step 1 rejects it and has it acknowledged; steps 5 and 8 restart the 2 MSL.
    // The ACK it carries may count or not (A12).
    {dup_fin, {close_wait}, kAny, always,   R::ack_now,       kSame,     "RFC9293-3.10.7.4-FIN-CW"},
    {dup_fin, {closing},    kAny, always,   R::ack_now,       kSame,     "RFC9293-3.10.7.4-FIN-CLG"},
    {dup_fin, {closing},    kAny, acks_fin, R::ack_now,       time_wait, "RFC9293-3.10.7.4-FIN-CLG", "A12: the stack counts the ACK of an old segment"},
    {dup_fin, {last_ack},   kAny, always,   R::ack_now,       kSame,     "RFC9293-3.10.7.4-FIN-LA"},
    {dup_fin, {last_ack},   kAny, always,   R::again,         kSame,     "RFC9293-3.10.7.4-FIN-LA", "our FIN again carries the same ACK"},
    {dup_fin, {last_ack},   kAny, acks_fin, R::maybe_ack_now, closed,    "RFC9293-3.10.7.4-FIN-LA", "A12: the stack counts the ACK of an old segment"},
    {dup_fin, {time_wait},  kAny, always,   R::ack_now,       kSame,     "RFC9293-3.10.7.4-TW-FIN-ACK", "A1", allowed, must},

    // A second FIN where none can be (A3): step 8 to the letter would move RCV.NXT over it.
    {phantom_fin, {close_wait, closing, last_ack}, kAny, always,   R::none,           kSame,     "RFC9293-3.10.7.4-FIN-PHANTOM", "A3"},
    {phantom_fin, {close_wait, closing, last_ack}, kAny, always,   R::ack_now,        kSame,     "RFC9293-3.10.7.4-FIN-PHANTOM", "A3"},
    {phantom_fin, {close_wait, closing, last_ack}, kAny, always,   R::ack_beyond_fin, kSame,     "RFC9293-3.10.7.4-FIN-PHANTOM", "A3: step 8 to the letter", flagged},
    {phantom_fin, {time_wait},                     kAny, always,   R::none,           kSame,     "RFC9293-3.10.7.4-FIN-PHANTOM", "A3", allowed, may},
    {phantom_fin, {time_wait},                     kAny, always,   R::ack_now,        kSame,     "RFC9293-3.10.7.4-FIN-PHANTOM", "A3", allowed, may},
    {phantom_fin, {time_wait},                     kAny, always,   R::ack_beyond_fin, kSame,     "RFC9293-3.10.7.4-FIN-PHANTOM", "A3: step 8 to the letter", flagged, may},

    // The ACK of our FIN (step 5).
    {ack_fin, {established, close_wait}, kAny, always, R::not_applicable, kSame, "RFC9293-3.3.2-FIG5", "no FIN of ours is on its way"},
    {ack_fin, {fin_wait_1}, kAny, always, R::none,    fin_wait_2, "RFC9293-3.10.7.4-FW1-ACKFIN", "retransmission ends"},
    {ack_fin, {fin_wait_2}, kAny, always, R::none,    kSame,      "RFC9293-3.10.7.4-ACK-DUP"},
    {ack_fin, {closing},    kAny, always, R::none,    time_wait,  "RFC9293-3.10.7.4-CLG-ACKFIN", "2 MSL on"},
    {ack_fin, {last_ack},   kAny, always, R::none,    closed,     "RFC9293-3.10.7.4-LA-ACKFIN"},
    {ack_fin, {time_wait},  kAny, always, R::none,    kSame,      "RFC9293-MUST-13", "A2: no restart is meant", allowed, may},
    {ack_fin, {time_wait},  kAny, always, R::ack_now, kSame,      "RFC9293-MUST-13", "A2: step 5 to the letter", allowed, may},

    // An ACK that brings nothing new (step 5).
    {old_ack, {established, fin_wait_1, fin_wait_2, close_wait}, kAny, always, R::none, kSame, "RFC9293-3.10.7.4-ACK-DUP", "the third in a row may draw a fast retransmission"},
    {old_ack, {closing},   kAny, always, R::none,          kSame, "RFC9293-3.10.7.4-CLG-OTHERACK"},
    {old_ack, {closing},   kAny, always, R::challenge,     kSame, "RFC9293-3.10.7.4-CLG-OTHERACK", "not prescribed; harmless while it does not storm", flagged},
    {old_ack, {last_ack},  kAny, always, R::none,          kSame, "RFC9293-3.10.7.4-LA-OTHERACK"},
    {old_ack, {last_ack},  kAny, always, R::challenge,     kSame, "RFC9293-3.10.7.4-LA-OTHERACK", "not prescribed; harmless while it does not storm", flagged},
    {old_ack, {time_wait}, kAny, always, R::maybe_ack_now, kSame, "RFC9293-3.10.7.4-ACK-DUP", "A2", allowed, may},

    // An ACK from before SND.UNA - MAX.SND.WND (RFC 5961 5.2).
    {too_old_ack, kConnected,  kRange,   always, R::challenge,     kSame,     "RFC9293-MAY-12", "its text and FIN are not processed"},
    {too_old_ack, kConnected,  kSentOnly, always, R::challenge,    kSame,     "RFC9293-MAY-12", "the same for octets that were never sent"},
    {too_old_ack, kConnected,  kNoRange, always, R::as_other,      kAsJudged, "RFC9293-3.10.7.4-ACK-DUP", "as OLDACK; its text and FIN count"},
    {too_old_ack, {time_wait}, kAny,     always, R::maybe_ack_now, kSame,     "RFC9293-3.10.7.4-ACK-DUP", "A2", allowed, may},

    // An ACK of what was never sent (step 5; 3.5.2): the whole segment is dropped.
    {future_ack, {closed},       kAny, always, R::rst_for_ack, kSame, "RFC9293-3.10.7.1-CLOSED-ACK"},
    {future_ack, {listen},       kAny, always, R::rst_for_ack, kSame, "RFC9293-3.10.7.2-LISTEN-ACK"},
    {future_ack, {syn_sent},     kAny, always, R::rst_for_ack, kSame, "RFC9293-3.10.7.3-SS-BADACK"},
    {future_ack, {syn_received}, kAny, always, R::rst_for_ack, kSame, "RFC9293-3.10.7.4-ACK-SR-BAD"},
    {future_ack, kConnected,     kAny, always, R::ack_now,     kSame, "RFC9293-3.5.2-G3", "A8: throttling is tolerated"},
    {future_ack, {time_wait},    kAny, always, R::ack_now,     kSame, "RFC9293-3.5.2-G3", "3.5.2(3)", allowed, may},
    {future_ack, {time_wait},    kAny, always, R::none,        kSame, "RFC9293-3.5.2-G3", "stacks that do not look at the ACK in TIME-WAIT", deviation, may},

    // Outside the window (step 1; 3.5.2(3)).
    {out_of_window, {syn_received}, kAny, always, R::ack_now, kSame, "RFC9293-3.10.7.4-OTW-ACK", "A8: one is required, throttling tolerated"},
    {out_of_window, {syn_received}, kAny, ack_unacceptable, R::rst_for_ack, kSame, "RFC9293-3.5.2-G2", "3.5.2(2): the ACK is looked at first", flagged},
    {out_of_window, kConnected,     kAny, always, R::ack_now, kSame, "RFC9293-3.10.7.4-OTW-ACK", "A8: one is required, throttling tolerated"},
    {out_of_window, {time_wait},    kAny, always, R::ack_now, kSame, "RFC9293-3.10.7.4-OTW-ACK", "A2: no restart is meant", allowed, may},

    // The peer's keepalive probe (3.8.4): outside the window, so that it draws an ACK.
    {keepalive_probe, {closed},       kAny, always, R::rst_for_ack, kSame, "RFC9293-3.10.7.1-CLOSED-ACK"},
    {keepalive_probe, {listen},       kAny, always, R::rst_for_ack, kSame, "RFC9293-3.10.7.2-LISTEN-ACK"},
    {keepalive_probe, {syn_received}, kAny, always, R::ack_now,     kSame, "RFC9293-3.10.7.4-OTW-ACK"},
    {keepalive_probe, {syn_received}, kAny, ack_unacceptable, R::rst_for_ack, kSame, "RFC9293-3.5.2-G2", "3.5.2(2): the ACK is looked at first", flagged},
    {keepalive_probe, kConnected,     kAny, always, R::ack_now,     kSame, "RFC9293-3.10.7.4-AGED-PROBE", "its octet is not delivered"},
    {keepalive_probe, {time_wait},    kAny, always, R::ack_now,     kSame, "RFC9293-3.10.7.4-AGED-PROBE", "A2", allowed, may},

    // No ACK bit (step 5): dropped with all it carries.
    {no_ack, {closed},       kAny, always, R::rst_for_segment, kSame, "RFC9293-3.10.7.1-CLOSED-NOACK"},
    {no_ack, {listen},       kAny, always, R::none,            kSame, "RFC9293-3.10.7.2-LISTEN-FIN"},
    {no_ack, {syn_sent},     kAny, always, R::none,            kSame, "RFC9293-3.10.7.3-SS-FIN"},
    {no_ack, {syn_received}, kAny, always, R::none,            kSame, "RFC9293-3.10.7.4-NOACK-DROP"},
    {no_ack, kConnected,     kAny, always, R::none,            kSame, "RFC9293-3.10.7.4-NOACK-DROP"},
    {no_ack, {time_wait},    kAny, always, R::none,            kSame, "RFC9293-3.10.7.4-NOACK-DROP", "", allowed, may},

    // Timestamps (RFC 7323): PAWS comes before the sequence number (5.3 R1).
    {paws_fail, kConnected,  kTimestamps,          always, R::ack_now,  kSame,     "RFC7323-5.3-R1", "before SEQ is looked at"},
    {paws_fail, {time_wait}, kTimestamps,          always, R::ack_now,  kSame,     "RFC7323-5.3-R1", "before SEQ is looked at", allowed, may},
    {paws_fail, kSynchronized, {Choice::ts_off},   always, R::as_other, kAsJudged, "RFC7323-3.2-UNNEG", "as without timestamps"},
    {missing_ts, kConnected,  {Choice::ts_strict}, always, R::none,     kSame,     "RFC7323-3.2-MISSING"},
    {missing_ts, {time_wait}, {Choice::ts_strict}, always, R::none,     kSame,     "RFC7323-3.2-MISSING", "", allowed, may},
    {missing_ts, kSynchronized, {Choice::ts_lenient}, always, R::as_other, kAsJudged, "RFC7323-3.2-NOABORT", "processed as if it had one", flagged},

    // Urgent data (step 6).
    {urgent, kReceiving,                      kAny, always, R::urgent_signal, kSame, "RFC9293-MUST-66"},
    {urgent, {close_wait, closing, last_ack}, kAny, always, R::ignore,        kSame, "RFC9293-3.10.7.4-URG-CLOSED-SIDE"},
    {urgent, {time_wait},                     kAny, always, R::ignore,        kSame, "RFC9293-3.10.7.4-URG-CLOSED-SIDE", "", allowed, may},

    // The peer opens its window, our FIN queued behind it (3.8.6.1).
    {window_opens, kFinOutstanding, kAny, always, R::text_or_fin, kSame, "RFC9293-3.6-RELIABLE"},

    // What moves an undisturbed connection on: new text of ours is acknowledged.
    {new_ack, {syn_received}, kAny, completes_handshake, R::none, established, "RFC9293-3.3.2-FIG5"},
    {new_ack, {established},  kAny, always,              R::none, kSame,       "RFC6298-5.2"},
    {new_ack, {fin_wait_1},   kAny, always,              R::none, kSame,       "RFC9293-3.10.7.4-FW1-PARTACK"},
    {new_ack, {close_wait},   kAny, always,              R::none, kSame,       "RFC9293-3.10.7.4-CW-ACK"},
    {new_ack, {closing},      kAny, always,              R::none, kSame,       "RFC9293-3.10.7.4-CLG-OTHERACK"},
    {new_ack, {last_ack},     kAny, always,              R::none, kSame,       "RFC9293-3.10.7.4-LA-OTHERACK"},
});
// clang-format on

}  // namespace

std::span<const Rule> text_rules() { return kRules; }

}  // namespace finwait::model::parts
