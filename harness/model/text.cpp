// Text and FIN of a segment that got so far (RFC 9293 3.10.7.4, steps 7 and 8), and what was kept above a gap.
#include <algorithm>

#include "harness/model/hypothesis.hpp"

namespace finwait::model {

using wire::after;
using wire::before;

namespace {

// A FIN that was held above a gap counts once the gap is filled.
void take_fin(const Context& context, Hypothesis& h, Instant at) {
  h.peer_fin = true;
  h.rcv_nxt += 1;
  h.held.clear();
  for (const Rule* rule : rules_for(h.state, Trigger::fin)) {
    if (rule->standing == Standing::deviation) continue;
    owe(context, h, rule->reply, nullptr, at, rule);
    if (rule->next) enter(h, *rule->next, at, rule);
    return;
  }
}

}  // namespace

void take_held(const Context& context, Hypothesis& h, Instant at) {
  for (bool again = true; again;) {
    again = false;
    for (std::size_t i = 0; i < h.held.size() && !again; i++) {
      const Held one = h.held[i];
      if (after(one.from, h.rcv_nxt)) continue;
      h.held.erase(h.held.begin() + static_cast<std::ptrdiff_t>(i));
      again = true;
      if (after(one.to, h.rcv_nxt)) h.rcv_nxt = one.to;
      if (one.fin && one.to == h.rcv_nxt && !h.peer_fin) return take_fin(context, h, at);
    }
  }
}

bool split_contradiction(Hypothesis& h, Hypothesis& longer) {
  bool any = false;
  for (std::size_t i = 0; i < h.held.size(); i++) {
    const Held fin = h.held[i];
    const auto beyond = [&](const Held& other) { return after(other.to, fin.to); };
    if (!fin.fin || std::ranges::none_of(h.held, beyond)) continue;
    any = true;
    longer.held[i].fin = false;
  }
  for (const Held fin : std::vector<Held>(h.held)) {
    if (!fin.fin) continue;
    std::erase_if(h.held, [&](const Held& other) { return after(other.to, fin.to) && !before(other.from, fin.to); });
    for (Held& other : h.held) {
      if (after(other.to, fin.to)) other.to = fin.to, other.fin = false;
    }
  }
  return any;
}

void take_text(Hypothesis& h, const Segment& s, Trigger trigger, const Rule& rule, std::uint32_t slack) {
  const bool fin = s.flags.any(wire::kFin);
  const auto size = static_cast<std::uint32_t>(s.payload.size());
  const SeqNum edge = h.rcv_edge + slack;
  if (trigger == Trigger::out_of_order || trigger == Trigger::fin_out_of_order) {
    // What lies beyond the edge is cut off, the FIN with it.
    const SeqNum held_end = after(s.seq + size, edge) ? edge : s.seq + size;
    const bool whole = before(s.seq + size, edge);
    if (!h.peer_fin) h.held.push_back({s.seq, held_end, fin && whole});
    return;
  }
  const SeqNum end = after(s.seq + size, edge) && after(edge, h.rcv_nxt) ? edge : s.seq + size;
  if (after(end, h.rcv_nxt)) h.rcv_nxt = end;
  const bool edge_fin = trigger == Trigger::fin_edge && rule.reply != Reply::ack_at_once;
  if (fin && !edge_fin && s.seq + size == h.rcv_nxt) {
    h.peer_fin = true;
    h.rcv_nxt += 1;
    h.held.clear();
  }
}

void text_for_nobody(const Context& context, Hypothesis h, const Segment& s, Instant at, Successors& out) {
  for (const Rule* rule : rules_for(State::fin_wait_1, Trigger::data)) {
    if (rule->next != State::closed || rule->standing == Standing::deviation) continue;
    const auto choices = applies(*rule, h, &s, at);
    if (!choices) continue;
    h.choices = *choices;
    h.last_rule = h.moved_by = rule;
    delete_connection(h, End::aborted);
    owe(context, h, rule->reply, &s, at, rule);
    return out.all.push_back(std::move(h));
  }
}

}  // namespace finwait::model
