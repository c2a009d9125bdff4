// What to say when no way is left: where the target can have been, what was allowed there, and which single mistake
// would explain all that was seen. The conversation is told once more to an oracle that assumes the mistake; the row
// that the mistake goes against is what the target breaks.
#include <fmt/format.h>

#include <algorithm>

#include "harness/model/oracle.hpp"

namespace finwait::model {

namespace {

bool is_silence(Why why) {
  switch (why) {
    case Why::no_reply:
    case Why::no_first:
    case Why::no_retransmission:
    case Why::gave_up_early:
    case Why::gave_up_open_early:
    case Why::no_syn_retransmission:
    case Why::no_window_probe:
    case Why::no_next_window_probe:
    case Why::no_probe:
    case Why::no_next_probe:
    case Why::no_probe_half_closed:
      return true;
    default:
      return false;
  }
}

// The profile's value that such a time is judged by, if it is one of the profile's.
const Figure* judged_by(Why why, const Profile& profile) {
  switch (why) {
    case Why::retransmitted_early:
      return profile.timer(&Profile::rto_min).figure;
    case Why::syn_retransmitted_early:
    case Why::no_retransmission:
    case Why::late_retransmission:
      return profile.timer(&Profile::rto_initial).figure;
    case Why::gave_up_early:
      return profile.timer(&Profile::r2).figure;
    case Why::gave_up_open_early:
      return profile.timer(&Profile::r2_syn).figure;
    default:
      return nullptr;
  }
}

}  // namespace

// --- what was the case

Oracle::Ways Oracle::look_back(const Events& events, Violation& v) const {
  // An oracle that is told all but the last thing still has ways: those that were left before it.
  Oracle before(context_.profile, start_,
                {Mistake::Kind::parameter, 0, {}, nullptr});  // which does not look back itself
  std::uint32_t number = history_.first();
  const bool by_input = refused_event_.has_value();
  for (const Event& event : events) {
    const bool last = number + 1 == history_.end();
    if (by_input ? number == *refused_event_ : last && !event.is_input() && !v.silence) break;
    before.tell(event);
    number++;
  }
  const auto all = before.first_input_ + static_cast<std::uint32_t>(before.inputs_.size());
  Ways last;
  const Ways known = before.ways_;
  before.commit(all, all, [&](Ways& stage, bool) { last = stage; });
  if (last.empty()) last = known;
  for (const Hypothesis& h : last) {
    const std::string state(to_string(h.state));
    if (std::ranges::find(v.states, state) == v.states.end()) v.states.push_back(state);
    for (Way& way : allowed(context_, h, v.at)) {
      if (std::ranges::find(v.allowed, way) == v.allowed.end()) v.allowed.push_back(std::move(way));
    }
  }
  return last;
}

// It did come, but after its time.
void Oracle::call_late(const Segment& s) {
  const bool text = s.length() > 0 && !s.flags.any(wire::kSyn | wire::kRst);
  const bool ack = s.length() == 0 && s.flags.any(wire::kAck) && !s.flags.any(wire::kRst);
  const Reply wanted = refusal_.rule != nullptr ? refusal_.rule->reply : Reply::none;
  const bool covers = wanted == Reply::ack_soon || wanted == Reply::ack_at_once;
  if (refusal_.why == Why::no_reply && ack && covers) refusal_.why = Why::late_ack;
  if (refusal_.why == Why::no_first && text) refusal_.why = Why::late_first;
  if (refusal_.why == Why::no_retransmission && text) refusal_.why = Why::late_retransmission;
}

// Which inputs an earlier mistake may have been made at. An answer, or the lack of one, to something that any state has
// to answer alike tells about the state. A target that is silent, or that resets or opens anew, may have lost the
// connection to a segment that had no right to end it; nothing else that happened before can excuse that. The rest is
// plain.
Oracle::Suspects Oracle::suspects(const Segment* segment) const {
  switch (refusal_.why) {
    case Why::segment_without_connection:
    case Why::rst_to_unacceptable:
    case Why::retransmitted_after_ack:
    case Why::other_state:
    case Why::no_error_to_reader:
    case Why::wrong_rst:
    case Why::wrong_syn:
      return Suspects::all;
    case Why::no_reply: {
      // PAWS is the same in all states: silence tells about the check and not about what happened before.
      const bool paws = refusal_.rule != nullptr &&
                        (refusal_.rule->trigger == Trigger::paws_fail || refusal_.rule->trigger == Trigger::missing_ts);
      // What a call draws is the same whatever came before, unless the connection was lost.
      const bool called = refusal_.rule != nullptr && info(refusal_.rule->trigger).group == TriggerGroup::app;
      return paws || called ? Suspects::resets : Suspects::all;
    }
    case Why::unasked_ack:
    case Why::unasked_rst: {
      constexpr std::array kAlike{Trigger::keepalive_probe, Trigger::out_of_window, Trigger::ack_fin, Trigger::old_ack,
                                  Trigger::new_ack};
      const bool alike = segment != nullptr && refusal_.rule != nullptr &&
                         std::ranges::find(kAlike, refusal_.rule->trigger) != kAlike.end();
      // <SEQ=0><CTL=RST,ACK>: only where there is no connection is a SYN answered so (RFC 9293 3.10.7.1).
      const bool closed = segment != nullptr && segment->flags.has(wire::kRst | wire::kAck) && segment->seq == SeqNum{};
      if (alike || closed) return Suspects::all;
      return refusal_.why == Why::unasked_rst ? Suspects::resets : Suspects::none;
    }
    case Why::wrong_ack:
    case Why::probe_early_after_answer:
      return Suspects::acked;
    case Why::unasked_syn:
    case Why::probe_not_asked_for:
    case Why::probe_after_off:
    case Why::retransmitted_early:
    case Why::syn_retransmitted_early:
    case Why::no_back_off:
    case Why::no_back_off_text:
    case Why::cannot_send:
    case Why::error_without_cause:
    case Why::icmp_without_cause:
      return Suspects::resets;
    default:
      return is_silence(refusal_.why) ? Suspects::resets : Suspects::none;
  }
}

void Oracle::violate(const Segment* segment, Instant at, std::size_t tag) {
  Violation v;
  if (segment != nullptr && !refused_event_) call_late(*segment);
  const Events events = history_.events();
  const Event* by_input =
      refused_event_ && *refused_event_ >= history_.first() ? &events[*refused_event_ - history_.first()] : nullptr;
  v.requirement = refusal_.requirement();
  v.summary = info(refusal_.why).text;
  v.figure = judged_by(refusal_.why, context_.profile);
  v.tag = by_input != nullptr ? by_input->tag : tag;
  v.at = by_input != nullptr ? by_input->at : at;
  v.silence = is_silence(refusal_.why);
  if (v.silence) {
    v.seen = "nothing";
  } else if (segment != nullptr && by_input == nullptr) {
    v.seen = wire::describe(*segment, target_iss_.value_or(SeqNum{}), peer_iss_.value_or(SeqNum{}));
  } else {
    v.seen = "the result of the call";
  }
  if (mistake_.kind == Mistake::Kind::none && history_.first() == 0) {
    const Ways before = look_back(events, v);
    if (suspects(segment) != Suspects::none) diagnose(v, events, before, segment, at);
  }
  violation_ = std::move(v);
}

// --- which mistake explains it

void Oracle::err(Hypothesis h, const Event& event, Successors& out) {
  const auto take = [&](const Context& context, const Hypothesis& from, Successors& to) {
    if (const auto* segment = std::get_if<Segment>(&event.what)) arrive(context, from, *segment, event.at, to);
    if (const auto* call = std::get_if<Call>(&event.what)) model::called(context, from, *call, event.at, to);
    if (const auto* error = std::get_if<IcmpError>(&event.what)) icmp_arrives(context, from, *error, event.at, to);
  };
  Successors right;
  take(context_, h, right);
  for (const Hypothesis& one : right.all) mistaken_rule_ = one.last_rule;
  if (mistake_.kind == Mistake::Kind::beyond_edge) {
    const auto* segment = std::get_if<Segment>(&event.what);
    if (segment == nullptr || segment->seq != h.rcv_edge) return;
    h.rcv_edge += 1;
    take(context_, h, out);
    return;
  }
  if (mistake_.kind == Mistake::Kind::below_edge) {
    const auto* segment = std::get_if<Segment>(&event.what);
    if (segment == nullptr || segment->length() == 0 || segment->flags.any(wire::kRst | wire::kSyn)) return;
    if (segment->seq + segment->length() != h.rcv_nxt) return;
    Segment rest = *segment;  // all of it is old, but its ACK
    rest.seq = h.rcv_nxt;
    rest.flags = rest.flags & ~wire::kFin;
    rest.payload.clear();
    arrive(context_, std::move(h), rest, event.at, out);
    for (Hypothesis& one : out.all) owe(context_, one, Reply::maybe_ack_now, &rest, event.at, mistaken_rule_);
    return;
  }
  if (mistake_.kind == Mistake::Kind::other_row) {
    Context open = context_;
    open.bent.every_row = true;
    const Choices own = h.choices;
    h.choices = Choices::all();
    take(open, h, out);
    for (Hypothesis& one : out.all) one.choices = own;
    return;
  }
  for (const Hypothesis& one : right.all) {
    // Ignored or deleted, but perhaps answered as it should be.
    Hypothesis wrong = h;
    wrong.due = one.due;
    for (Due& due : wrong.due) due.optional = due.optional || std::ranges::find(h.due, due) == h.due.end();
    if (mistake_.kind == Mistake::Kind::deleted) {
      if (!wrong.exists() || !one.exists()) continue;
      const std::vector<Due> due = wrong.due;
      delete_connection(wrong, End::finished);
      wrong.due = due;
    }
    if (mistake_.kind == Mistake::Kind::lingers) {
      if (one.exists() || !wrong.exists()) continue;
      enter(wrong, State::time_wait, event.at, one.last_rule);
      wrong.snd_una = wrong.snd_nxt;
    }
    out.all.push_back(std::move(wrong));
  }
}

bool Oracle::explains(const Events& events, const Mistake& mistake, Instant now, bool at_end, const Rule*& rule) const {
  Oracle other(context_.profile, start_, mistake);
  for (const Event& event : events) {
    other.tell(event);
    if (other.violation() || other.lost()) return false;
  }
  if (at_end) other.finish(now.latest);
  rule = other.mistaken_rule_;
  return !other.violation() && !other.lost();
}

void Oracle::diagnose(Violation& v, const Events& events, const Ways& before, const Segment* last, Instant now) const {
  const bool at_end = last == nullptr;
  using Kind = Mistake::Kind;
  const Rule* rule = nullptr;
  std::size_t budget = kMostSteps;
  struct Parameter {
    Bent bent;
    const char* requirement = "";
    const char* what = "";
  };
  static const std::array<Parameter, 9> parameters{{
      {{.two_msl_free = true}, "RFC9293-MUST-13", "TIME-WAIT does not last 2 MSL"},
      {{.fin_wait_2_free = true}, "RFC9293-3.10.8-NOFW2", "FIN-WAIT-2 is ended by a timer"},
      {{.probes_free = true}, "RFC9293-3.8.4-DEATH", "keepalive gives up at another time than it has to"},
      {{.stamp_of_gap = true}, "RFC7323-5.3-R1", "the timestamp of a segment above a gap is taken"},
      {{.stamp_of_reset = true}, "RFC7323-5.2-RSTNOUPD", "the timestamp of a reset is taken"},
      {{.over_edge_taken = true}, "RFC9293-3.10.7.4-TRIM", "text that ends beyond the window is not cut to it"},
      {{.over_edge_dropped = true}, "RFC9293-3.10.7.4-TRIM", "a segment that ends beyond the window is dropped whole"},
      {{.unasked_stamp_drops = true}, "RFC7323-3.2-UNNEG", "a timestamp that was not agreed on drops the segment"},
      {{.icmp_of_anything = true}, "RFC5927-4.1-SEQ", "an ICMP error counts whatever it quotes"},
  }};
  std::uint32_t inputs = 0;
  for (const Event& event : events) inputs += event.is_input() ? 1U : 0U;
  const auto at_input = [&](Kind kind, std::uint32_t index, const char* what) {
    if (!explains(events, {kind, index, {}, &budget}, now, at_end, rule) || rule == nullptr) return false;
    v.requirement = rule->requirement;
    std::uint32_t number = 0;
    for (const Event& event : events) {
      if (!event.is_input() || number++ != index) continue;
      std::string which = fmt::format("{}", to_string(rule->trigger));
      if (const auto* segment = std::get_if<Segment>(&event.what)) {
        which += ": " + wire::describe(*segment, peer_iss_.value_or(SeqNum{}), target_iss_.value_or(SeqNum{}));
      }
      v.diagnosis = fmt::format("all that was seen is explained if the target {} {}", what, which);
    }
    return true;
  };
  const std::uint32_t first = inputs - std::min(inputs, kMostSuspects);
  // That what had to be answered was ignored explains nothing.
  std::uint32_t trivial = inputs;
  if (refusal_.why == Why::no_reply) {
    std::uint32_t number = 0;
    for (const Event& event : events) {
      if (!event.is_input()) continue;
      if (event.at.latest == refusal_.since) trivial = number;
      number++;
    }
  }
  constexpr Duration kNoTimer = std::chrono::seconds(1);  // no stack ends FIN-WAIT-2 so soon
  const bool stays_in_fin_wait_2 = !before.empty() && before.front().state == State::fin_wait_2 &&
                                   now.earliest - before.front().fin_wait_2_since.latest > kNoTimer;
  const auto is_reset_or_syn = [&](std::uint32_t index) {
    std::uint32_t number = 0;
    for (const Event& event : events) {
      if (!event.is_input() || number++ != index) continue;
      const auto* segment = std::get_if<Segment>(&event.what);
      return segment != nullptr && segment->flags.any(wire::kRst | wire::kSyn);
    }
    return false;
  };
  const auto has_ack = [&](std::uint32_t index) {
    std::uint32_t number = 0;
    for (const Event& event : events) {
      if (!event.is_input() || number++ != index) continue;
      const auto* segment = std::get_if<Segment>(&event.what);
      return segment != nullptr && segment->flags.any(wire::kAck);
    }
    return false;
  };
  const bool only_resets = suspects(last) == Suspects::resets;
  const bool only_acked = suspects(last) == Suspects::acked;
  const bool waits = !before.empty() && before.front().state == State::time_wait;
  const bool waited = !before.empty() && before.front().moved_by != nullptr &&
                      before.front().moved_by->trigger == Trigger::timer_two_msl;
  for (std::uint32_t i = inputs; i-- > first && !only_acked;) {
    if (at_input(Kind::beyond_edge, i, "took for inside its window")) return;
    // That an ACK was ignored which had to be answered tells nothing of the edge.
    if (i == trivial && has_ack(i)) continue;
    if (at_input(Kind::below_edge, i, "took for inside its window")) return;
  }
  for (std::uint32_t i = inputs; i-- > first && !only_acked;) {
    const bool suspicious = is_reset_or_syn(i) && i > 0;
    if (i != trivial) {
      if (only_resets && !suspicious) continue;
      if (at_input(Kind::other_row, i, "took another row of the model at")) return;
      if (at_input(Kind::ignored, i, "ignored")) return;
      if (at_input(Kind::lingers, i, "went to TIME-WAIT at")) return;
    }
    if (suspicious && at_input(Kind::deleted, i, "deleted the connection at")) return;
  }
  const bool icmp =
      std::ranges::any_of(events, [](const Event& event) { return std::holds_alternative<IcmpError>(event.what); });
  for (const Parameter& parameter : parameters) {
    if (parameter.bent.icmp_of_anything ? !icmp : only_resets) continue;
    const bool over_edge = parameter.bent.over_edge_taken || parameter.bent.over_edge_dropped;
    if (only_acked && !parameter.bent.stamp_of_gap && !parameter.bent.stamp_of_reset && !over_edge) continue;
    if (parameter.bent.two_msl_free && !waits && !waited) continue;
    if (parameter.bent.fin_wait_2_free && !stays_in_fin_wait_2) continue;
    if (!explains(events, {Kind::parameter, 0, parameter.bent, &budget}, now, at_end, rule)) continue;
    v.requirement = parameter.requirement;
    if (parameter.bent.two_msl_free && waited) v.requirement = "RFC9293-3.10.8-TWTO";
    const bool from_closing =
        waits && before.front().moved_by != nullptr && before.front().moved_by->states.contains(State::closing);
    if (parameter.bent.two_msl_free && from_closing) v.requirement = "RFC9293-MUST-13-CLG";
    v.diagnosis = fmt::format("all that was seen is explained if {}", parameter.what);
    if (parameter.bent.two_msl_free) v.figure = context_.profile.timer(&Profile::two_msl).figure;
    return;
  }
  if (only_resets) return;
  for (std::uint32_t i = inputs; i-- > first && !only_acked;) {
    if (i == trivial) return;  // it was not answered: that is simpler than any earlier mistake
    if (at_input(Kind::deleted, i, "deleted the connection at")) return;
  }
}

}  // namespace finwait::model
