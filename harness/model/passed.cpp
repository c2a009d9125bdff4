// Time has passed: what was due and did not come, and timers that end a state (RFC 9293 3.10.8, 3.8.1, 3.8.4, 3.8.6.1).
#include <algorithm>

#include "harness/model/hypothesis.hpp"

namespace finwait::model {

using namespace std::chrono_literals;

namespace {

// RFC 6298 5.5 doubles the timer; timers round, so an interval may differ so much from twice the one before.
constexpr double kTolerance = 0.2;

const Rule* row(State state, Trigger trigger) {
  const auto& rows = rules_for(state, trigger);
  return rows.empty() ? nullptr : rows.front();
}

Duration scaled(Duration d, double factor) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double, std::nano>(d) * factor);
}

bool surely_after(Instant at, Instant since, Duration d) { return at.earliest > since.latest + d; }
bool maybe_after(Instant at, Instant since, Duration d) { return at.latest >= since.earliest + d; }

/// The connection is given up; a reset may tell the peer (A9).
void die(Hypothesis h, End end, const Rule* rule, Successors& out) {
  Due reset;
  reset.reply = Reply::rst_now;
  reset.optional = true;
  reset.latest = TimePoint::max();  // the same however often this is considered
  reset.rule = rule;
  reset.seq = h.snd_nxt;
  reset.ack = h.rcv_nxt;
  h.moved_by = h.last_rule = rule;
  delete_connection(h, end);
  h.due.assign(1, reset);
  out.all.push_back(std::move(h));
}

Duration give_up_after(const Context& context, const Hypothesis& h) {
  if (h.user_timeout > Duration{0}) return h.user_timeout;
  if (h.state == State::syn_sent) return context.profile.r2_syn;
  if (h.state == State::syn_received) return h.active ? context.profile.r2_syn / 2 : context.profile.r2_syn_ack;
  return context.profile.r2;
}

/// What did not come in time; false when that cannot be.
bool nothing_overdue(Hypothesis& h, Instant at, Successors& out) {
  for (std::size_t i = 0; i < h.due.size();) {
    const Due& due = h.due[i];
    if (at.earliest <= due.latest) {
      i++;
    } else if (due.optional) {
      h.due.erase(h.due.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      out.refusal = {Why::no_reply, due.rule, due.since.latest};
      return false;
    }
  }
  if (h.send_by && at.earliest > *h.send_by) {
    out.refusal = {Why::no_first, h.send_rule, {}};
    return false;
  }
  return true;
}

/// Retransmission and window probes. False when h cannot go on living.
bool resending_on_time(const Context& context, const Hypothesis& h, Instant at, Successors& out) {
  const Resending& again = h.resending;
  if (!again.on) return true;
  const TimerBounds window = resend_window(context, h);
  const Duration patience = give_up_after(context, h);
  const Rule* given_up = row(h.state, Trigger::timer_r2);
  if (surely_after(at, again.since, window.latest)) {
    if (again.since.latest + window.latest - again.first >= patience) {
      die(h, End::timed_out, given_up, out);
      return false;
    }
    const bool opening = h.state == State::syn_sent || h.state == State::syn_received;
    const bool before = again.count > 0;
    const bool answered = before && again.first >= again.since.earliest;
    const Why why = again.closed_window ? (answered ? Why::no_next_window_probe : Why::no_window_probe)
                    : opening           ? (before ? Why::gave_up_open_early : Why::no_syn_retransmission)
                                        : (before ? Why::gave_up_early : Why::no_retransmission);
    out.refusal = {why, row(h.state, Trigger::timer_rto), {}};
    return false;
  }
  // A user timeout ends it when it is over; R2 when the next retransmission would be due.
  const bool by_user = h.user_timeout > Duration{0};
  if (at.latest - again.first >= patience && (by_user || maybe_after(at, again.since, window.earliest))) {
    die(h, End::timed_out, given_up, out);
  }
  return true;
}

Why missing_probe(const Hypothesis& h) {
  if (h.state != State::established) return Why::no_probe_half_closed;
  return h.keepalive.unanswered > 0 ? Why::no_next_probe : Why::no_probe;
}

bool probing_on_time(const Context& context, Hypothesis& h, Instant at, Successors& out) {
  if (!keepalive_applies(h)) return true;
  Keepalive& k = h.keepalive;
  if (!h.idle() || h.unsent()) {
    k.was_busy = true;
    return true;
  }
  const TimerBounds window = probe_window(context, h);
  const bool by_time = h.user_timeout > Duration{0};  // tcp(7): it takes the place of the count
  const bool last = by_time ? k.unanswered > 0 : k.unanswered >= k.count;
  const bool may_die = (last && maybe_after(at, k.since, window.earliest)) || context.bent.probes_free;
  if (may_die) die(h, End::timed_out, row(h.state, Trigger::timer_keepalive_dead), out);
  if (!surely_after(at, k.since, window.latest)) return true;
  if (context.bent.probes_free) return true;
  if (!may_die) out.refusal = {missing_probe(h), row(h.state, Trigger::timer_keepalive_idle), {}};
  return false;
}

/// Timers that end a state in silence. False when h is over.
bool state_goes_on(const Context& context, const Hypothesis& h, Instant at, Successors& out) {
  if (h.state == State::time_wait) {
    const TimerBounds window = context.profile.bounds(context.profile.two_msl);
    const bool free = context.bent.two_msl_free;
    if (!free && !maybe_after(at, h.time_wait_first, window.earliest)) return true;
    Hypothesis over = h;
    over.moved_by = over.last_rule = row(State::time_wait, Trigger::timer_two_msl);
    delete_connection(over, End::finished);
    out.all.push_back(std::move(over));
    return free || !surely_after(at, h.time_wait_last, window.latest);
  }
  if (h.state == State::fin_wait_2 && context.bent.fin_wait_2_free) {
    die(h, End::finished, row(State::fin_wait_2, Trigger::timer_fin_wait_2), out);
    return true;
  }
  if (h.state == State::fin_wait_2 && h.orphan) {
    Duration limit = context.profile.fin_wait_2_orphan;
    if (h.linger2) limit = *h.linger2 < 0 ? 0s : Duration(std::chrono::seconds(*h.linger2));
    const auto timed = h.choices.narrowed(Choices{Choice::orphan_timer});
    if (!timed || (limit == Duration{0} && !h.linger2)) return true;
    const TimerBounds window = context.profile.bounds(limit);
    if (!maybe_after(at, h.fin_wait_2_since, window.earliest)) return true;
    Hypothesis over = h;
    over.choices = *timed;
    die(std::move(over), End::finished, row(State::fin_wait_2, Trigger::timer_fin_wait_2), out);
    return h.choices.contains(Choice::no_orphan_timer) || !surely_after(at, h.fin_wait_2_since, window.latest);
  }
  return true;
}

}  // namespace

bool unsampled(const Hypothesis& h) {
  return h.state == State::syn_sent || (h.state == State::syn_received && !h.active);
}

TimerBounds resend_window(const Context& context, const Hypothesis& h) {
  const Profile& profile = context.profile;
  const Resending& again = h.resending;
  if (again.count > 0) {
    const auto doubled = [&](Duration last) { return std::min(2 * last, std::max(last, profile.rto_max)); };
    TimerBounds window = profile.bounds(doubled(again.last_most));
    window.earliest = scaled(doubled(again.last), 1 - kTolerance);
    // However long retransmissions back off, a closed window may be probed each minute (RFC 1122 4.2.2.17).
    constexpr Duration kLongestProbe = std::chrono::seconds(60);
    if (again.closed_window) {
      window.earliest = std::min(window.earliest, scaled(std::max(again.last, kLongestProbe), 1 - kTolerance));
    }
    window.latest = std::max(window.latest, scaled(doubled(again.last_most), 1 + kTolerance) + profile.reaction);
    // The timer's own back-off, which Karn's algorithm keeps, and that of the probes may both count.
    if (again.closed_window && again.count == 1 && again.backed_off > Duration{0}) {
      const Duration most = profile.bounds(profile.rto_max).latest;
      window.latest = std::max(window.latest, std::min(2 * window.latest, most));
    }
    return window;
  }
  const TimerBounds least = profile.bounds(unsampled(h) ? profile.rto_initial : profile.rto_min);
  const Duration most = std::max(longest_rto(context), again.backed_off);
  TimerBounds window = profile.bounds(most);
  window.earliest = least.earliest;
  window.latest = std::max(window.latest, scaled(most, 1 + kTolerance) + profile.reaction);
  return window;
}

TimerBounds probe_window(const Context& context, const Hypothesis& h) {
  const Keepalive& k = h.keepalive;
  TimerBounds window = context.profile.bounds(k.unanswered == 0 ? k.idle : k.interval);
  if (k.was_busy) window.latest += k.idle;  // it may have looked while something was outstanding
  return window;
}

bool passed(const Context& context, Hypothesis& h, Instant at, Successors& out) {
  if (!nothing_overdue(h, at, out)) return false;
  if (!h.exists()) return true;
  return resending_on_time(context, h, at, out) && probing_on_time(context, h, at, out) &&
         state_goes_on(context, h, at, out);
}

}  // namespace finwait::model
