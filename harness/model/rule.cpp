#include "harness/model/rule.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "harness/model/rule_parts.hpp"

namespace finwait::model {

namespace {

using S = Situation;
using R = Reply;

// clang-format off
constexpr std::array kReplyTable = std::to_array<ReplyInfo>({
    {R::none,                "-",                  "no segment"},
    {R::ack_now,             "ACKn",               "an ACK at once, SEQ = SND.NXT, ACK = RCV.NXT; it does not cover what drew it"},
    {R::maybe_ack_now,       "-/ACKn",             "no segment, or ACKn"},
    {R::ack_at_once,         "ACKi",               "an ACK at once that covers what drew it"},
    {R::ack_soon,            "ACKd",               "an ACK that covers what drew it, in less than half a second or with other text (MUST-40)"},
    {R::ack_trimmed,         "ACKd (FIN trimmed)", "an ACK of what lay in the window, so of the text and not of the FIN"},
    {R::challenge,           "CHAL",               "ACKn that may be throttled (RFC 5961 7): silence is allowed after the first in a burst"},
    {R::ack_beyond_fin,      "ACK=R+1",            "an ACK that counts a second FIN"},
    {R::rst_for_ack,         "RSTa",               "RST, SEQ = SEG.ACK, no ACK"},
    {R::rst_for_segment,     "RSTb",               "RST,ACK, SEQ = 0, ACK = SEG.SEQ + SEG.LEN"},
    {R::rst_now,             "RSTn",               "RST, SEQ = SND.NXT; with ACK = RCV.NXT or without"},
    {R::rst_for_ack_or_now,  "RSTa-or-RSTn",       "one of the two"},
    {R::rst_for_ack_or_drop, "RSTa-or-drop",       "RSTa, or no segment"},
    {R::rst_any,             "RST",                "any of the three"},
    {R::fin,                 "FIN",                "FIN,ACK, SEQ = SND.NXT, ACK = RCV.NXT, after all text that is queued"},
    {R::text,                "DATA",               "what the application sent"},
    {R::text_or_fin,         "DATA/FIN",           "the text that is queued, the FIN, or both"},
    {R::syn,                 "SYN",                "the SYN, the first time or again"},
    {R::syn_ack,             "S|A",                "SYN,ACK"},
    {R::syn_ack_again,       "S|A RTX",            "the SYN,ACK again"},
    {R::syn_ack_new,         "S|A (ISN>old S)",    "SYN,ACK of a new incarnation, its ISS above the old SND.NXT"},
    {R::again,               "RTX",                "the front of the queue again, text or FIN, with a current ACK"},
    {R::probe,               "PROBE",              "a keepalive probe: SEQ = SND.NXT-1, no octet or one"},
    {R::window_probe,        "ZWP",                "a window probe: an octet of text, the FIN, or SEQ = SND.UNA-1"},
    {R::must_not_fire,       "must not fire",      "the timer may not run here"},
    {R::not_applicable,      "n/a",                "cannot be"},
    {R::as_other,            "as other",           "as if the stack did not make this check; the note says as what"},
    {R::error,               "err",                "the call fails"},
    {R::error_or_ok,         "err-or-ok",          "the call fails, or does nothing"},
    {R::queue,               "queue",              "the octets are taken and wait"},
    {R::text_or_wait,        "data-or-wait",       "the call gives text, or waits for it"},
    {R::text_then_end,       "data, then EOF",     "the call gives the text that is left, then the end of the stream"},
    {R::end_or_error,        "EOF/err",            "the call gives the end of the stream, or fails"},
    {R::urgent_signal,       "urgent signal",      "the application is told"},
    {R::ignore,              "ignore",             "the application is not told"},
});

constexpr std::array kSituationNames = std::to_array<std::pair<Situation, std::string_view>>({
    {S::always, ""},
    {S::nothing_queued, "nothing queued"},
    {S::text_queued, "text queued"},
    {S::fin_queued, "FIN queued"},
    {S::unread_text, "unread text"},
    {S::no_unread_text, "no unread text"},
    {S::linger_zero, "linger 0"},
    {S::orphan, "orphan"},
    {S::held, "held"},
    {S::passive, "passive"},
    {S::active, "active"},
    {S::completes_handshake, "ACK completes the handshake"},
    {S::ack_acceptable, "ACK acceptable"},
    {S::ack_unacceptable, "no ACK or an unacceptable one"},
    {S::acks_fin, "ACK covers our FIN"},
    {S::acks_no_fin, "ACK does not cover our FIN"},
    {S::held_acks_fin, "held, ACK covers our FIN"},
    {S::held_acks_no_fin, "held, ACK does not cover our FIN"},
    {S::after_last_seq, "SEQ > last"},
    {S::not_after_last_seq, "SEQ not > last"},
    {S::in_window, "in window"},
    {S::outside_window, "outside window"},
    {S::young, "TIME-WAIT < 2 s"},
    {S::old, "TIME-WAIT >= 2 s"},
    {S::from_time_wait, "entered from TIME-WAIT"},
});
// clang-format on

// A table that is looked into by value has to be in the order of its enumeration, and whole.
template <typename Table, typename Member>
constexpr bool in_order(const Table& table, Member member, std::size_t size) {
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (static_cast<std::size_t>(table[i].*member) != i) return false;
  }
  return table.size() == size;
}
static_assert(in_order(kReplyTable, &ReplyInfo::reply, kReplies));
static_assert(in_order(kSituationNames, &std::pair<Situation, std::string_view>::first, kSituations));

constexpr std::array<std::string_view, 3> kStandingNames{"", "flagged", "deviation"};

using Cell = std::vector<const Rule*>;

std::vector<Rule> concatenated() {
  std::vector<Rule> all;
  for (const auto part : {parts::app_rules(), parts::text_rules(), parts::reset_rules(), parts::time_rules()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  // Within one trigger the rows stay in the order in which they are written.
  std::ranges::stable_sort(all, {}, &Rule::trigger);
  return all;
}

std::array<Cell, kAllStates.size() * kTriggerCount> indexed() {
  std::array<Cell, kAllStates.size() * kTriggerCount> cells;
  for (const Rule& rule : rules()) {
    for (const State state : kAllStates) {
      if (!rule.states.contains(state)) continue;
      cells.at(static_cast<std::size_t>(state) * kTriggerCount + static_cast<std::size_t>(rule.trigger))
          .push_back(&rule);
    }
  }
  return cells;
}

}  // namespace

std::span<const ReplyInfo> all_replies() { return kReplyTable; }
std::string_view to_string(Reply reply) { return kReplyTable.at(static_cast<std::size_t>(reply)).code; }
std::string_view to_string(Situation situation) {
  return kSituationNames.at(static_cast<std::size_t>(situation)).second;
}

std::span<const Rule> rules() {
  static const std::vector<Rule> all = concatenated();
  return all;
}

std::span<const Rule* const> rules_for(State state, Trigger trigger) {
  static const auto cells = indexed();
  return cells.at(static_cast<std::size_t>(state) * kTriggerCount + static_cast<std::size_t>(trigger));
}

std::string condition(const Rule& rule) {
  std::string text;
  const auto append = [&text](std::string_view more) {
    if (more.empty()) return;
    if (!text.empty()) text += ", ";
    text += more;
  };
  for (const AxisInfo& axis : all_axes()) {
    bool first = true;
    for (const ChoiceInfo& one : all_choices()) {
      if (one.axis != axis.axis || !rule.choice.contains(one.choice)) continue;
      if (first) append(axis.name);
      text += first ? '=' : '|';
      text += one.name;
      first = false;
    }
  }
  append(to_string(rule.situation));
  append(kStandingNames.at(static_cast<std::size_t>(rule.standing)));
  return text;
}

std::string_view next_state(const Rule& rule, State from) {
  if (rule.reply == Reply::as_other) return "as judged";
  return to_string(rule.next.value_or(from));
}

}  // namespace finwait::model
