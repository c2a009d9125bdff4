// Timeouts (RFC 9293 3.10.8, RFC 6298), window probes (3.8.6.1) and keepalive (3.8.4).
#include "harness/testing/fake_tcp.hpp"

namespace finwait::testing {

using namespace std::chrono_literals;
using wire::kAck;

namespace {
constexpr int kEarly = 2;
constexpr int kMostDoublings = 15;
}  // namespace

std::optional<TimePoint> FakeTcp::next_deadline() const {
  if (due_.empty()) return std::nullopt;
  return due_.begin()->first.first;
}

void FakeTcp::advance_to(TimePoint now) {
  while (!due_.empty() && due_.begin()->first.first <= now) {
    const TcbPtr tcb = due_.begin()->second;
    fire(*tcb);
    settle(tcb);
  }
}

void FakeTcp::fire(Tcb& tcb) {
  const auto take = [this](std::optional<TimePoint>& at) { return at && *at <= now() ? (at.reset(), true) : false; };
  if (take(tcb.ack_at)) emit_ack(tcb);
  if (take(tcb.fin_at)) {
    tcb.fin_wanted = true;
    push(tcb);
  }
  if (take(tcb.rto_at)) retransmission_timeout(tcb);
  if (take(tcb.end_at)) end_timeout(tcb);
  if (take(tcb.keepalive.at)) keepalive_timeout(tcb);
  if (take(tcb.linger_at)) tcb.lingers = false;
}

void FakeTcp::arm_rto(Tcb& tcb) {
  const bool tripled = has(Defect::first_rto_tripled) && tcb.retries == 0;
  tcb.rto_at = now() + (tripled ? 3 * tcb.rto : tcb.rto);
  if (tcb.user_timeout > Duration{0}) tcb.rto_at = std::min(*tcb.rto_at, tcb.waiting_since + tcb.user_timeout);
}

void FakeTcp::retransmission_timeout(Tcb& tcb) {
  const bool timed_out = tcb.user_timeout > Duration{0} && now() - tcb.waiting_since >= tcb.user_timeout;
  const bool opening = tcb.state == TcpState::syn_sent || tcb.state == TcpState::syn_received;
  if (opening) return timed_out ? give_up(tcb) : retransmit_syn(tcb);
  if (tcb.outstanding() == 0 && tcb.unsent()) return probe_window(tcb);
  const bool only_fin = tcb.queue.empty();
  const bool early = only_fin && has(Defect::fin_gives_up_early);
  const bool never = has(Defect::fin_never_gives_up);
  const int limit = tcb.orphan ? settings.orphan_retries : settings.retries;
  if (timed_out || (tcb.retries >= (early ? kEarly : limit) && !never)) return give_up(tcb);
  tcb.retries++;
  if (!has(Defect::rtt_sample_of_resent)) tcb.timed.reset();  // RFC 6298 3: no sample from what is sent twice
  if (!has(only_fin ? Defect::fin_no_backoff : Defect::data_no_backoff)) {
    tcb.rto = std::min(2 * tcb.rto, has(Defect::rto_capped_low) ? 20s : profile_.rto_max);
  }
  if (only_fin ? has(Defect::fin_not_retransmitted) : has(Defect::data_not_retransmitted)) return;
  retransmit_front(tcb);
  arm_rto(tcb);
}

void FakeTcp::retransmit_front(Tcb& tcb) {
  if (!tcb.syn_acked && !tcb.fin_sent) return emit_syn(tcb);  // closed in SYN-RECEIVED, and our FIN has to wait
  const std::size_t size = std::min(tcb.sent(), tcb.most_text());
  Bytes payload(tcb.queue.begin(), tcb.queue.begin() + static_cast<std::ptrdiff_t>(size));
  if (tcb.fin_sent && size == tcb.queue.size()) return retransmit_fin(tcb, std::move(payload));
  emit(tcb, kAck | wire::kPsh, tcb.snd_una, std::move(payload));
}

void FakeTcp::retransmit_fin(Tcb& tcb, Bytes payload) {
  const SeqNum seq = tcb.snd_nxt - (1 + static_cast<std::uint32_t>(payload.size()));
  if (has(Defect::fin_retransmitted_without_fin)) return emit(tcb, kAck, seq, std::move(payload));
  const SeqNum rcv_nxt = tcb.rcv_nxt;
  if (has(Defect::fin_retransmitted_stale_ack)) tcb.rcv_nxt = tcb.fin_ack;
  if (has(Defect::fin_retransmitted_with_text)) payload.push_back('?');
  emit_fin(tcb, has(Defect::fin_retransmitted_wrong_seq) ? seq + 1 : seq, std::move(payload));
  tcb.rcv_nxt = rcv_nxt;
}

void FakeTcp::retransmit_syn(Tcb& tcb) {
  const int patience = tcb.active ? settings.syn_retries : settings.syn_ack_retries;
  const int limit = has(Defect::syn_gives_up_early) && tcb.active ? kEarly : patience;
  if (tcb.retries >= limit) return drop(tcb, ETIMEDOUT);
  tcb.retries++;
  tcb.timed.reset();
  tcb.rto = std::min(2 * tcb.rto, profile_.rto_max);
  emit_syn(tcb);
  arm_rto(tcb);
}

// An empty segment from below the window, as Linux has it: the answer tells the window.
void FakeTcp::probe_window(Tcb& tcb) {
  if (has(Defect::zero_window_not_probed)) return;
  if (tcb.retries >= settings.retries) return give_up(tcb);
  if (has(Defect::zero_window_gives_up) && tcb.probe_backoff >= 4) return give_up(tcb);
  tcb.retries++;
  emit(tcb, kAck, tcb.snd_una - 1);
  tcb.probe_backoff = std::min(tcb.probe_backoff + 1, kMostDoublings);
  tcb.rto_at = now() + std::min(tcb.rto * (1 << tcb.probe_backoff), profile_.rto_max);
}

void FakeTcp::give_up(Tcb& tcb) { drop(tcb, has(Defect::gives_up_with_eof) ? 0 : ETIMEDOUT); }

void FakeTcp::end_timeout(Tcb& tcb) {
  const bool unread = tcb.state == TcpState::close_wait;  // close_wait_times_out
  if (unread || has(Defect::time_wait_ends_with_segment)) emit_abort(tcb);
  drop(tcb, unread ? ECONNRESET : 0);
}

bool FakeTcp::keepalive_applies(const Tcb& tcb) const {
  switch (tcb.state) {
    case TcpState::established:
      return true;
    case TcpState::close_wait:
      return !has(Defect::keepalive_not_in_close_wait);
    case TcpState::fin_wait_2:
      return !tcb.orphan && !has(Defect::keepalive_not_in_fin_wait_2);
    case TcpState::fin_wait_1:
    case TcpState::closing:
    case TcpState::last_ack:
      return has(Defect::keepalive_while_fin_outstanding);
    case TcpState::time_wait:
      return has(Defect::keepalive_in_time_wait);
    default:
      return false;
  }
}

void FakeTcp::keepalive_timeout(Tcb& tcb) {
  KeepaliveTimer& timer = tcb.keepalive;
  const bool fin_too = has(Defect::keepalive_while_fin_outstanding) && tcb.queue.empty() && tcb.fin_sent;
  const bool busy = tcb.outstanding() > 0 || tcb.unsent();
  if (!keepalive_applies(tcb) || (busy && !fin_too && !has(Defect::keepalive_while_data_outstanding))) {
    timer.at = now() + timer.idle;
    return;
  }
  int limit = timer.count;
  if (has(Defect::probe_missing)) limit--;
  if (has(Defect::probe_extra)) limit++;
  if (has(Defect::one_lost_probe_kills)) limit = 1;
  // TCP_USER_TIMEOUT takes the place of the count (tcp(7)).
  const bool by_time = tcb.user_timeout > Duration{0};
  const bool dead = by_time ? timer.unanswered > 0 && now() - tcb.heard >= tcb.user_timeout : timer.unanswered >= limit;
  if (dead && !has(Defect::keepalive_never_dies)) return keepalive_death(tcb);
  keepalive_probe(tcb);
}

void FakeTcp::keepalive_probe(Tcb& tcb) {
  const SeqNum rcv_nxt = tcb.rcv_nxt;
  if (has(Defect::probe_wrong_ack)) tcb.rcv_nxt = rcv_nxt - 1;
  const SeqNum seq = has(Defect::probe_seq_snd_nxt) ? tcb.snd_nxt : tcb.snd_nxt - 1;
  emit(tcb, kAck, seq, has(Defect::probe_with_octet) ? Bytes(1) : Bytes{});
  tcb.rcv_nxt = rcv_nxt;
  Duration interval = tcb.keepalive.interval;
  if (has(Defect::interval_doubled)) interval *= 2;
  if (has(Defect::interval_halved)) interval /= 2;
  tcb.keepalive.unanswered++;
  tcb.keepalive.at = now() + interval;
}

void FakeTcp::keepalive_death(Tcb& tcb) {
  emit(tcb, wire::kRst | kAck, has(Defect::keepalive_death_rst_wrong_seq) ? tcb.snd_nxt - 1 : tcb.snd_nxt);
  if (has(Defect::keepalive_death_eof)) return drop(tcb, 0);
  drop(tcb, has(Defect::keepalive_death_reset) ? ECONNRESET : ETIMEDOUT);
}

}  // namespace finwait::testing
