// Rule: one row of the model: in these states, at this trigger, if the stack has made this choice and the connection is
// in this situation, this reply is allowed and leads to this state. Where a standard leaves a choice there are several
// rows.
//
//   rules_app.cpp      calls of the application
//   rules_text.cpp     text, FIN and acknowledgments
//   rules_reset.cpp    RST and SYN
//   rules_time.cpp     timers and ICMP
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "harness/model/axes.hpp"
#include "harness/model/state.hpp"
#include "harness/model/trigger.hpp"

namespace finwait::model {

/// What the target does, on the wire or at its API. The codes are those of docs/model.md.
enum class Reply : std::uint8_t {
  none,                 ///< "-": no segment
  ack_now,              ///< "ACKn": <SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>, at once; does not cover what drew it
  maybe_ack_now,        ///< "-/ACKn"
  ack_at_once,          ///< "ACKi": an ACK that covers what drew it, at once
  ack_soon,             ///< "ACKd": the same, delayed by less than half a second or with other text (MUST-40)
  ack_trimmed,          ///< "ACKd (FIN trimmed)": an ACK of what lay in the window, so of the text and not of the FIN
  challenge,            ///< "CHAL": ACKn that may be throttled (RFC 5961 7)
  ack_beyond_fin,       ///< "ACK=R+1": RCV.NXT is moved over a second FIN
  rst_for_ack,          ///< "RSTa": <SEQ=SEG.ACK><CTL=RST>
  rst_for_segment,      ///< "RSTb": <SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>
  rst_now,              ///< "RSTn": <SEQ=SND.NXT><CTL=RST>, with or without ACK=RCV.NXT
  rst_for_ack_or_now,   ///< "RSTa-or-RSTn"
  rst_for_ack_or_drop,  ///< "RSTa-or-drop"
  rst_any,              ///< "RST": one of the three
  fin,                  ///< "FIN": <SEQ=SND.NXT><ACK=RCV.NXT><CTL=FIN,ACK>, after all text that is queued
  text,                 ///< "DATA": what the application sent
  text_or_fin,          ///< "DATA/FIN"
  syn,                  ///< "SYN": the SYN, the first time or again
  syn_ack,              ///< "S|A"
  syn_ack_again,        ///< "S|A RTX"
  syn_ack_new,          ///< "S|A (ISN>old S)": a new incarnation
  again,                ///< "RTX": the front of the queue again, text or FIN, with a current ACK
  probe,                ///< "PROBE": keepalive, SEQ=SND.NXT-1, no octet or one
  window_probe,         ///< "ZWP": an octet of text, the FIN, or SEQ=SND.UNA-1
  must_not_fire,        ///< the timer may not run here
  not_applicable,       ///< cannot be
  as_other,  ///< judged on as if this check did not exist: PAWSFAIL as without timestamps, TOOOLD-ACK as OLDACK,
             ///< SYN-TS-* by its SEQ, RST-INWIN and RST-PAWSFAIL as RST-EXACT
  // At the API
  error,          ///< "err"
  error_or_ok,    ///< "err-or-ok"
  queue,          ///< the octets are taken and wait
  text_or_wait,   ///< "data-or-wait"
  text_then_end,  ///< "data, then EOF"
  end_or_error,   ///< "EOF/err"
  urgent_signal,
  ignore,
};
struct ReplyInfo {
  Reply reply;
  std::string_view code;
  std::string_view meaning;  ///< one line, for docs/model.md
};
std::span<const ReplyInfo> all_replies();
std::string_view to_string(Reply reply);

/// What else has to be so for a row to apply, seen from outside.
enum class Situation : std::uint8_t {
  always,
  nothing_queued,
  text_queued,
  fin_queued,           ///< CLOSE was called, and the FIN has not left
  unread_text,          ///< close(), and the application has not read all that was acknowledged
  no_unread_text,       ///< it has, or the socket stays (shutdown)
  linger_zero,          ///< close() with SO_LINGER {1, 0}: an abort; the other rows of CLOSE do not count then
  orphan,               ///< nobody holds the socket any more
  held,                 ///< the application still holds the socket
  passive,              ///< the target accepted
  active,               ///< the target connected
  completes_handshake,  ///< SYN-RECEIVED: SEG.ACK = SND.NXT
  ack_acceptable,       ///< SYN-SENT: ISS < SEG.ACK =< SND.NXT
  ack_unacceptable,     ///< SYN-SENT: an ACK that is not, or none
  acks_fin,             ///< SEG.ACK = SND.NXT, our FIN included
  acks_no_fin,
  held_acks_fin,     ///< both: held, acks_fin
  held_acks_no_fin,  ///< both: held, acks_no_fin
  after_last_seq,    ///< a SYN with SEQ > RCV.NXT - 1, the last number of the old incarnation
  not_after_last_seq,
  in_window,
  outside_window,
  young,  ///< TIME-WAIT for less than two seconds (RFC 1337 3, F2)
  old,
  from_time_wait,  ///< SYN-RECEIVED that was entered from TIME-WAIT
};
std::string_view to_string(Situation situation);

enum class Standing : std::uint8_t {
  allowed,
  flagged,    ///< allowed by the letter of a text or tolerated, but a reader should know
  deviation,  ///< seen in the field, and not allowed
};

/// Whether the 2 MSL of TIME-WAIT start anew.
enum class Restart : std::uint8_t { no, may, must };

inline constexpr std::size_t kReplies = static_cast<std::size_t>(Reply::ignore) + 1;
inline constexpr std::size_t kSituations = static_cast<std::size_t>(Situation::from_time_wait) + 1;

struct Rule {
  Trigger trigger;
  StateSet states;
  Choices choice;  ///< the stack's, on the axes named; empty: whatever it has chosen
  Situation situation = Situation::always;
  Reply reply = Reply::none;
  std::optional<State> next{};     ///< nullopt: the same state
  std::string_view requirement{};  ///< what a target breaks that does otherwise: an id of cases/requirements
  std::string_view note{};         ///< for the reader
  Standing standing = Standing::allowed;
  Restart two_msl = Restart::no;
};

/// All rows, trigger by trigger.
std::span<const Rule> rules();
/// Those for one cell of the table. Empty: cannot happen there. A look-up, for every packet.
std::span<const Rule* const> rules_for(State state, Trigger trigger);

/// What has to be so for a row to apply, as docs/model.md has it: "hardening=rfc5961, active"; empty: always.
std::string condition(const Rule& rule);
/// The state that a row leads to from this one, or "as judged" when another row tells.
std::string_view next_state(const Rule& rule, State from);

}  // namespace finwait::model
