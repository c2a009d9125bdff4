// SEGMENT ARRIVES for a connection (RFC 9293 3.10.7.4, with RFC 5961).
#include <array>

#include "harness/testing/fake_tcp.hpp"

namespace finwait::testing {

using namespace std::chrono_literals;
using wire::Segment;

void FakeTcp::arrives(const TcbPtr& tcb, const Segment& segment) {
  restart_idle(*tcb, segment);
  if (has(Defect::user_timeout_of_peer)) adopt_user_timeout(*tcb, segment);
  if (tcb->state == TcpState::syn_sent) {
    arrives_syn_sent(*tcb, segment);
  } else {
    arrives_synchronized(tcb, segment);
  }
  settle(tcb);
  wake_listener(tcb->local);
}

// A TCP of RFC 5482 without its limits (3.1).
void FakeTcp::adopt_user_timeout(Tcb& tcb, const Segment& segment) {
  for (const wire::Option& option : segment.options.items()) {
    if (option.kind != static_cast<std::uint8_t>(wire::OptionKind::user_timeout) || option.data.size() != 2) continue;
    const int value = (option.data[0] & 0x7f) * 256 + option.data[1];
    const bool minutes = (option.data[0] & 0x80) != 0;
    tcb.user_timeout = std::chrono::seconds(minutes ? 60 * value : value);
  }
}

// The order of the checks is that of 3.10.7.4; RFC 7323 5.3 puts timestamps before the sequence number.
void FakeTcp::arrives_synchronized(const TcbPtr& tcb, const Segment& segment) {
  if (segment.flags.any(wire::kRst)) return rst_arrives(tcb, segment);
  if (reopens(tcb, segment)) return;
  if (segment.flags.any(wire::kSyn)) return syn_arrives(*tcb, segment);
  if (!timestamps_pass(tcb, segment)) return;
  if (!acceptable(*tcb, segment)) return unacceptable(*tcb, segment);
  const bool opening = tcb->state == TcpState::syn_received;
  if (!segment.flags.any(wire::kAck) && !taken_without_ack(*tcb, segment)) return;
  if (segment.flags.any(wire::kAck) && !ack_arrives(*tcb, segment)) return;
  note_timestamp(*tcb, segment);
  if (segment.flags.any(wire::kUrg) && has(Defect::urgent_resets)) {
    emit_abort(*tcb);
    return drop(*tcb, ECONNRESET);
  }
  if (tcb->state == TcpState::closed) return;
  Segment rest = segment;
  if (opening && has(Defect::syn_received_fin_lost)) rest.flags = wire::kAck;
  text_arrives(*tcb, rest);
  push(*tcb);  // last, so that what leaves acknowledges all of the segment
}

// A segment without the ACK bit is dropped (3.10.7.4 step 5), unless a defect says otherwise.
bool FakeTcp::taken_without_ack(Tcb& tcb, const Segment& segment) {
  if (has(Defect::fin_without_ack_taken)) return true;
  const bool fin = segment.flags.any(wire::kFin);
  if (tcb.state != TcpState::syn_received || !fin || !has(Defect::syn_received_bare_fin_taken)) return false;
  established(tcb);
  return true;
}

// RFC 9293 MUST-26: the idle time counts from the last segment that came.
void FakeTcp::restart_idle(Tcb& tcb, const Segment& segment) {
  tcb.heard = now();
  KeepaliveTimer& timer = tcb.keepalive;
  if (!timer.at) return;
  if (segment.payload.empty() && has(Defect::idle_not_restarted_by_ack) && timer.unanswered == 0) return;
  if (!segment.payload.empty() && has(Defect::idle_not_restarted_by_data)) return;
  const bool answered = timer.unanswered > 0;
  if (!has(Defect::answered_probe_still_counts)) timer.unanswered = 0;
  timer.at = now() + (answered && has(Defect::answered_probe_continues) ? timer.interval : timer.idle);
}

std::uint32_t FakeTcp::receive_window(const Tcb& tcb) const {
  constexpr std::uint32_t kBeyond = 10000;
  return tcb.window() + (has(Defect::text_beyond_window_taken) ? kBeyond : 0);
}

// RFC 9293 3.4, table 6.
bool FakeTcp::acceptable(const Tcb& tcb, const Segment& segment) const {
  const std::uint32_t window = receive_window(tcb);
  const std::uint32_t length = segment.length();
  const bool beyond = !wire::before(segment.seq, tcb.rcv_nxt + window);
  if (beyond && segment.flags.any(wire::kFin) && has(Defect::fin_beyond_window_taken)) return true;
  if (length == 0) return window == 0 ? segment.seq == tcb.rcv_nxt : wire::in_window(segment.seq, tcb.rcv_nxt, window);
  const bool over_edge = wire::after(segment.seq + length, tcb.rcv_nxt + window) && !segment.payload.empty();
  if (over_edge && has(Defect::text_over_edge_dropped)) return false;
  return wire::in_window(segment.seq, tcb.rcv_nxt, window) ||
         wire::in_window(segment.seq + (length - 1), tcb.rcv_nxt, window);
}

void FakeTcp::unacceptable(Tcb& tcb, const Segment& segment) {
  const bool closed_window = tcb.window() == 0 && segment.seq == tcb.rcv_nxt;
  if (closed_window && segment.flags.any(wire::kAck)) {  // its ACK still counts
    if (!has(Defect::zero_window_ack_ignored)) {
      if (!ack_arrives(tcb, segment)) return;
      note_timestamp(tcb, segment);
    }
    if (tcb.state == TcpState::closed || has(Defect::zero_window_silent)) return;
    emit_ack(tcb);
    return push(tcb);
  }
  if (duplicate_fin(tcb, segment) || peer_probe(tcb, segment)) return;
  if (has(Defect::out_of_window_silent)) return;
  if (has(Defect::out_of_window_rst)) return emit_rst_for(segment);
  const SeqNum rcv_nxt = tcb.rcv_nxt;
  if (has(Defect::ack_goes_back) && wire::before(segment.seq, rcv_nxt)) tcb.rcv_nxt = segment.seq;
  emit_challenge(tcb);
  tcb.rcv_nxt = rcv_nxt;
}

// A FIN that has been taken before. True when a defect has answered it.
bool FakeTcp::duplicate_fin(Tcb& tcb, const Segment& segment) {
  if (!segment.flags.any(wire::kFin) || !tcb.peer_fin || segment.seq + segment.length() != tcb.rcv_nxt) return false;
  if (tcb.state == TcpState::time_wait && !has(Defect::time_wait_not_restarted)) enter_time_wait(tcb);
  struct Row {
    TcpState state;
    Defect advances, rst, silent;
  };
  using D = Defect;
  constexpr std::array<Row, 4> kRows{{
      {TcpState::close_wait, D::dup_fin_close_wait_advances, D::dup_fin_close_wait_rst, D::dup_fin_close_wait_silent},
      {TcpState::closing, D::dup_fin_closing_advances, D::dup_fin_closing_rst, D::dup_fin_closing_silent},
      {TcpState::last_ack, D::dup_fin_last_ack_advances, D::dup_fin_last_ack_rst, D::dup_fin_last_ack_silent},
      {TcpState::time_wait, D::dup_fin_time_wait_advances, D::dup_fin_time_wait_rst, D::dup_fin_time_wait_silent},
  }};
  for (const Row& row : kRows) {
    if (row.state != tcb.state) continue;
    if (has(row.advances)) tcb.rcv_nxt += 1;
    if (has(row.rst)) return emit_rst_for(segment), true;
    if (has(row.silent)) return true;
  }
  return false;
}

// The peer's keepalive probe. True when a defect has answered it.
bool FakeTcp::peer_probe(Tcb& tcb, const Segment& segment) {
  if (segment.seq + 1 != tcb.rcv_nxt || segment.flags.any(wire::kFin) || segment.payload.size() > 1) return false;
  if (has(Defect::peer_probe_octet_delivered)) {
    tcb.unread.insert(tcb.unread.end(), segment.payload.begin(), segment.payload.end());
  }
  if (has(Defect::peer_probe_rst)) return emit_rst_for(segment), true;
  return has(Defect::peer_probe_ignored);
}

// RFC 5961 3.2: exact, in the window, outside.
void FakeTcp::rst_arrives(const TcbPtr& tcb, const Segment& segment) {
  if (has(Defect::ts_recent_from_rst)) note_timestamp(*tcb, segment);
  if (rst_ignored(*tcb, segment)) return;
  const bool exact = segment.seq == tcb->rcv_nxt;
  const bool inside = wire::in_window(segment.seq, tcb->rcv_nxt, tcb->window());
  const bool below = wire::before(segment.seq, tcb->rcv_nxt);
  if (exact || (inside && has(Defect::rst_in_window_taken)) || (below && has(Defect::rst_outside_taken))) {
    return rst_accepted(tcb);
  }
  if (inside && !has(Defect::rst_in_window_silent) && !throttled(*tcb)) emit_challenge(*tcb);
  if (!inside && has(Defect::rst_outside_acked)) emit_challenge(*tcb);
}

// RFC 5961 7.
bool FakeTcp::throttled(Tcb& tcb) {
  const int most = has(Defect::challenge_throttle_fixed) ? 1 : 10;
  if (has(Defect::challenge_not_throttled)) return false;
  if (!settings.throttle && !has(Defect::challenge_throttle_fixed)) return false;
  Throttle& throttle = has(Defect::challenge_throttle_shared) ? shared_ : tcb.challenges;
  if (throttle.count == 0 || now() - throttle.since >= 5s) throttle = {now(), 0};
  return throttle.count++ >= most;
}

bool FakeTcp::rst_ignored(const Tcb& tcb, const Segment& segment) const {
  const bool waits = settings.rfc1337 && tcb.state == TcpState::time_wait && !has(Defect::rfc1337_ignored);
  if (waits) return segment.seq == tcb.rcv_nxt;
  if (has(Defect::paws_applied_to_rst) && stale(tcb, segment)) return true;
  if (has(Defect::syn_received_rst_ignored) && tcb.state == TcpState::syn_received) return true;
  if (has(Defect::rst_exact_ignored)) return segment.seq == tcb.rcv_nxt;
  if (has(Defect::rst_exact_ignored_late) && tcb.fin_sent) return segment.seq == tcb.rcv_nxt;
  if (has(Defect::rst_with_data_ignored)) return !segment.payload.empty();
  if (has(Defect::rst_needs_ack)) return !segment.flags.any(wire::kAck);
  if (has(Defect::rst_zero_window_ignored)) return tcb.window() == 0;
  return has(Defect::keepalive_ignores_rst) && tcb.keepalive.on;
}

void FakeTcp::rst_accepted(const TcbPtr& tcb) {
  if (has(Defect::rst_answered_with_rst)) emit_abort(*tcb);
  switch (tcb->state) {
    case TcpState::syn_received:
      if (tcb->old_incarnation && tcb->old_incarnation->state == TcpState::time_wait &&
          !has(Defect::time_wait_forgotten_by_old_syn)) {
        connections_[{tcb->local, tcb->peer}] = tcb->old_incarnation;  // MAY-2: back it goes
      }
      return drop(*tcb, has(Defect::syn_received_rst_is_timeout) ? ETIMEDOUT : ECONNREFUSED);
    case TcpState::close_wait:
      return drop(*tcb, has(Defect::rst_gives_eof) ? 0 : EPIPE);  // as Linux has it
    case TcpState::closing:
    case TcpState::last_ack:
    case TcpState::time_wait:
      return drop(*tcb, 0);
    default:
      break;
  }
  drop(*tcb, has(Defect::rst_gives_eof) ? 0 : ECONNRESET);
}

// RFC 5961 4.2, and RFC 9293 for SYN-RECEIVED. A SYN sent again there is outside the window, and draws an ACK too.
void FakeTcp::syn_arrives(Tcb& tcb, const Segment& segment) {
  if (tcb.state == TcpState::syn_received) {
    const bool acks_ours = segment.flags.any(wire::kAck) && segment.ack == tcb.snd_nxt;
    if (segment.seq == tcb.irs && acks_ours && tcb.active) {  // simultaneous open, the peer's half
      if (!ack_in_syn_received(tcb, segment)) return;
      note_timestamp(tcb, segment);
      emit_ack(tcb);
      return push(tcb);
    }
    if (!tcb.active && !segment.flags.any(wire::kAck) && acceptable(tcb, segment)) {
      if (has(Defect::syn_received_syn_resets)) emit_abort(tcb);
      return drop(tcb, 0);  // back to LISTEN
    }
  }
  if (has(Defect::syn_silent)) return;
  if (has(Defect::syn_resets_connection) && acceptable(tcb, segment)) {
    emit_abort(tcb);
    return drop(tcb, ECONNRESET);
  }
  emit_challenge(tcb);
}

bool FakeTcp::ack_in_syn_received(Tcb& tcb, const Segment& segment) {
  const bool future = wire::after(segment.ack, tcb.snd_nxt) && has(Defect::syn_received_future_ack_taken);
  if (segment.ack != tcb.snd_nxt && !future) {
    if (!has(Defect::syn_received_bad_ack_silent)) emit_rst_for(segment);
    return false;
  }
  sample_rtt(tcb, tcb.snd_nxt);
  tcb.snd_una = tcb.snd_nxt;
  tcb.syn_acked = true;
  tcb.snd_wl1 = segment.seq;
  tcb.snd_wl2 = tcb.snd_una;
  tcb.snd_wnd = segment.window;
  tcb.max_snd_wnd = std::max(tcb.max_snd_wnd, tcb.snd_wnd);
  established(tcb);
  return true;
}

bool FakeTcp::ack_arrives(Tcb& tcb, const Segment& segment) {
  if (tcb.state == TcpState::syn_received) return ack_in_syn_received(tcb, segment);
  SeqNum ack = segment.ack;
  if (wire::after(ack, tcb.snd_nxt)) {
    const bool takes_fin = has(Defect::fin_with_bad_ack_taken) && segment.flags.any(wire::kFin);
    if (!has(Defect::future_ack_taken) && !takes_fin) {
      if (!has(Defect::future_ack_silent)) emit_challenge(tcb);
      return false;
    }
    ack = takes_fin ? tcb.snd_una : tcb.snd_nxt;
  }
  if (wire::before(ack, tcb.snd_una - tcb.max_snd_wnd) && !has(Defect::too_old_ack_taken)) {  // RFC 5961 5.2
    if (!has(Defect::too_old_ack_silent)) emit_challenge(tcb);
    return false;
  }
  const bool blind = has(Defect::fin_with_ack_goes_to_closing) && segment.flags.any(wire::kFin);
  if (wire::after(ack, tcb.snd_una) && !blind) acknowledged(tcb, ack);
  any_ack_ends(tcb);
  learn_window(tcb, segment);
  return true;
}

// Two defects: in CLOSING and in LAST-ACK any ACK counts as that of our FIN.
void FakeTcp::any_ack_ends(Tcb& tcb) {
  if (tcb.state == TcpState::closing && has(Defect::closing_ended_by_any_ack)) enter_time_wait(tcb);
  if (tcb.state == TcpState::last_ack && has(Defect::last_ack_ended_by_any_ack)) drop(tcb, 0);
}

}  // namespace finwait::testing
