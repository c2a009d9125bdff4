// What the fake TCP sends.
#include <utility>

#include "harness/testing/fake_tcp.hpp"
#include "harness/wire/codec.hpp"

namespace finwait::testing {

using namespace std::chrono_literals;
using wire::Flags;
using wire::kAck;
using wire::kFin;
using wire::kRst;
using wire::kSyn;
using wire::Segment;

namespace {

constexpr std::uint16_t kMss4 = 1460, kMss6 = 1440;

std::uint16_t own_mss(const Tcb& tcb) { return tcb.local.address.family == wire::Family::ipv4 ? kMss4 : kMss6; }

bool may_send(TcpState state) {
  return state == TcpState::established || state == TcpState::close_wait || state == TcpState::fin_wait_1 ||
         state == TcpState::closing || state == TcpState::last_ack;
}

Segment blank(const Endpoint& from, const Endpoint& to) {
  Segment segment;
  segment.source = from.address;
  segment.source_port = from.port;
  segment.destination = to.address;
  segment.destination_port = to.port;
  return segment;
}

}  // namespace

void FakeTcp::transmit(const Segment& segment, const wire::Patch& patch) {
  auto packet = wire::craft(segment);
  if (!packet) return;
  if (!patch.empty()) (void)wire::apply(patch, *packet);
  emit_(std::move(*packet));
}

Segment FakeTcp::segment_of(Tcb& tcb, Flags flags, SeqNum seq) {
  Segment segment = blank(tcb.local, tcb.peer);
  segment.flags = flags;
  segment.seq = seq;
  if (flags.any(kAck)) segment.ack = tcb.last_ack_sent = tcb.rcv_nxt;
  add_timestamps(tcb, segment);
  if (flags.any(kRst)) return segment;
  segment.window = tcb.room();
  const SeqNum edge = tcb.rcv_nxt + segment.window;
  if (wire::after(edge, tcb.rcv_edge)) tcb.rcv_edge = edge;
  return segment;
}

void FakeTcp::emit(Tcb& tcb, Flags flags, SeqNum seq, Bytes payload) {
  Segment segment = segment_of(tcb, flags, seq);
  segment.payload = std::move(payload);
  transmit(segment);
}

// SND.NXT counts our FIN from the moment it is sent.
void FakeTcp::emit_ack(Tcb& tcb) {
  emit(tcb, kAck, tcb.fin_sent && has(Defect::ack_after_fin_wrong_seq) ? tcb.snd_nxt - 1 : tcb.snd_nxt);
}

void FakeTcp::emit_challenge(Tcb& tcb) {
  if (has(Defect::unacceptable_ack_wrong_seq)) return emit(tcb, kAck, tcb.snd_nxt - 1);
  if (!has(Defect::timestamp_missing_in_challenge)) return emit_ack(tcb);
  const bool timestamps = std::exchange(tcb.timestamps, false);
  emit_ack(tcb);
  tcb.timestamps = timestamps;
}

void FakeTcp::emit_syn(Tcb& tcb) {
  Segment segment = segment_of(tcb, tcb.state == TcpState::syn_sent ? kSyn : kSyn | kAck, tcb.iss);
  segment.options = wire::OptionList().mss(own_mss(tcb));
  // The answer takes timestamps only when the peer has offered them (RFC 7323 3.2).
  if (tcb.state == TcpState::syn_sent || tcb.timestamps) write_timestamps(tcb, segment);
  transmit(segment);
}

void FakeTcp::emit_fin(Tcb& tcb, SeqNum seq, Bytes payload) {
  Segment segment = segment_of(tcb, has(Defect::fin_without_ack_bit) ? kFin : kFin | kAck, seq);
  segment.payload = std::move(payload);
  if (has(Defect::timestamp_missing_in_fin)) segment.options = {};
  if (has(Defect::fin_malformed_options))
    segment.options = wire::OptionList::raw(std::array<std::uint8_t, 4>{254, 0, 0, 0});
  wire::Patch patch;
  patch.corrupt_tcp_checksum = has(Defect::fin_bad_checksum);
  transmit(segment, patch);
}

// The reset to a segment that belongs to no connection: RFC 9293 3.10.7.1.
void FakeTcp::emit_rst_for(const Segment& segment) {
  Segment rst = blank({segment.destination, segment.destination_port}, {segment.source, segment.source_port});
  if (segment.flags.any(kAck)) {
    rst.flags = has(Defect::closed_rst_with_ack) ? kRst | kAck : kRst;
    rst.seq = segment.ack + (has(Defect::closed_rst_wrong_seq) ? 1 : 0);
  } else {
    rst.flags = kRst | kAck;
    rst.ack = segment.seq + segment.length() - (has(Defect::closed_rst_wrong_ack) ? 1 : 0);
  }
  const auto timestamps = segment.options.timestamps();  // RFC 7323 5.2: echoed, with no value of our own
  if (timestamps) rst.options.nop().nop().timestamps(0, timestamps->value);
  transmit(rst);
}

// The reset of a connection by this side: RFC 9293 3.10.5.
void FakeTcp::emit_abort(Tcb& tcb, std::uint32_t seq_error) {
  Segment rst = segment_of(tcb, kRst | kAck, tcb.snd_nxt + seq_error);
  if (has(Defect::abort_rst_wrong_ack)) rst.ack += 1;
  if (has(Defect::abort_rst_without_timestamp)) rst.options = {};
  transmit(rst);
}

void FakeTcp::push(Tcb& tcb) {
  if (!may_send(tcb.state)) return;
  const auto room = [&tcb] {
    const std::int32_t left = (tcb.snd_una + tcb.snd_wnd) - tcb.snd_nxt;
    return static_cast<std::size_t>(std::max(left, 0));
  };
  bool any = false;
  while (!tcb.fin_sent && tcb.unsent()) {
    const std::size_t sent = tcb.sent();
    const std::size_t size = std::min({tcb.queue.size() - sent, room(), tcb.most_text()});
    const bool last = sent + size == tcb.queue.size();
    const bool fin = tcb.fin_wanted && last && (room() > size || has(Defect::fin_before_queued_data));
    if (size == 0 && !fin) break;
    if (!tcb.timed) tcb.timed = {tcb.snd_nxt, now()};
    const auto from = tcb.queue.begin() + static_cast<std::ptrdiff_t>(sent);
    Bytes payload(from, from + static_cast<std::ptrdiff_t>(size));
    const SeqNum seq = tcb.snd_nxt;
    tcb.snd_nxt += static_cast<std::uint32_t>(size) + (fin ? 1 : 0);
    tcb.fin_sent = fin;
    tcb.fin_ack = tcb.rcv_nxt;
    any = true;
    if (fin) {
      emit_fin(tcb, seq, std::move(payload));
    } else {
      const bool push_bit = last && !has(Defect::push_bit_missing);
      emit(tcb, push_bit ? kAck | wire::kPsh : kAck, seq, std::move(payload));
    }
  }
  if (tcb.rto_at || (!any && !tcb.unsent())) return;
  if (tcb.outstanding() > 0) {
    tcb.waiting_since = now();
    arm_rto(tcb);
  } else if (tcb.unsent()) {  // the window is closed
    tcb.probe_backoff = 0;
    tcb.rto_at = now() + tcb.rto;
  }
}

void FakeTcp::close_writing(Tcb& tcb) {
  tcb.state = tcb.state == TcpState::close_wait ? TcpState::last_ack : TcpState::fin_wait_1;
  if (has(Defect::close_delays_fin)) {
    tcb.fin_at = now() + 1s;
    return;
  }
  if (has(Defect::fin_before_queued_data)) tcb.queue.resize(tcb.sent());
  tcb.fin_wanted = true;
  push(tcb);
}

}  // namespace finwait::testing
