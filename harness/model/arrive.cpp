// A segment of the peer arrives: the rows of the model for it, and what each does to the numbers (RFC 9293 3.10.7).
#include <algorithm>
#include <array>

#include "harness/model/hypothesis.hpp"
#include "harness/model/stamps.hpp"

namespace finwait::model {

namespace {

using wire::after;
using wire::before;
using wire::in_window;

bool is_ack(Reply reply) {
  return reply == Reply::ack_now || reply == Reply::maybe_ack_now || reply == Reply::challenge ||
         reply == Reply::ack_soon || reply == Reply::ack_at_once;
}

/// How far a segment of this class gets through the checks.
enum class Reach : std::uint8_t { dropped, ack_maybe, everything };
Reach reach(const Hypothesis& h, Trigger trigger) {
  if (!h.exists() || h.state == State::syn_sent) return Reach::dropped;
  switch (trigger) {
    case Trigger::data:
    case Trigger::data_ack_fin:
    case Trigger::out_of_order:
    case Trigger::fin:
    case Trigger::fin_ack_fin:
    case Trigger::data_fin:
    case Trigger::fin_out_of_order:
    case Trigger::phantom_fin:
    case Trigger::ack_fin:
    case Trigger::old_ack:
    case Trigger::new_ack:
    case Trigger::fin_edge:
      return Reach::everything;
    case Trigger::out_of_window:
    case Trigger::dup_fin:
    case Trigger::keepalive_probe:
      return Reach::ack_maybe;
    default:
      return Reach::dropped;
  }
}

bool receives_text(Trigger trigger) {
  switch (trigger) {
    case Trigger::data:
    case Trigger::data_ack_fin:
    case Trigger::out_of_order:
    case Trigger::fin:
    case Trigger::fin_ack_fin:
    case Trigger::data_fin:
    case Trigger::fin_out_of_order:
    case Trigger::fin_edge:
      return true;
    default:
      return false;
  }
}

void hear(Hypothesis& h, Instant at, bool surely) {
  Keepalive& k = h.keepalive;
  if (k.deaf && !surely) return;
  if (surely) {
    k.since = at;
  } else {
    k.since.latest = at.latest;  // stacks differ in whether a segment they drop counts as life
  }
  k.heard = k.since;
  if (k.unanswered > 0) k.answered = true;
  k.unanswered = 0;
}

End end_by(Trigger trigger, const Hypothesis& h) {
  switch (trigger) {
    case Trigger::rst_exact:
    case Trigger::rst_in_window:
    case Trigger::rst_paws_fail:
      return h.state == State::syn_sent || h.state == State::syn_received ? End::refused : End::reset;
    case Trigger::syn_in_window:
    case Trigger::syn_ack:
      return End::reset;
    case Trigger::data:
    case Trigger::data_fin:
      return h.state == State::last_ack ? End::finished : End::aborted;
    default:
      return End::finished;
  }
}

// A SYN for a listener, or for a TIME-WAIT that gives way (RFC 9293 3.10.7.2, MAY-2).
void open_passively(Hypothesis& h, const Segment& s, Instant at, const Rule* rule) {
  Hypothesis fresh;
  fresh.listens = h.listens;
  fresh.choices = h.choices;
  fresh.keepalive = h.keepalive;
  fresh.keepalive.on = h.choices.contains(Choice::keepalive_on) && !h.choices.contains(Choice::keepalive_off);
  fresh.keepalive.unanswered = 0;
  if (h.state == State::time_wait) fresh.old = std::make_shared<const Hypothesis>(h);
  fresh.inputs = h.inputs;
  fresh.others_socket = h.others_socket || h.end != End::none || h.state == State::time_wait;
  fresh.due = std::move(h.due);
  fresh.state = State::syn_received;
  fresh.irs = s.seq;
  fresh.rcv_nxt = s.seq + 1;
  fresh.rcv_edge = fresh.rcv_nxt;
  fresh.peer_offer = offer_of(s);
  take_stamp(fresh, s, at);
  fresh.snd_wnd = fresh.max_snd_wnd = s.window;
  fresh.snd_wl1 = s.seq;
  fresh.keepalive.since = at;
  fresh.last_rule = fresh.moved_by = rule;
  h = std::move(fresh);
}

// In SYN-SENT (RFC 9293 3.10.7.3).
void take_syn(Hypothesis& h, const Segment& s, Instant at) {
  h.irs = s.seq;
  h.rcv_nxt = s.seq + 1;
  h.rcv_edge = h.rcv_nxt + h.own_offer.window;  // our SYN has told it
  h.peer_offer = offer_of(s);
  take_stamp(h, s, at);
  agree(h);
  h.snd_wnd = h.max_snd_wnd = s.window;
  h.snd_wl1 = s.seq;
  h.snd_wl2 = s.ack;
  if (!s.flags.any(wire::kAck)) return;
  h.snd_una = s.ack;
  h.snd_edge = s.ack + s.window;
  h.resending = {};
  h.keepalive.since = at;
}

// "If there are other controls or text in the segment, then continue processing at the sixth step" (3.10.7.3): some do,
// others drop what a SYN,ACK brings along.
void text_with_syn(const Context& context, const Hypothesis& h, const Segment& s, Instant at, const Rule& rule,
                   Successors& out) {
  if (rule.next != State::established) return;
  Hypothesis open = h;
  take_ack(open, s, at);
  enter(open, State::established, at, &rule);
  Segment rest = s;
  rest.flags = s.flags & ~wire::kSyn;
  rest.seq = s.seq + 1;
  rest.options = {};
  open.last_rule = &rule;
  owe(context, open, rule.reply, &s, at, &rule);
  Hypothesis plain = open;
  plain.timestamps = false;  // the option was looked at with the SYN
  const std::size_t first = out.all.size();
  arrive(context, std::move(plain), rest, at, out);
  for (std::size_t i = first; i < out.all.size(); i++) out.all[i].timestamps = open.timestamps;
}

void follow(const Context& context, Hypothesis&& h, const Segment& s, Instant at, Trigger trigger, const Rule& rule,
            bool optional, std::uint32_t slack, bool ack_counts, Successors& out) {
  h.last_rule = &rule;
  const State before_it = h.state;
  if (rule.reply == Reply::syn_ack || rule.reply == Reply::syn_ack_new) {
    if (h.state == State::syn_sent) {
      take_syn(h, s, at);
      enter(h, State::syn_received, at, &rule);
    } else {
      open_passively(h, s, at, &rule);
      h.written_before = context.written.size();
      h.text_from = static_cast<std::uint32_t>(h.irs - context.peer_iss.value_or(h.irs));
    }
    owe(context, h, rule.reply, &s, at, &rule);
    out.all.push_back(std::move(h));
    return;
  }
  if (trigger == Trigger::syn_old_duplicate && rule.next == State::time_wait && h.old) {
    Hypothesis back = *h.old;
    back.inputs = h.inputs;
    back.last_rule = &rule;
    out.all.push_back(std::move(back));
    return;
  }
  if (h.state == State::syn_sent && trigger == Trigger::syn_ack) {
    take_syn(h, s, at);
    if (s.length() > 1) text_with_syn(context, h, s, at, rule, out);
  }
  const Reach how_far = reach(h, trigger);
  if ((how_far == Reach::everything || ack_counts) && moves_ts_recent(h, s)) take_stamp(h, s, at);
  if (ack_counts) take_ack(h, s, at);
  // A SYN,ACK that completes a simultaneous open (RFC 9293 3.5, figure 7). Its window is not scaled.
  if (before_it == State::syn_received && trigger == Trigger::syn_ack && rule.next == State::established) {
    h.snd_una = s.ack;
    h.snd_wnd = s.window;
    h.snd_edge = s.ack + s.window;
    h.snd_wl1 = s.seq;
    h.snd_wl2 = s.ack;
  }
  h.urgent = h.urgent || (s.flags.any(wire::kUrg) && how_far == Reach::everything);
  // Text after the peer's FIN is ignored, whatever else it carries.
  if (h.exists()) hear(h, at, how_far == Reach::everything && !(h.peer_fin && s.length() > 0));
  if (receives_text(trigger) && !h.peer_fin && h.state != State::syn_sent) take_text(h, s, trigger, rule, slack);
  if (rule.reply == Reply::ack_beyond_fin) {
    h.rcv_nxt += 1;
    h.irs += 1;  // it is no text, all the same
  }
  if (rule.two_msl != Restart::no && h.state == State::time_wait) {
    h.time_wait_last = at;
    if (rule.two_msl == Restart::must) h.time_wait_first = at;
  }
  if (rule.next == State::closed || rule.next == State::listen) {
    if (before_it != State::closed && before_it != State::listen) {
      const End end = end_by(trigger, h);
      h.moved_by = &rule;
      delete_connection(h, end);
    }
  } else if (rule.next) {
    enter(h, *rule.next, at, &rule);
  }
  if (before_it == State::syn_received && h.state == State::fin_wait_1 && !s.payload.empty()) {
    text_for_nobody(context, h, s, at, out);
  }
  owe(context, h, rule.reply, &s, at, &rule);
  if (optional) h.due.back().optional = true;
  if (h.exists() && std::ranges::any_of(h.held, [&](const Held& held) { return !after(held.from, h.rcv_nxt); })) {
    if (Hypothesis longer = h; split_contradiction(h, longer)) {
      take_held(context, longer, at);
      expect_output(context, longer, at, &rule);
      out.all.push_back(std::move(longer));
    }
    Hypothesis without = h;  // it should keep what comes above a gap, and need not (SHLD-31)
    without.held.clear();
    expect_output(context, without, at, &rule);
    out.all.push_back(std::move(without));
  }
  if (h.exists()) take_held(context, h, at);  // in the state that the segment itself has led to
  expect_output(context, h, at, &rule);
  out.all.push_back(std::move(h));
}

struct Branch {
  const Rule* rule;
  Choices choices;
  bool optional = false;
};

bool acks_fin(const Hypothesis& h, const Segment& s) {
  return kFinOutstanding.contains(h.state) && h.fin_sent && s.flags.any(wire::kAck) && s.ack == h.snd_nxt && !h.idle();
}

// Text above a gap whose ACK covers our FIN, and the like: the table has no row for both at once.
bool acks_fin_besides(const Hypothesis& h, const Segment& s, Trigger trigger) {
  if (!acks_fin(h, s)) return false;
  switch (trigger) {
    case Trigger::out_of_order:
    case Trigger::fin_out_of_order:
    case Trigger::phantom_fin:
    case Trigger::fin_edge:
      return true;
    case Trigger::data_ack_fin:
    case Trigger::data:
      return rules_for(h.state, trigger).empty();
    default:
      return false;
  }
}

// Its ACK counts first (step 5), and the rest is judged in the state that leads to. False when there is no rest.
bool take_fin_ack(Hypothesis& h, const Segment& s, Instant at) {
  for (const Rule* rule : rules_for(h.state, Trigger::ack_fin)) {
    if (!rule->next) continue;
    take_ack(h, s, at);
    h.last_rule = rule;
    if (rule->next == State::closed) {
      h.moved_by = rule;
      delete_connection(h, End::finished);
      return false;
    }
    enter(h, *rule->next, at, rule);
    return true;
  }
  return true;
}

void apply_rows(const Context& context, Hypothesis&& h, const Segment& s, Instant at, const Ignored& ignored,
                std::uint32_t slack, Successors& out, int depth, bool unheard = false);

// A SYN can open a new connection from TIME-WAIT only where somebody listens; elsewhere no stack has a choice.
void as_if_nobody_reuses(const Context& context, Hypothesis&& h, const Segment& s, Instant at, const Ignored& ignored,
                         std::uint32_t slack, Successors& out, int depth) {
  const Choices own = h.choices;
  const Choices others = Choices::all().narrowed(Choices{Choice::tw_no_reuse}).value_or(own);
  h.choices = (own | Choices{Choice::tw_no_reuse}) & others;
  const std::size_t first = out.all.size();
  apply_rows(context, std::move(h), s, at, ignored, slack, out, depth, true);
  for (std::size_t i = first; i < out.all.size(); i++) out.all[i].choices = own;
}

// The row says: as if the stack did not make this check.
void judge_on(const Context& context, Hypothesis&& h, const Segment& s, Instant at, Trigger trigger, Ignored ignored,
              std::uint32_t slack, Successors& out, int depth) {
  if (depth > 3) return;
  ignored.ack_range = ignored.ack_range || trigger == Trigger::too_old_ack;
  ignored.rst_range = ignored.rst_range || trigger == Trigger::rst_in_window;
  const bool timestamps = h.timestamps;
  const std::uint32_t ts_recent = h.ts_recent;
  if (trigger == Trigger::rst_paws_fail) h.ts_recent = 0, h.timestamps = false;
  const std::size_t first = out.all.size();
  const bool is_ts = trigger == Trigger::paws_fail || trigger == Trigger::missing_ts || s.flags.any(wire::kSyn);
  ignored.timestamps = ignored.timestamps || is_ts;
  apply_rows(context, std::move(h), s, at, ignored, slack, out, depth + 1);
  if (trigger != Trigger::rst_paws_fail) return;
  for (std::size_t i = first; i < out.all.size(); i++) {
    if (!out.all[i].exists()) continue;
    out.all[i].timestamps = timestamps;
    out.all[i].ts_recent = ts_recent;
  }
}

// Of the branches that differ only in whether an ACK comes, one is enough: the ACK may come.
void merge_silence(std::vector<Branch>& branches) {
  for (std::size_t i = 0; i < branches.size();) {
    const Branch silent = branches[i];
    const auto same = [&](const Branch& other) {
      return other.rule != silent.rule && is_ack(other.rule->reply) && other.rule->next == silent.rule->next &&
             other.choices == silent.choices && other.rule->two_msl == silent.rule->two_msl;
    };
    const auto acked = silent.rule->reply == Reply::none ? std::ranges::find_if(branches, same) : branches.end();
    if (acked == branches.end()) {
      i++;
      continue;
    }
    acked->optional = true;
    branches.erase(branches.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

void apply_rows(const Context& context, Hypothesis&& h, const Segment& s, Instant at, const Ignored& ignored,
                std::uint32_t slack, Successors& out, int depth, bool unheard) {
  const Trigger trigger = classify(h, s, ignored, slack);
  if (acks_fin_besides(h, s, trigger)) {
    Hypothesis next = std::move(h);
    if (take_fin_ack(next, s, at))
      return apply_rows(context, std::move(next), s, at, ignored, slack, out, depth + 1, unheard);
    return out.all.push_back(std::move(next));
  }
  if (trigger == Trigger::out_of_window && acks_fin(h, s) && h.window() == 0 && s.seq == h.rcv_nxt) {
    // "Special allowance should be made to accept valid ACKs" at a closed window: it may count all the same.
    Hypothesis counted = h;
    if (take_fin_ack(counted, s, at)) hear(counted, at, true);
    owe(context, counted, Reply::maybe_ack_now, &s, at, counted.last_rule);
    out.all.push_back(std::move(counted));
  }
  if (h.state == State::time_wait && !h.listens && s.flags.any(wire::kSyn) && !unheard) {
    return as_if_nobody_reuses(context, std::move(h), s, at, ignored, slack, out, depth);
  }
  std::vector<Branch> branches;
  for (const Rule* rule : rules_for(h.state, trigger)) {
    const bool deviates = rule->standing == Standing::deviation && !context.bent.every_row;
    if (deviates || rule->reply == Reply::not_applicable) continue;
    if (const auto choices = applies(*rule, h, &s, at)) branches.push_back({rule, *choices});
  }
  merge_silence(branches);
  if (branches.empty()) {
    // Not in the table. In SYN-RECEIVED the ACK counts first and the rest is judged in ESTABLISHED.
    Hypothesis next = std::move(h);
    if (next.state == State::syn_received && depth == 0) {
      take_ack(next, s, at);
      enter(next, State::established, at, next.last_rule);
      Ignored accepted = ignored;
      accepted.timestamps = true;  // or it would not have come so far
      return apply_rows(context, std::move(next), s, at, accepted, slack, out, depth + 1);
    }
    hear(next, at, false);
    out.all.push_back(std::move(next));
    return;
  }
  const Reach how_far = reach(h, trigger);
  const bool other_window = tells_window(h, s) && std::uint32_t{s.window} << h.peer_shift != h.snd_wnd;
  const bool fresh_ack = s.flags.any(wire::kAck) && !after(s.ack, h.snd_nxt) &&
                         (other_window || moves_ts_recent(h, s) || after(s.ack, h.snd_una));
  const bool acks_all_and_fin = h.fin_sent && s.ack == h.snd_nxt;
  const auto take = [&](const Branch& branch, Hypothesis&& next) {
    next.choices = branch.choices;
    if (branch.rule->reply == Reply::as_other) {
      return judge_on(context, std::move(next), s, at, trigger, ignored, slack, out, depth);
    }
    const bool by_row = branch.rule->next.has_value() && how_far == Reach::ack_maybe;
    if (how_far == Reach::ack_maybe && fresh_ack && !by_row && !acks_all_and_fin) {
      // A dropped segment's ACK of text, its window, its timestamp: stacks differ in whether they count.
      Hypothesis counted = next;
      follow(context, std::move(counted), s, at, trigger, *branch.rule, branch.optional, slack, true, out);
    }
    const bool counts = how_far == Reach::everything || by_row;
    follow(context, std::move(next), s, at, trigger, *branch.rule, branch.optional, slack, counts, out);
  };
  for (std::size_t i = 0; i + 1 < branches.size(); i++) take(branches[i], Hypothesis(h));
  take(branches.back(), std::move(h));
}

// It is refused by those alone who refuse an ACK from below the first octet that was ever sent.
bool acks_unsent(const Hypothesis& h, const Segment& s) {
  if (!kSynchronized.contains(h.state) || !s.flags.has(wire::kAck) || after(s.ack, h.iss)) return false;
  Hypothesis strict = h, lenient = h;
  strict.choices = h.choices.with(Choice::sent_ack);
  lenient.choices = h.choices.with(Choice::rfc5961_ack);
  return classify(strict, s) == Trigger::too_old_ack && classify(lenient, s) != Trigger::too_old_ack;
}

// Who refuses that must be known from here on. Linux, which does, counts octets as they are acknowledged: the SYN among
// them when it has opened actively.
void judge_unsent_ack(const Context& context, Hypothesis&& h, const Segment& s, Instant at, Successors& out) {
  const Choices range = h.choices & Choices::of(Axis::ack_range);
  const Choices only_sent{Choice::sent_ack};
  if (range != only_sent || (h.active && s.ack == h.iss)) {
    Hypothesis taken = h;
    Ignored ignored;
    ignored.ack_range = true;
    if (!h.active || s.ack != h.iss) {
      taken.choices = *h.choices.narrowed(Choices{Choice::any_old_ack, Choice::rfc5961_ack});
    }
    apply_rows(context, std::move(taken), s, at, ignored, 0, out, 0);
  }
  if (!range.contains(Choice::sent_ack)) return;
  h.choices = h.choices.with(Choice::sent_ack);
  apply_rows(context, std::move(h), s, at, {}, 0, out, 0);
}

// Text that begins inside the window and ends beyond it.
bool over_edge(const Hypothesis& h, const Segment& s) {
  const auto octets = static_cast<std::uint32_t>(s.payload.size());
  return kSynchronized.contains(h.state) && !s.flags.any(wire::kRst | wire::kSyn) &&
         in_window(s.seq, h.rcv_nxt, h.window()) && after(s.seq + octets, h.rcv_edge);
}

}  // namespace

void arrive(const Context& context, Hypothesis h, const Segment& s, Instant at, Successors& out) {
  if (!bend_stamps(context.bent, h, s)) return out.all.push_back(std::move(h));
  if (context.bent.over_edge_dropped && over_edge(h, s)) {
    for (const Rule* rule : rules_for(h.state, Trigger::out_of_window)) {
      owe(context, h, rule->reply, &s, at, rule);
      return out.all.push_back(std::move(h));
    }
  }
  if (context.bent.over_edge_taken && over_edge(h, s)) {
    const auto beyond = static_cast<std::uint32_t>(s.seq + s.length() - h.rcv_edge);
    return apply_rows(context, std::move(h), s, at, {}, beyond, out, 0);
  }
  // A segment that is dropped may or may not answer keepalive probes.
  if (h.keepalive.on && h.keepalive.unanswered > 0 && !h.keepalive.deaf) {
    Hypothesis deaf = h;
    deaf.keepalive.deaf = true;
    const std::size_t first = out.all.size();
    arrive(context, std::move(deaf), s, at, out);
    for (std::size_t i = first; i < out.all.size(); i++) out.all[i].keepalive.deaf = false;
  }
  // At a closed window a reset with text is not acceptable, and a reset at RCV.NXT all the same (RFC 9293 MUST-66).
  if (s.flags.any(wire::kRst) && !s.payload.empty() && h.exists() && h.iss_known && h.window() == 0) {
    out.all.push_back(h);
  }
  // How far the window has moved since it was last told is the target's secret: where it matters, both are possible.
  if (h.edge_slack > 0 && h.exists() && classify(h, s) != classify(h, s, {}, h.edge_slack)) {
    Hypothesis wider = h;
    const std::uint32_t slack = h.edge_slack;
    apply_rows(context, std::move(wider), s, at, {}, slack, out, 0);
  }
  const auto ts = s.options.timestamps();
  if (may_have_no_ts_recent(h, s, at)) {
    Hypothesis next = h;
    next.ts_recent = ts->value;
    apply_rows(context, std::move(next), s, at, {}, 0, out, 0);
  }
  // Whether timestamps are already looked at in SYN-RECEIVED is not said: such a segment may be dropped there.
  const bool stale = !ts || before(SeqNum(ts->value), SeqNum(h.ts_recent));
  if (h.state == State::syn_received && h.timestamps && stale && !s.flags.any(wire::kRst | wire::kSyn)) {
    Hypothesis next = h;
    owe(context, next, Reply::maybe_ack_now, &s, at, h.last_rule);
    out.all.push_back(std::move(next));
  }
  // After SHUT_RD nothing says what later text does (POSIX has it unspecified): it may also reset.
  if (h.read_shut && !s.payload.empty() && kReceiving.contains(h.state)) {
    Hypothesis next = h;
    delete_connection(next, End::aborted);
    owe(context, next, Reply::rst_any, &s, at, h.last_rule);
    out.all.push_back(std::move(next));
  }
  // Text at RCV.NXT whose SEQ is below that of the segment that told the window last: it is what the peer sent last,
  // and some stacks believe its window, against step 5 to the letter.
  if (kSynchronized.contains(h.state) && s.seq == h.rcv_nxt && s.length() > 0 && before(s.seq, h.snd_wl1) &&
      !s.flags.any(wire::kRst | wire::kSyn)) {
    Hypothesis next = h;
    next.snd_wl1 = s.seq;
    next.snd_wl2 = h.snd_una;
    const auto first = static_cast<std::ptrdiff_t>(out.all.size());
    apply_rows(context, std::move(next), s, at, {}, 0, out, 0);
    // Only where it counts.
    const auto dropped = [&](const Hypothesis& one) { return one.rcv_nxt == h.rcv_nxt; };
    out.all.erase(std::remove_if(out.all.begin() + first, out.all.end(), dropped), out.all.end());
  }
  if (acks_unsent(h, s)) return judge_unsent_ack(context, std::move(h), s, at, out);
  apply_rows(context, std::move(h), s, at, {}, 0, out, 0);
}

}  // namespace finwait::model
