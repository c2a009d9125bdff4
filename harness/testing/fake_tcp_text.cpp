// What an acceptable segment does: ACKs of ours, text, FIN (RFC 9293 3.10.7.4 steps 5, 7 and 8; RFC 6298).
#include <utility>

#include "harness/testing/fake_tcp.hpp"

namespace finwait::testing {

using namespace std::chrono_literals;
using wire::Segment;

namespace {
constexpr Duration kTooLate = 600ms;  // over the half second of RFC 9293 MUST-40
}  // namespace

void FakeTcp::sample_rtt(Tcb& tcb, SeqNum ack) {
  if (!tcb.timed || !wire::after(ack, tcb.timed->first)) return;
  const Duration rtt = now() - tcb.timed->second;
  tcb.timed.reset();
  if (tcb.srtt) {
    tcb.rttvar = (3 * tcb.rttvar + (*tcb.srtt > rtt ? *tcb.srtt - rtt : rtt - *tcb.srtt)) / 4;
    tcb.srtt = (7 * *tcb.srtt + rtt) / 8;
  } else {
    tcb.srtt = rtt;
    tcb.rttvar = rtt / 2;
  }
  const Duration least = has(Defect::rto_under_a_second) ? 200ms : profile_.rto_min;
  tcb.rto = std::clamp(*tcb.srtt + 4 * tcb.rttvar, least, profile_.rto_max);
}

void FakeTcp::acknowledged(Tcb& tcb, SeqNum ack) {
  sample_rtt(tcb, ack);
  auto octets = static_cast<std::uint32_t>(ack - tcb.snd_una);
  if (!std::exchange(tcb.syn_acked, true)) octets--;  // closed in SYN-RECEIVED
  const std::size_t text = std::min<std::size_t>(octets, tcb.queue.size());
  tcb.queue.erase(tcb.queue.begin(), tcb.queue.begin() + static_cast<std::ptrdiff_t>(text));
  tcb.snd_una = ack;
  tcb.retries = 0;
  tcb.rto_at.reset();
  tcb.waiting_since = now();
  if (tcb.outstanding() > 0) arm_rto(tcb);
  const bool nearly = has(Defect::partial_ack_counts_for_fin) && ack + 1 == tcb.snd_nxt;
  if (tcb.fin_sent && (ack == tcb.snd_nxt || nearly)) fin_acknowledged(tcb);
}

void FakeTcp::fin_acknowledged(Tcb& tcb) {
  tcb.fin_acked = true;
  switch (tcb.state) {
    case TcpState::fin_wait_1:
      if (has(Defect::fin_retransmitted_after_ack)) arm_rto(tcb);
      return enter_fin_wait_2(tcb);
    case TcpState::closing:
      if (has(Defect::closing_never_leaves)) return;
      if (has(Defect::time_wait_missing_after_closing)) return drop(tcb, 0);
      return enter_time_wait(tcb);
    case TcpState::last_ack:
      if (has(Defect::last_ack_never_leaves)) return;
      if (has(Defect::time_wait_on_passive_side)) return enter_time_wait(tcb);
      if (has(Defect::rst_after_clean_close)) emit_abort(tcb);
      return drop(tcb, 0);
    default:
      return;
  }
}

// 3.10.7.4 step 5: not from an ACK older than SND.UNA, nor from a segment older than the one that told last.
void FakeTcp::learn_window(Tcb& tcb, const Segment& segment) {
  const bool newer =
      wire::before(tcb.snd_wl1, segment.seq) || (tcb.snd_wl1 == segment.seq && !wire::after(tcb.snd_wl2, segment.ack));
  const bool deaf = tcb.state == TcpState::close_wait && has(Defect::close_wait_ignores_window);
  if (newer && !wire::before(segment.ack, tcb.snd_una) && !deaf) {
    tcb.snd_wnd = segment.window;
    tcb.max_snd_wnd = std::max(tcb.max_snd_wnd, tcb.snd_wnd);
    tcb.snd_wl1 = segment.seq;
    tcb.snd_wl2 = segment.ack;
  }
  if (tcb.snd_wnd == 0) tcb.retries = 0;  // a peer that answers and keeps its window closed is alive (MUST-37)
  if (tcb.outstanding() == 0 && tcb.unsent()) {
    tcb.retries = 0;  // whatever came answers our window probes
    if (tcb.snd_wnd > 0) tcb.rto_at.reset();
  }
}

// The part of a segment that lies in the window (3.10.7.4 step 1): a FIN beyond the edge is cut off, for the peer to
// send again.
Segment FakeTcp::trimmed(const Tcb& tcb, Segment segment) const {
  if (has(Defect::fin_beyond_window_taken)) return segment;
  if (has(Defect::text_over_edge_taken) && !segment.payload.empty()) return segment;
  const std::uint32_t above = static_cast<std::uint32_t>(std::max(segment.seq - tcb.rcv_nxt, 0));
  const std::uint32_t below = static_cast<std::uint32_t>(std::max(tcb.rcv_nxt - segment.seq, 0));
  const std::size_t room = std::size_t{receive_window(tcb)} + below - above;
  if (segment.payload.size() >= room) segment.flags = segment.flags & ~wire::kFin;
  if (segment.payload.size() > room) segment.payload.resize(room);
  return segment;
}

// Step 8 is reached by a second FIN only through its sequence number; nothing can follow the first (A3, A4).
void FakeTcp::text_after_fin(Tcb& tcb, const Segment& segment) {
  if (has(Defect::text_after_fin_delivered) && !segment.payload.empty() && segment.seq == tcb.rcv_nxt) {
    take_text(tcb, segment);
    return emit_ack(tcb);
  }
  if (tcb.state == TcpState::time_wait) emit_ack(tcb);
}

void FakeTcp::text_arrives(Tcb& tcb, const Segment& arrived) {
  if (arrived.length() == 0) return;
  if (!tcb.receives()) return text_after_fin(tcb, arrived);
  if (text_is_lost(tcb, arrived)) return;
  Segment segment = trimmed(tcb, arrived);
  const bool fin = segment.flags.any(wire::kFin);
  const bool beyond = has(Defect::fin_beyond_window_taken) && !wire::before(segment.seq, tcb.rcv_nxt + tcb.window());
  const bool above = has(fin ? Defect::fin_above_gap_taken : Defect::text_above_gap_taken);
  if (wire::after(segment.seq, tcb.rcv_nxt) && (above || (fin && beyond))) tcb.rcv_nxt = segment.seq;
  if (wire::after(segment.seq, tcb.rcv_nxt)) {
    hold(tcb, std::move(segment));
    return emit_ack(tcb);
  }
  take_text(tcb, segment);
  take_held(tcb);
  acknowledge(tcb, tcb.peer_fin);
}

// SHLD-31: text above a gap, and a FIN, wait until it is filled.
void FakeTcp::hold(Tcb& tcb, Segment segment) {
  constexpr std::size_t kMost = 1000;
  if (has(Defect::text_above_gap_dropped) && !segment.payload.empty()) return;
  if (has(Defect::fin_above_gap_forgotten)) segment.flags = wire::kAck;
  const auto same = [&](const Segment& other) {
    return other.seq == segment.seq && other.length() == segment.length();
  };
  if (tcb.held.size() < kMost && std::ranges::none_of(tcb.held, same)) tcb.held.push_back(std::move(segment));
}

// Half-duplex close (RFC 9293 MAY-1, SHLD-3): text for a socket that nobody holds. Above a gap it is not lost yet. True
// when the segment is done with.
bool FakeTcp::text_is_lost(Tcb& tcb, const Segment& segment) {
  const auto size = static_cast<std::uint32_t>(segment.payload.size());
  if (size == 0 || !wire::after(segment.seq + size, tcb.rcv_nxt)) return false;
  if (wire::after(segment.seq, tcb.rcv_nxt)) return false;
  const bool half_closed = tcb.write_shut && !tcb.orphan;
  if (half_closed && !has(Defect::half_close_kills_reading)) return false;
  if (!half_closed && !tcb.orphan) return false;
  if (has(Defect::data_after_close_acked)) return false;
  if (has(Defect::data_after_close_silent)) return true;
  emit_rst_for(segment);
  drop(tcb, half_closed ? ECONNRESET : 0);
  return true;
}

void FakeTcp::take_text(Tcb& tcb, const Segment& segment) {
  if (!wire::after(segment.seq + segment.length(), tcb.rcv_nxt)) return;
  const auto skip =
      std::min<std::size_t>(static_cast<std::uint32_t>(tcb.rcv_nxt - segment.seq), segment.payload.size());
  const ByteView fresh = ByteView(segment.payload).subspan(skip);
  const ByteView delivered = has(Defect::old_text_delivered_again) ? ByteView(segment.payload) : fresh;
  const bool fin = segment.flags.any(wire::kFin);
  const bool lost =
      (has(Defect::half_close_drops_data) && tcb.write_shut) || (has(Defect::fin_data_not_delivered) && fin);
  if (!lost) tcb.unread.insert(tcb.unread.end(), delivered.begin(), delivered.end());
  tcb.rcv_nxt += static_cast<std::uint32_t>(fresh.size());
  if (has(Defect::fin_with_data_dropped) && !segment.payload.empty()) return;
  if (fin && !tcb.peer_fin) fin_arrives(tcb);
}

void FakeTcp::take_held(Tcb& tcb) {
  for (bool again = true; again;) {
    again = false;
    for (std::size_t i = 0; i < tcb.held.size() && !again; i++) {
      if (wire::after(tcb.held[i].seq, tcb.rcv_nxt)) continue;
      const Segment segment = std::move(tcb.held[i]);
      tcb.held.erase(tcb.held.begin() + static_cast<std::ptrdiff_t>(i));
      take_text(tcb, segment);
      again = true;
    }
  }
}

void FakeTcp::fin_arrives(Tcb& tcb) {
  tcb.peer_fin = true;
  tcb.rcv_nxt += 1;
  tcb.held.clear();  // nothing can follow
  if (has(Defect::fin_resets_user)) tcb.error = ECONNRESET;
  switch (tcb.state) {
    case TcpState::established:
      tcb.state = TcpState::close_wait;
      if (has(Defect::close_wait_times_out)) tcb.end_at = now() + 30s;
      if (has(Defect::fin_sent_unasked)) close_writing(tcb);
      return;
    case TcpState::fin_wait_1:
      if (has(Defect::simultaneous_close_skips_closing)) return enter_time_wait(tcb);
      tcb.state = TcpState::closing;
      return;
    case TcpState::fin_wait_2:
      return enter_time_wait(tcb);
    default:
      return;
  }
}

// ACKs are never delayed, unless a defect says so.
void FakeTcp::acknowledge(Tcb& tcb, bool with_fin) {
  if (with_fin && has(Defect::fin_ack_missing)) return;
  if (has(with_fin ? Defect::fin_ack_late : Defect::data_ack_late)) {
    tcb.ack_at = now() + kTooLate;
    return;
  }
  const std::uint32_t missing = with_fin && has(Defect::fin_ack_off_by_one) ? 1 : 0;
  tcb.rcv_nxt = tcb.rcv_nxt - missing;
  emit_ack(tcb);
  tcb.rcv_nxt += missing;
}

void FakeTcp::enter_fin_wait_2(Tcb& tcb) {
  tcb.state = TcpState::fin_wait_2;
  if (has(Defect::half_close_times_out)) tcb.end_at = now() + settings.fin_timeout;
  if (!tcb.orphan) return;
  if (tcb.linger2_s.value_or(0) < 0) {
    emit_abort(tcb);
    return drop(tcb, 0);
  }
  const bool own = tcb.linger2_s.value_or(0) > 0;
  tcb.end_at = now() + (own ? Duration(std::chrono::seconds(*tcb.linger2_s)) : settings.fin_timeout);
  if (has(Defect::orphan_leaves_early)) tcb.end_at = now() + (*tcb.end_at - now()) / 2;
}

void FakeTcp::enter_time_wait(Tcb& tcb) {
  const auto keepalive_at = tcb.keepalive.at;
  tcb.state = TcpState::time_wait;
  tcb.stop_timers();
  tcb.held.clear();
  if (has(Defect::keepalive_in_time_wait)) tcb.keepalive.at = keepalive_at;
  if (has(Defect::time_wait_missing)) return drop(tcb, 0);
  Duration lasts = profile_.two_msl;
  if (has(Defect::time_wait_half)) lasts /= 2;
  if (has(Defect::time_wait_double)) lasts *= 2;
  tcb.end_at = now() + lasts;
}

}  // namespace finwait::testing
