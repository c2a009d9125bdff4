// Which trigger a segment is: the checks of SEGMENT ARRIVES in their order (RFC 9293 3.10.7, with RFC 7323 5.3 before
// the sequence number and RFC 5961 in between).
#include "harness/model/hypothesis.hpp"

namespace finwait::model {

namespace {

using wire::after;
using wire::before;
using wire::in_window;

SeqNum end_of(const Segment& s) { return s.seq + s.length(); }

// RFC 9293 3.10.7.1, 3.10.7.2: whatever the numbers are.
Trigger without_connection(const Segment& s) {
  if (s.flags.any(wire::kRst)) return Trigger::rst_exact;
  if (s.flags.any(wire::kAck)) {
    if (s.flags.any(wire::kSyn)) return Trigger::syn_ack;
    if (s.flags.any(wire::kFin)) return Trigger::fin;
    return s.payload.empty() ? Trigger::future_ack : Trigger::data;
  }
  return s.flags.any(wire::kSyn) ? Trigger::syn_in_window : Trigger::no_ack;
}

// RFC 9293 3.10.7.3.
Trigger in_syn_sent(const Hypothesis& h, const Segment& s) {
  if (s.flags.any(wire::kRst)) return Trigger::rst_exact;
  const bool acks = s.flags.any(wire::kAck);
  if (acks && !(after(s.ack, h.iss) && !after(s.ack, h.snd_nxt))) return Trigger::future_ack;
  if (s.flags.any(wire::kSyn)) return acks ? Trigger::syn_ack : Trigger::syn_in_window;
  if (s.flags.any(wire::kFin)) return Trigger::fin;
  return acks ? Trigger::data : Trigger::no_ack;
}

Trigger reset(const Hypothesis& h, const Segment& s, const Ignored& ignored, std::uint32_t slack) {
  if (s.seq == h.rcv_nxt) {
    if (h.state == State::syn_received && h.old) return Trigger::syn_old_duplicate;
    const auto ts = s.options.timestamps();
    const bool stale = h.timestamps && (!ts || before(SeqNum(ts->value), SeqNum(h.ts_recent)));
    // In SYN-RECEIVED nothing is said of timestamps, and nothing differs.
    return stale && kSynchronized.contains(h.state) ? Trigger::rst_paws_fail : Trigger::rst_exact;
  }
  const bool inside = in_window(s.seq, h.rcv_nxt, h.window(slack));
  if (inside && ignored.rst_range) return Trigger::rst_exact;
  return inside ? Trigger::rst_in_window : Trigger::rst_outside;
}

Trigger syn(const Hypothesis& h, const Segment& s, const Ignored& ignored, std::uint32_t slack) {
  if (s.flags.any(wire::kAck)) return Trigger::syn_ack;
  const auto ts = s.options.timestamps();
  if (!ignored.timestamps && kSynchronized.contains(h.state)) {
    if (h.timestamps && ts) {
      const std::int32_t newer = SeqNum(ts->value) - SeqNum(h.ts_recent);
      return newer > 0 ? Trigger::syn_ts_newer : newer == 0 ? Trigger::syn_ts_equal : Trigger::syn_ts_older;
    }
    if (h.timestamps) return Trigger::syn_no_ts;
    if (ts) return Trigger::syn_new_ts;
  }
  if (in_window(s.seq, h.rcv_nxt, h.window(slack))) return Trigger::syn_in_window;
  return before(s.seq, h.rcv_nxt) ? Trigger::syn_below : Trigger::syn_above;
}

// RFC 9293 3.4, table 6.
bool acceptable(const Hypothesis& h, const Segment& s, std::uint32_t slack) {
  const std::uint32_t window = h.window(slack);
  const std::uint32_t length = s.length();
  if (length == 0) return window == 0 ? s.seq == h.rcv_nxt : in_window(s.seq, h.rcv_nxt, window);
  return in_window(s.seq, h.rcv_nxt, window) || in_window(s.seq + (length - 1), h.rcv_nxt, window);
}

Trigger unacceptable(const Hypothesis& h, const Segment& s, std::uint32_t slack) {
  const bool fin = s.flags.any(wire::kFin);
  if (fin && h.peer_fin && end_of(s) == h.rcv_nxt) return Trigger::dup_fin;
  if (s.seq + 1 == h.rcv_nxt && s.payload.size() <= 1 && !fin) return Trigger::keepalive_probe;
  const bool at_closed_window = h.window(slack) == 0 && s.seq == h.rcv_nxt;
  if (fin && s.payload.empty() && at_closed_window && kReceiving.contains(h.state)) return Trigger::fin_edge;
  return Trigger::out_of_window;
}

// Text and FIN of an acceptable segment.
Trigger content(const Hypothesis& h, const Segment& s, std::uint32_t slack) {
  const bool fin = s.flags.any(wire::kFin);
  const bool acks_fin = h.fin_sent && s.ack == h.snd_nxt && !h.idle();
  if (!kReceiving.contains(h.state) && h.state != State::syn_received) {
    if (after(s.seq, h.rcv_nxt)) return Trigger::out_of_order;
    if (fin) return Trigger::phantom_fin;
    return acks_fin && h.state != State::time_wait ? Trigger::data_ack_fin : Trigger::data;
  }
  if (after(s.seq, h.rcv_nxt)) return fin ? Trigger::fin_out_of_order : Trigger::out_of_order;
  if (!fin) return acks_fin ? Trigger::data_ack_fin : Trigger::data;
  const std::uint32_t room = h.window(slack);
  if (!in_window(end_of(s) - 1, h.rcv_nxt, room)) return Trigger::fin_edge;
  const bool text = after(end_of(s) - 1, h.rcv_nxt);
  if (text) return Trigger::data_fin;
  return acks_fin && h.state == State::fin_wait_1 ? Trigger::fin_ack_fin : Trigger::fin;
}

// From where on an ACK is only old (RFC 5961 5.2). A stack may also refuse one of octets it has never sent.
SeqNum oldest_ack(const Hypothesis& h) {
  const SeqNum oldest = h.snd_una - h.max_snd_wnd;
  const Choices range = h.choices & Choices{Choice::any_old_ack, Choice::rfc5961_ack, Choice::sent_ack};
  const bool sent_only = range == Choices{Choice::sent_ack};
  return sent_only && before(oldest, h.iss + 1) ? h.iss + 1 : oldest;
}

}  // namespace

Trigger classify(const Hypothesis& h, const Segment& s, const Ignored& ignored, std::uint32_t slack) {
  if (!h.exists()) return without_connection(s);
  if (h.state == State::syn_sent) return in_syn_sent(h, s);
  if (s.flags.any(wire::kRst)) return reset(h, s, ignored, slack);
  if (s.flags.any(wire::kSyn)) return syn(h, s, ignored, slack);
  if (h.timestamps && !ignored.timestamps && kSynchronized.contains(h.state)) {
    const auto ts = s.options.timestamps();
    if (!ts) return Trigger::missing_ts;
    if (before(SeqNum(ts->value), SeqNum(h.ts_recent))) return Trigger::paws_fail;
  }
  if (!acceptable(h, s, slack)) return unacceptable(h, s, slack);
  if (!s.flags.any(wire::kAck)) return Trigger::no_ack;
  if (h.state == State::syn_received) {
    if (!after(s.ack, h.snd_una) || after(s.ack, h.snd_nxt)) return Trigger::future_ack;
    return s.length() == 0 ? Trigger::new_ack : content(h, s, slack);
  }
  if (after(s.ack, h.snd_nxt)) return Trigger::future_ack;
  if (!ignored.ack_range && before(s.ack, oldest_ack(h))) return Trigger::too_old_ack;
  if (s.length() > 0) return content(h, s, slack);
  if (after(s.ack, h.snd_una)) return h.fin_sent && s.ack == h.snd_nxt ? Trigger::ack_fin : Trigger::new_ack;
  // An ACK of our FIN once more.
  const bool fin_acked = h.fin_sent && s.ack == h.snd_nxt;
  if (fin_acked && (h.state == State::fin_wait_2 || h.state == State::time_wait)) return Trigger::ack_fin;
  return Trigger::old_ack;
}

}  // namespace finwait::model
