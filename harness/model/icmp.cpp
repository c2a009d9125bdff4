// An ICMP error arrives (RFC 9293 3.9.2.2, RFC 5927, RFC 6069).
#include "harness/model/hypothesis.hpp"

namespace finwait::model {

using wire::before;

void icmp_arrives(const Context& context, Hypothesis h, const IcmpError& what, Instant at, Successors& out) {
  using wire::IcmpError;
  const wire::IcmpError error = what.error;
  // About a segment that is not on its way it may be forged (RFC 5927 4.1).
  const bool in_flight = context.bent.icmp_of_anything || !what.quoted ||
                         (h.iss_known && !before(*what.quoted, h.snd_una) && before(*what.quoted, h.snd_nxt));
  // Some check no more than that it is not far away; then the application may be told, and that is all.
  h.soft_error = h.soft_error || in_flight || (h.iss_known && *what.quoted == h.snd_nxt);
  if (!in_flight) return out.all.push_back(std::move(h));
  Trigger trigger = Trigger::icmp_soft;
  if (error == IcmpError::source_quench) trigger = Trigger::icmp_source_quench;
  if (error == IcmpError::protocol_unreachable || error == IcmpError::port_unreachable) trigger = Trigger::icmp_hard;
  bool any = false;
  // RFC 6069: an unreachable host or network is no congestion; a retransmission timer may forget one doubling for it.
  if (trigger == Trigger::icmp_soft && h.resending.count > 0) {
    h.resending.reverted = h.resending.last;
    h.resending.last /= 2;
  }
  for (const Rule* rule : rules_for(h.state, trigger)) {
    const auto choices = rule->standing == Standing::deviation ? std::nullopt : applies(*rule, h, nullptr, at);
    if (!choices) continue;
    Hypothesis next = h;
    next.choices = *choices;
    next.last_rule = rule;
    if (rule->next == State::closed) {
      next.moved_by = rule;
      delete_connection(next, End::unreachable);
    }
    out.all.push_back(std::move(next));
    any = true;
  }
  if (!any) out.all.push_back(std::move(h));
}

}  // namespace finwait::model
