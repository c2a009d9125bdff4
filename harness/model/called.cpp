// The application has made a call: what it changes, and whether its result can be (RFC 9293 3.10.1 to 3.10.6, POSIX).
#include <algorithm>
#include <cerrno>

#include "harness/model/hypothesis.hpp"

namespace finwait::model {

namespace {

void refuse(Successors& out, Why why, const Rule* rule) { out.refusal = {why, rule, {}}; }

const Rule* row(State state, Trigger trigger) {
  const auto& rows = rules_for(state, trigger);
  return rows.empty() ? nullptr : rows.front();
}

// CLOSE or ABORT by the rows of the model.
void end_by_rows(const Context& context, Hypothesis h, Trigger trigger, bool leaves, Instant at, Successors& out) {
  bool any = false;
  h.orphan = h.orphan || leaves;
  for (const Rule* rule : rules_for(h.state, trigger)) {
    if (rule->standing == Standing::deviation) continue;
    const auto choices = applies(*rule, h, nullptr, at);
    if (!choices) continue;
    any = true;
    Hypothesis next = h;
    next.choices = *choices;
    next.last_rule = rule;
    next.write_shut = true;
    if (leaves && next.state == State::fin_wait_2) next.fin_wait_2_since = at;
    if (rule->reply == Reply::fin || (trigger == Trigger::close && rule->situation == Situation::text_queued)) {
      next.fin_wanted = true;
    }
    if (rule->next == State::closed || rule->next == State::listen) {
      if (next.exists()) {
        next.moved_by = rule;
        delete_connection(next, End::aborted);
      }
    } else if (rule->next) {
      enter(next, *rule->next, at, rule);
    }
    owe(context, next, rule->reply, nullptr, at, rule);
    expect_output(context, next, at, rule);
    if (rule->reply == Reply::fin && h.state == State::syn_received) {  // at once, although the SYN is outstanding
      next.send_by = at.latest + kPrompt;
      next.send_rule = rule;
    }
    out.all.push_back(std::move(next));
  }
  if (any) return;
  out.all.push_back(std::move(h));
}

// What nobody has accepted is reset; what is not yet established may just be forgotten.
void unlisten(const Context& context, Hypothesis h, Instant at, Successors& out) {
  const bool embryonic = h.state == State::syn_received;
  const bool existed = h.exists();
  h.listens = false;
  h.last_rule = h.moved_by = row(State::listen, Trigger::close);
  delete_connection(h, End::aborted);
  if (embryonic) out.all.push_back(h);
  if (existed) owe(context, h, Reply::rst_now, nullptr, at, h.last_rule);
  out.all.push_back(std::move(h));
}

void shut(const Context& context, Hypothesis h, const Call& call, Instant at, Successors& out) {
  if (call.error != 0) return out.all.push_back(std::move(h));
  if (call.how != How::wr) h.read_shut = true;
  if (call.how == How::rd || h.write_shut) {
    if (const Rule* rule = row(h.state, Trigger::shut_rd)) h.last_rule = rule;
    return out.all.push_back(std::move(h));
  }
  end_by_rows(context, std::move(h), Trigger::close, false, at, out);
}

void sent(const Context& context, Hypothesis h, const Call& call, Instant at, Successors& out) {
  const bool open = !h.write_shut && (h.state == State::established || h.state == State::close_wait ||
                                      h.state == State::syn_received || h.state == State::syn_sent);
  const Rule* rule = row(h.state, Trigger::send);
  if (call.error == EAGAIN) return out.all.push_back(std::move(h));
  if (call.error != 0) {
    if (open) return refuse(out, Why::cannot_send, rule);
    if (h.end != End::none) h.error_told = true;
    return out.all.push_back(std::move(h));
  }
  if (!open) {
    const bool reset = h.end == End::reset && !h.error_told;
    return refuse(out, reset ? Why::sent_after_reset : Why::sent_after_close, rule);
  }
  h.written += static_cast<std::uint32_t>(call.taken);
  h.last_rule = rule != nullptr ? rule : h.last_rule;
  expect_output(context, h, at, h.last_rule);
  out.all.push_back(std::move(h));
}

bool ended_badly(const Hypothesis& h) {
  return h.end == End::reset || h.end == End::refused || h.end == End::timed_out || h.end == End::unreachable;
}

bool by_icmp(const Hypothesis& h) {
  return h.last_rule != nullptr &&
         (h.last_rule->trigger == Trigger::icmp_soft || h.last_rule->trigger == Trigger::icmp_source_quench);
}

bool opening(const Hypothesis& h) { return h.state == State::syn_sent || h.state == State::syn_received; }

Why untold(const Hypothesis& h) { return h.end == End::timed_out ? Why::end_without_timeout : Why::end_without_error; }

// recv() is still waiting.
void nothing_to_read(Hypothesis h, const Rule* rule, Successors& out) {
  if (h.exists() && h.unread()) return refuse(out, Why::no_text_to_reader, rule);
  if (h.exists() && h.peer_fin) return refuse(out, Why::no_end_to_reader, nullptr);
  if (!h.exists() && ended_badly(h) && !h.error_told) return refuse(out, Why::no_error_to_reader, h.moved_by);
  out.all.push_back(std::move(h));
}

void read_end(Hypothesis h, const Rule* rule, Successors& out) {
  const bool allowed_end = h.peer_fin || h.read_shut;
  // A reset throws away what was not read; so do stacks at a timeout.
  if (h.exists() && h.unread() && !h.read_shut) return refuse(out, Why::no_text_to_reader, rule);
  if (h.exists() && !allowed_end) return refuse(out, Why::end_too_early, rule);
  if (!h.exists() && ended_badly(h) && !h.error_told && !h.peer_fin) {
    return refuse(out, untold(h), h.moved_by);
  }
  out.all.push_back(std::move(h));
}

void read_error(Hypothesis h, int error, const Rule* rule, Successors& out) {
  if (h.exists() && by_icmp(h)) return refuse(out, Why::error_by_icmp, h.last_rule);
  if (opening(h) && error == ENOTCONN) return out.all.push_back(std::move(h));  // POSIX has it so
  if (opening(h)) return refuse(out, Why::other_state, h.last_rule);
  if (h.exists()) return refuse(out, Why::error_without_cause, h.peer_fin ? nullptr : rule);
  if (h.end == End::timed_out && !h.error_told && error != ETIMEDOUT && !h.soft_error) {
    return refuse(out, Why::end_without_timeout, h.moved_by);
  }
  if (h.end == End::finished && !h.error_told && error != ENOTCONN) {
    return refuse(out, Why::error_without_cause, h.moved_by);
  }
  h.error_told = true;
  out.all.push_back(std::move(h));
}

void received(const Context& context, Hypothesis h, const Call& call, Successors& out) {
  const Rule* rule = row(h.state, Trigger::recv);
  const bool waits = call.error == ETIME || call.error == EAGAIN;
  if (call.error != 0 && !waits) return read_error(std::move(h), call.error, rule, out);
  if (h.urgent) {  // which octets those are, and where they go, is not followed
    h.read = std::min(h.accepted(), h.read + static_cast<std::uint32_t>(call.text.size()));
    return out.all.push_back(std::move(h));
  }
  if (waits) return nothing_to_read(std::move(h), rule, out);
  if (call.text.empty()) return read_end(std::move(h), rule, out);
  const auto size = static_cast<std::uint32_t>(call.text.size());
  if (h.read + size > h.accepted()) {
    return refuse(out, h.peer_fin ? Why::read_after_fin : Why::read_too_much, h.last_rule);
  }
  if (!context.received.can_be(h.text_from + h.read, call.text)) {
    return refuse(out, Why::read_differs, rule);
  }
  h.read += size;
  h.edge_slack += size;
  out.all.push_back(std::move(h));
}

void set_option(Hypothesis& h, const Call& call, Instant at) {
  if (call.error != 0) return;
  Keepalive& k = h.keepalive;
  // The idle time counts from the last segment, also after a probe, or from this call: stacks differ.
  const auto touched = [&] {
    k.since = {k.heard.earliest, std::max(k.since.latest, at.latest)};
    k.was_busy = k.was_busy || k.unanswered > 0;
  };
  switch (call.option) {
    case SocketOption::keepalive:
      k.was_on = k.on || k.was_on;
      k.on = call.value != 0;
      return touched();
    case SocketOption::keepalive_idle_s:
      k.idle = std::chrono::seconds(call.value);
      return touched();
    case SocketOption::keepalive_interval_s:
      k.interval = std::chrono::seconds(call.value);
      return;
    case SocketOption::keepalive_count:
      k.count = call.value;
      return;
    case SocketOption::user_timeout_ms:
      h.user_timeout = std::chrono::milliseconds(call.value);
      return;
    case SocketOption::linger_s:
      h.linger_zero = call.value == 0;
      return;
    case SocketOption::linger2_s:
      h.linger2 = call.value;
      return;
    case SocketOption::nodelay:
      return;
  }
}

// A socket whose connection has gone to TIME-WAIT may be told CLOSED: the kernel keeps the rest elsewhere.
bool may_be(const Hypothesis& h, State told) {
  if (!h.exists()) return told == State::closed;
  return told == h.state || (h.state == State::time_wait && told == State::closed);
}

}  // namespace

void called(const Context& context, Hypothesis h, const Call& call, Instant at, Successors& out) {
  if (h.others_socket && call.kind != Call::Kind::accept) return out.all.push_back(std::move(h));
  switch (call.kind) {
    case Call::Kind::connect:
      h.state = State::syn_sent;
      h.active = true;
      h.listens = false;
      h.last_rule = row(State::closed, Trigger::open);
      h.send_by = at.latest + kPrompt;
      h.send_rule = h.last_rule;
      break;
    case Call::Kind::accept:
      h.others_socket = false;
      break;
    case Call::Kind::get:
      break;
    case Call::Kind::close: {
      if (call.error != 0) break;
      const Trigger trigger = h.linger_zero ? Trigger::abort : Trigger::close;
      return end_by_rows(context, std::move(h), trigger, true, at, out);
    }
    case Call::Kind::abort:
      if (call.error != 0) break;
      return end_by_rows(context, std::move(h), Trigger::abort, true, at, out);
    case Call::Kind::unlisten:
      return unlisten(context, std::move(h), at, out);
    case Call::Kind::shutdown:
      return shut(context, std::move(h), call, at, out);
    case Call::Kind::send:
      return sent(context, std::move(h), call, at, out);
    case Call::Kind::recv:
      return received(context, std::move(h), call, out);
    case Call::Kind::set:
      set_option(h, call, at);
      if (call.option == SocketOption::keepalive && h.keepalive.unanswered > 0) {
        out.all.push_back(h);  // nothing says whether the probes before count
        h.keepalive.unanswered = 0;
      }
      break;
    case Call::Kind::take_error:
      if (call.value != 0 && h.exists() && h.soft_error && !opening(h)) {
        h.soft_error = false;
        break;
      }
      if (call.value != 0 && opening(h) && by_icmp(h)) return refuse(out, Why::error_by_icmp, h.last_rule);
      if (call.value != 0 && opening(h)) return refuse(out, Why::other_state, h.last_rule);
      if (call.value != 0 && h.exists()) return refuse(out, Why::icmp_without_cause, h.moved_by);
      if (call.value == 0 && !h.exists() && h.end == End::timed_out && !h.error_told) {
        return refuse(out, Why::end_without_timeout, h.moved_by);
      }
      h.error_told = h.error_told || call.value != 0;
      break;
    case Call::Kind::state:
      if (!may_be(h, static_cast<State>(call.value))) return refuse(out, Why::other_state, h.moved_by);
      break;
  }
  out.all.push_back(std::move(h));
}

}  // namespace finwait::model
