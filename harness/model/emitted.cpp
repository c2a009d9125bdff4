// The target has sent a segment: can this hypothesis have sent it, and what does that tell?
#include <algorithm>

#include "harness/model/hypothesis.hpp"

namespace finwait::model {

namespace {

using wire::after;
using wire::before;

const Rule* row(State state, Trigger trigger) {
  const auto& rows = rules_for(state, trigger);
  return rows.empty() ? nullptr : rows.front();
}

bool is_reset(Reply reply) {
  switch (reply) {
    case Reply::rst_for_ack:
    case Reply::rst_for_segment:
    case Reply::rst_now:
    case Reply::rst_for_ack_or_now:
    case Reply::rst_for_ack_or_drop:
    case Reply::rst_any:
      return true;
    default:
      return false;
  }
}

/// An ACK of what has come, which one segment may give for many.
bool is_cumulative(Reply reply) {
  return reply == Reply::ack_at_once || reply == Reply::ack_soon || reply == Reply::ack_trimmed ||
         reply == Reply::ack_beyond_fin;
}
/// An ACK for one segment that was not acceptable.
bool is_single(Reply reply) {
  return reply == Reply::ack_now || reply == Reply::challenge || reply == Reply::maybe_ack_now || reply == Reply::again;
}
bool is_syn(Reply reply) {
  return reply == Reply::syn_ack || reply == Reply::syn_ack_new || reply == Reply::syn_ack_again;
}

const Due* find(const Hypothesis& h, bool (*kind)(Reply)) {
  const auto found = std::ranges::find_if(h.due, [&](const Due& due) { return kind(due.reply); });
  return found == h.due.end() ? nullptr : &*found;
}

/// What an acknowledgment settles. False when none was due.
bool settle_ack(Hypothesis& h) {
  bool any = std::erase_if(h.due, [](const Due& due) { return is_cumulative(due.reply); }) > 0;
  auto single = std::ranges::find_if(h.due, [](const Due& due) { return is_single(due.reply) && !due.optional; });
  if (single == h.due.end()) single = std::ranges::find_if(h.due, [](const Due& due) { return is_single(due.reply); });
  if (single == h.due.end()) return any;
  h.due.erase(single);
  return true;
}

class Emission {
 public:
  Emission(const Context& context, const Segment& s, Instant at, Successors& out)
      : context_(context), s_(s), at_(at), out_(out) {}

  void explain(Hypothesis& h) {
    if (s_.flags.any(wire::kRst)) return reset(h);
    if (s_.flags.any(wire::kSyn)) return syn(h);
    if (const Due* due = find(h, is_reset); due != nullptr && !due->optional && s_.length() > 0) {
      return refuse(Why::instead_of_rst, due->rule);
    }
    if (!h.exists()) return without_connection(h);
    if (!h.iss_known) return refuse(Why::wrong_syn, h.last_rule);
    if (!s_.flags.any(wire::kAck)) return refuse(Why::no_ack_bit, by_trigger(h));
    if (s_.ack != h.rcv_nxt) {
      const bool again = s_.length() > 0 && before(s_.seq, h.snd_nxt);
      if (h.due.empty() && probe_is_due(h))
        return refuse(Why::probe_numbers, row(h.state, Trigger::timer_keepalive_idle));
      return refuse(Why::wrong_ack, again ? row(h.state, Trigger::timer_rto) : due_rule(h));
    }
    if (const auto why = timestamps(h)) return refuse(*why, nullptr);
    const SeqNum edge = s_.ack + (std::uint32_t{s_.window} << h.own_shift);
    const bool wider = after(edge, h.rcv_edge);
    if (wider) h.rcv_edge = edge;
    h.edge_slack = 0;
    h.last_ack_sent = s_.ack;
    if (s_.length() > 0) return text(h);
    acknowledgment(h, wider);
  }

 private:
  void refuse(Why why, const Rule* rule) { out_.refusal = {why, rule, {}}; }
  void accept(Hypothesis& h) { out_.all.push_back(std::move(h)); }

  /// The row that something was due by, or else the last one.
  static const Rule* due_rule(const Hypothesis& h) { return h.due.empty() ? h.last_rule : h.due.back().rule; }
  const Rule* by_trigger(const Hypothesis& h) const {
    if (s_.flags.any(wire::kFin)) return h.send_rule != nullptr ? h.send_rule : h.last_rule;
    return due_rule(h);
  }

  [[nodiscard]] std::optional<Why> timestamps(const Hypothesis& h) const {
    if (!h.timestamps) return std::nullopt;
    const auto ts = s_.options.timestamps();
    if (!ts) return Why::no_timestamps;
    const SeqNum echo(ts->echo);
    const bool between =
        context_.peer_ts_first && !before(echo, *context_.peer_ts_first) && !after(echo, context_.peer_ts_last);
    if (!between && std::ranges::find(context_.peer_ts, ts->echo) == context_.peer_ts.end()) return Why::wrong_echo;
    if (context_.target_ts && before(SeqNum(ts->value), SeqNum(*context_.target_ts))) {
      return Why::timestamps_backwards;
    }
    return std::nullopt;
  }

  // --- no connection, resets, SYNs

  void without_connection(Hypothesis& h) {
    // What the connection had still sent may be seen after its end.
    const bool old = s_.length() == 0 && s_.flags.any(wire::kAck) && s_.seq == h.snd_nxt && s_.ack == h.rcv_nxt;
    if (old && settle_ack(h)) return accept(h);
    const Due* due = find(h, is_reset);
    const Rule* by = h.moved_by != nullptr ? h.moved_by : due != nullptr ? due->rule : h.last_rule;
    refuse(Why::segment_without_connection, by);
  }

  [[nodiscard]] bool reset_fits(const Hypothesis& h, const Due& due) const {
    const bool acks = s_.flags.any(wire::kAck);
    const bool for_ack = s_.seq == due.seq && !acks;
    const bool for_segment = s_.seq == SeqNum{0} && acks && s_.ack == due.ack;
    const bool now = s_.seq == h.snd_nxt && (!acks || s_.ack == h.rcv_nxt);
    switch (due.reply) {
      case Reply::rst_for_ack:
      case Reply::rst_for_ack_or_drop:
        return for_ack;
      case Reply::rst_for_segment:
        return for_segment;
      case Reply::rst_now:
        return now;
      case Reply::rst_for_ack_or_now:
        return s_.seq == due.seq || s_.seq == h.snd_nxt;
      default:
        return for_ack || for_segment || now;
    }
  }

  void reset(Hypothesis& h) {
    for (const bool optional : {false, true}) {  // what has to come, before what may
      for (std::size_t i = 0; i < h.due.size(); i++) {
        if (h.due[i].optional != optional || !is_reset(h.due[i].reply) || !reset_fits(h, h.due[i])) continue;
        h.due.erase(h.due.begin() + static_cast<std::ptrdiff_t>(i));
        return accept(h);
      }
    }
    if (const Due* due = find(h, is_reset)) return refuse(Why::wrong_rst, due->rule);
    refuse(why_no_reset(h), h.last_rule);
  }

  /// A reset that nothing allowed: an answer to the last segment, or the end of a timer.
  [[nodiscard]] Why why_no_reset(const Hypothesis& h) const {
    const bool answer = h.last_rule != nullptr && at_.earliest - h.touched < kPrompt;
    const bool synchronized_state = kSynchronized.contains(h.state);
    if (answer) {
      switch (h.last_rule->trigger) {
        case Trigger::rst_exact:
        case Trigger::rst_in_window:
        case Trigger::rst_outside:
          return Why::rst_to_rst;
        case Trigger::keepalive_probe:
        case Trigger::out_of_window:
        case Trigger::old_ack:
        case Trigger::too_old_ack:
        case Trigger::future_ack:
        case Trigger::paws_fail:
          return synchronized_state ? Why::rst_to_unacceptable : Why::unasked_rst;
        default:
          return Why::unasked_rst;
      }
    }
    if (keepalive_applies(h) && h.keepalive.unanswered > 0) {
      return h.keepalive.unanswered == 1 ? Why::gave_up_after_one_probe : Why::gave_up_probing;
    }
    if (keepalive_applies(h) && h.keepalive.answered) return Why::gave_up_although_answered;
    if (h.state == State::close_wait) return Why::rst_in_close_wait;
    if (h.state == State::fin_wait_2) return Why::rst_in_fin_wait_2;
    if (h.state == State::time_wait || (h.moved_by != nullptr && h.moved_by->trigger == Trigger::timer_two_msl)) {
      return Why::rst_in_time_wait;
    }
    return Why::rst_unprovoked;
  }

  void syn(Hypothesis& h) {
    const bool with_ack = s_.flags.any(wire::kAck);
    const State wanted = with_ack ? State::syn_received : State::syn_sent;
    // After a CLOSE in SYN-RECEIVED it is in FIN-WAIT-1, and its SYN may still have to come again.
    const bool unacknowledged = with_ack && h.exists() && h.iss_known && h.snd_una == h.iss;
    if (h.state != wanted && !unacknowledged)
      return refuse(Why::unasked_syn, h.exists() || h.moved_by == nullptr ? h.last_rule : h.moved_by);
    const bool again = h.iss_known && s_.seq == h.iss && h.own_offer.seen;
    const Due* due = find(h, is_syn);
    if (with_ack && (before(s_.ack, h.irs + 1) || after(s_.ack, h.rcv_nxt))) {
      return refuse(Why::wrong_syn, due != nullptr ? due->rule : h.last_rule);
    }
    if (h.iss_known && s_.seq != h.iss) return refuse(Why::wrong_syn, h.last_rule);
    if (!h.iss_known && h.old && before(s_.seq, h.old->snd_nxt)) return refuse(Why::iss_not_above, due_rule(h));
    if (again && due == nullptr && !time_to_resend(h)) return;
    if (again && due != nullptr) h.resending.since.latest = at_.latest;  // some restart their timer with it
    std::erase_if(h.due, [](const Due& one) { return is_syn(one.reply); });
    h.send_by.reset();
    h.own_offer = offer_of(s_);
    if (with_ack) h.last_ack_sent = s_.ack;
    if (!h.iss_known) {
      h.iss_known = true;
      h.iss = h.snd_una = s_.seq;
      h.snd_nxt = s_.seq + 1;
      h.snd_edge = h.snd_nxt + h.snd_wnd;
      h.syn_at = at_;
      h.resending = {};
      h.resending.on = true;
      h.resending.since = at_;
      h.resending.first = at_.latest;
    }
    if (with_ack) {
      agree(h);
      h.rcv_edge = s_.ack + s_.window;
    }
    accept(h);
  }

  // --- acknowledgments and probes

  void acknowledgment(Hypothesis& h, bool wider) {
    if (s_.seq == h.snd_nxt) {
      if (settle_ack(h) || wider) return accept(h);
      if (probe_is_due(h)) return refuse(Why::probe_numbers, row(h.state, Trigger::timer_keepalive_idle));
      return refuse(Why::unasked_ack, h.last_rule);
    }
    const bool ack_is_due = find(h, is_cumulative) != nullptr || find(h, is_single) != nullptr;
    if (s_.seq + 1 == h.snd_una && h.resending.on && h.resending.closed_window) return window_probe(h);
    if (s_.seq + 1 == h.snd_nxt && !ack_is_due) return probe(h);
    if (s_.seq == h.snd_una + h.snd_wnd && before(s_.seq, h.snd_nxt)) return refuse(Why::wrong_seq_edge, due_rule(h));
    refuse(find(h, is_single) != nullptr ? Why::wrong_seq_now : Why::wrong_seq, due_rule(h));
  }

  void window_probe(Hypothesis& h) {
    if (!time_to_resend(h)) return;
    settle_ack(h);
    accept(h);
  }

  [[nodiscard]] bool probe_is_due(const Hypothesis& h) const {
    return keepalive_applies(h) && h.idle() &&
           at_.earliest >= h.keepalive.since.latest + probe_window(context_, h).earliest;
  }

  // RFC 9293 3.8.4.
  void probe(Hypothesis& h) {
    const Rule* rule = row(h.state, Trigger::timer_keepalive_idle);
    Keepalive& k = h.keepalive;
    if (h.fin_sent && !h.idle() && s_.payload.empty() && s_.seq + 1 == h.snd_nxt && !k.on) {
      return refuse(Why::retransmitted_without_fin, row(h.state, Trigger::timer_rto));
    }
    if (!k.on && !s_.payload.empty() && same_text(h)) return refuse(Why::retransmitted_after_ack, acked_by(h));
    if (!k.on) return refuse(k.was_on ? Why::probe_after_off : Why::probe_not_asked_for, rule);
    if (!h.idle()) {
      return refuse(kFinOutstanding.contains(h.state) ? Why::probe_while_fin : Why::probe_while_outstanding, rule);
    }
    if (!keepalive_applies(h)) return refuse(Why::probe_in_wrong_state, rule);
    if (s_.payload.size() > 1) return refuse(Why::probe_too_long, rule);
    const TimerBounds window = probe_window(context_, h);
    if (k.unanswered >= k.count && h.user_timeout == Duration{0}) return refuse(Why::probe_too_many, rule);
    if (at_.latest < k.since.earliest + window.earliest) {
      const Why why = k.unanswered > 0 ? Why::next_probe_early
                      : k.answered     ? Why::probe_early_after_answer
                                       : Why::probe_early;
      return refuse(why, rule);
    }
    k.answered = false;
    k.unanswered++;
    k.since = at_;
    k.was_busy = false;
    h.last_rule = row(h.state, k.unanswered > 1 ? Trigger::timer_keepalive_interval : Trigger::timer_keepalive_idle);
    accept(h);
  }

  // --- text and FIN

  void text(Hypothesis& h) {
    const bool fin = s_.flags.any(wire::kFin);
    const SeqNum text_end = s_.seq + static_cast<std::uint32_t>(s_.payload.size());
    if (s_.seq + 1 == h.snd_nxt && s_.payload.size() == 1 && !fin && h.idle()) return probe(h);
    if (after(s_.seq, h.snd_nxt)) return refuse(Why::gap, fin ? fin_rule(h) : due_rule(h));
    if (fin && h.fin_sent && text_end != h.written_end()) return refuse(Why::second_fin, fin_rule(h));
    if (fin && !h.fin_wanted) return refuse(Why::unasked_fin, h.last_rule);
    if (after(text_end, h.written_end())) return refuse(Why::text_unwritten, due_rule(h));
    if (fin && text_end != h.written_end()) return refuse(Why::fin_before_text, h.send_rule);
    const bool again = before(s_.seq, h.snd_nxt);
    if (again && before(s_.seq, h.snd_una)) return refuse(Why::retransmitted_after_ack, acked_by(h));
    if (!same_text(h)) return refuse(Why::text_differs, h.send_rule);
    const bool probes_window = h.resending.closed_window && s_.payload.size() <= 1;
    if (after(text_end, h.snd_edge) && !probes_window) return refuse(Why::text_beyond_window, h.last_rule);
    if (again && fin && h.fin_sent && s_.payload.empty()) {
      // BSD acknowledges with the FIN itself: it is sent again, and no timer has run out.
      Hypothesis riding = h;
      if (settle_ack(riding)) {
        riding.resending.since.latest = at_.latest;
        accept(riding);
      }
    }
    const auto& recover = h.resending.recover;
    if (again && recover && after(s_.seq, h.resending.resent) && before(s_.seq, *recover)) {
      // After the first of a flight the rest follows as ACKs or the congestion window let it (RFC 5681 3.1, RFC 6582).
      Hypothesis following = h;
      following.resending.resent = s_.seq;
      following.resending.since.latest = at_.latest;
      settle_ack(following);
      sent_up_to(following, text_end + (fin ? 1 : 0), fin);
      accept(following);
    }
    if ((again || (probes_window && h.snd_wnd == 0)) && !time_to_resend(h)) return;
    settle_ack(h);
    sent_up_to(h, text_end + (fin ? 1 : 0), fin);
    accept(h);
  }

  /// What had acknowledged the FIN or the text that comes again.
  [[nodiscard]] const Rule* acked_by(const Hypothesis& h) const {
    return s_.flags.any(wire::kFin) && h.moved_by != nullptr ? h.moved_by : h.last_rule;
  }

  /// A FIN with a wrong number: a second one at a CLOSE, or a wrong retransmission.
  [[nodiscard]] const Rule* fin_rule(const Hypothesis& h) const {
    const bool soon = at_.earliest - h.touched < context_.profile.rto_min / 2;
    const bool by_close = soon && h.last_rule != nullptr && h.last_rule->trigger == Trigger::close;
    return by_close ? h.last_rule : row(h.state, Trigger::timer_rto);
  }

  [[nodiscard]] bool same_text(const Hypothesis& h) const {
    const auto place = static_cast<std::ptrdiff_t>(s_.seq - (h.iss + 1));
    const auto from = place + static_cast<std::ptrdiff_t>(h.written_before);
    const auto size = static_cast<std::ptrdiff_t>(s_.payload.size());
    if (place < 0 || from + size > static_cast<std::ptrdiff_t>(context_.written.size())) return size == 0;
    return std::equal(s_.payload.begin(), s_.payload.end(), context_.written.begin() + from);
  }

  void sent_up_to(Hypothesis& h, SeqNum end, bool fin) {
    const bool was_idle = h.idle();
    if (after(end, h.snd_nxt)) h.snd_nxt = end;
    h.fin_sent = h.fin_sent || fin;
    // What probes a closed window goes on backing off.
    if (was_idle && !h.idle() && !(h.resending.on && h.resending.closed_window)) {
      const Duration backed_off = h.resending.backed_off;
      h.resending = {};
      h.resending.on = true;
      h.resending.since = at_;
      h.resending.first = at_.latest;
      h.resending.backed_off = backed_off;
    }
    if (h.keepalive.on) h.keepalive.was_busy = true;
    expect_output(context_, h, at_, h.send_rule);
  }

  /// Takes this segment for a retransmission or a window probe. False, and refused, when it is not time for one.
  bool time_to_resend(Hypothesis& h) {
    Resending& again = h.resending;
    const Rule* rule = row(h.state, Trigger::timer_rto);
    if (!again.on) return refuse(Why::retransmitted_after_ack, acked_by(h)), false;
    const Duration least = at_.latest - again.since.earliest;
    const Duration passed_since = at_.latest - again.since.latest;
    const TimerBounds window = resend_window(context_, h);
    if (least < window.earliest) {
      constexpr int kFast = 3;  // RFC 5681 3.2
      const bool fast = h.duplicate_acks >= kFast || (h.sack && h.duplicate_acks > 0);
      const bool tail = h.sack && context_.profile.tail_loss_probe && !again.tail_probed && again.count == 0;
      if (fast || tail) {
        again.tail_probed = again.tail_probed || !fast;
        if (fast) h.duplicate_acks = 0;
        again.since = at_;
        resent(h);
        return true;
      }
      const bool only_fin = h.fin_sent && h.snd_una + 1 == h.snd_nxt;
      const Why doubled = only_fin ? Why::no_back_off : Why::no_back_off_text;
      const Why early = unsampled(h) ? Why::syn_retransmitted_early : Why::retransmitted_early;
      return refuse(again.count > 0 ? doubled : early, rule), false;
    }
    again.last = again.reverted > Duration{0} ? std::min(passed_since, again.reverted) : passed_since;
    again.reverted = Duration{0};
    again.last_most = least;
    again.count++;
    again.since = at_;
    resent(h);
    return true;
  }

  void resent(Hypothesis& h) const {
    h.resending.resent = s_.seq;
    h.resending.recover = h.snd_nxt;
  }

  const Context& context_;
  const Segment& s_;
  Instant at_;
  Successors& out_;
};

}  // namespace

void emitted(const Context& context, Hypothesis&& h, const Segment& segment, Instant at, Successors& out) {
  Emission(context, segment, at, out).explain(h);  // which uses it up
}

}  // namespace finwait::model
