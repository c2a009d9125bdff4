// What the steps of a hypothesis share.
#include "harness/model/hypothesis.hpp"

#include <algorithm>

namespace finwait::model {

using namespace std::chrono_literals;
using wire::after;
using wire::before;

void PeerText::put(std::int32_t signed_place, wire::ByteView octets) {
  const auto below = static_cast<std::size_t>(std::max(-std::int64_t{signed_place}, std::int64_t{0}));
  octets = octets.subspan(std::min(below, octets.size()));
  const auto place = static_cast<std::uint32_t>(std::max(signed_place, 0));
  if (place >= kMost || octets.size() > kMost - place) return;
  if (octets_.size() < place + octets.size()) octets_.resize(place + octets.size(), kNothing);
  for (std::size_t i = 0; i < octets.size(); i++) {
    auto& here = octets_[place + i];
    here = here == kNothing || here == octets[i] ? octets[i] : kAny;
  }
}

bool PeerText::can_be(std::uint32_t place, wire::ByteView octets) const {
  for (std::size_t i = 0; i < octets.size(); i++) {
    if (place + i >= kMost) return true;
    if (place + i >= octets_.size()) return false;
    if (octets_[place + i] != kAny && octets_[place + i] != octets[i]) return false;
  }
  return true;
}

Offer offer_of(const Segment& syn) {
  Offer offer;
  offer.seen = true;
  offer.timestamps = syn.options.timestamps().has_value();
  offer.sack = syn.options.has_sack_permitted();
  offer.scale = syn.options.window_scale();
  const std::uint16_t fallback = syn.source.family == wire::Family::ipv4 ? 536 : 1220;  // RFC 9293 3.7.1
  offer.mss = syn.options.mss().value_or(fallback);
  offer.window = syn.window;
  return offer;
}

void agree(Hypothesis& h) {
  if (!h.peer_offer.seen || !h.own_offer.seen) return;
  h.timestamps = h.peer_offer.timestamps && h.own_offer.timestamps;
  h.sack = h.peer_offer.sack && h.own_offer.sack;
  const bool scaled = h.peer_offer.scale && h.own_offer.scale;
  constexpr std::uint8_t kMostShift = 14;  // RFC 7323 2.3
  h.peer_shift = scaled ? std::min(*h.peer_offer.scale, kMostShift) : std::uint8_t{0};
  h.own_shift = scaled ? std::min(*h.own_offer.scale, kMostShift) : std::uint8_t{0};
}

std::optional<Choices> applies(const Rule& rule, const Hypothesis& h, const Segment* s, Instant at) {
  const auto situation = [&]() -> bool {
    const auto acceptable = [&] {
      return s != nullptr && s->flags.any(wire::kAck) && after(s->ack, h.iss) && !after(s->ack, h.snd_nxt);
    };
    const auto acks_fin = [&] { return s != nullptr && h.fin_sent && s->ack == h.snd_nxt; };
    const auto inside = [&] { return s != nullptr && wire::in_window(s->seq, h.rcv_nxt, h.window(h.edge_slack)); };
    constexpr Duration kYoung = 2s;
    switch (rule.situation) {
      case Situation::always:
        return true;
      case Situation::nothing_queued:
        return !wire::before(h.snd_nxt, h.written_end());
      case Situation::text_queued:
        return wire::before(h.snd_nxt, h.written_end());
      case Situation::fin_queued:
        return h.fin_wanted && !h.fin_sent;
      case Situation::unread_text:
        return h.orphan && (h.unread() || h.urgent);
      case Situation::no_unread_text:
        return !h.orphan || !h.unread() || h.urgent;
      case Situation::held_acks_fin:
        return !h.orphan && acks_fin();
      case Situation::held_acks_no_fin:
        return !h.orphan && !acks_fin();
      case Situation::linger_zero:
        return h.linger_zero;
      case Situation::orphan:
        return h.orphan;
      case Situation::held:
        return !h.orphan;
      case Situation::passive:
        return !h.active;
      case Situation::active:
        return h.active;
      case Situation::completes_handshake:
        return s != nullptr && s->flags.any(wire::kAck) && s->ack == h.snd_nxt;
      case Situation::ack_acceptable:
        return acceptable();
      case Situation::ack_unacceptable:
        return !acceptable();
      case Situation::acks_fin:
        return acks_fin();
      case Situation::acks_no_fin:
        return !acks_fin();
      case Situation::after_last_seq:
        return s != nullptr && !before(s->seq, h.rcv_nxt);
      case Situation::not_after_last_seq:
        return s != nullptr && before(s->seq, h.rcv_nxt);
      case Situation::in_window:
        return inside();
      case Situation::outside_window:
        return !inside();
      case Situation::young:
        return at.earliest - h.time_wait_last.latest < kYoung;
      case Situation::old:
        return at.latest - h.time_wait_first.earliest >= kYoung;
      case Situation::from_time_wait:
        return h.old != nullptr;
    }
    return false;
  };
  if (!situation()) return std::nullopt;
  return h.choices.narrowed(rule.choice);
}

void delete_connection(Hypothesis& h, End end) {
  h.end = end;
  h.state = h.listens ? State::listen : State::closed;
  for (Due& due : h.due) due.optional = true;
  h.held.clear();
  h.resending = {};
  h.keepalive.on = false;
  h.send_by.reset();
}

void enter(Hypothesis& h, State next, Instant at, const Rule* rule) {
  if (next == h.state) return;
  const bool opens = next == State::established;
  if (h.state == State::syn_received && h.fin_wanted) {  // by a CLOSE with text queued (RFC 9293 3.10.4)
    if (opens) next = State::fin_wait_1;
    if (next == State::close_wait) next = State::closing;
  }
  h.moved_by = rule;
  h.state = next;
  if (next == State::time_wait) {
    h.time_wait_first = h.time_wait_last = at;
    h.resending = {};
  }
  if (next == State::fin_wait_2) {
    h.fin_wait_2_since = at;
    h.resending = {};
  }
  if (opens) {
    h.resending = {};
    h.old.reset();
    h.keepalive.since = at;
  }
}

bool tells_window(const Hypothesis& h, const Segment& s) {
  const bool newer =
      before(h.snd_wl1, s.seq) || (h.snd_wl1 == s.seq && !after(h.snd_wl2, s.ack)) || h.state == State::syn_received;
  return newer && !before(s.ack, h.snd_una) && !after(s.ack, h.snd_nxt);
}

void take_ack(Hypothesis& h, const Segment& s, Instant at) {
  if (!s.flags.any(wire::kAck) || after(s.ack, h.snd_nxt)) return;
  const std::uint32_t window = std::uint32_t{s.window} << h.peer_shift;
  if (after(s.ack, h.snd_una)) {
    h.snd_una = s.ack;
    h.duplicate_acks = 0;
    const Duration backed_off = std::max(h.resending.backed_off, 2 * h.resending.last_most);
    const Instant before = h.resending.on ? h.resending.since : at;
    const auto recover = h.resending.recover;
    const SeqNum resent = h.resending.resent;
    h.resending = {};
    h.resending.backed_off = backed_off;
    if (recover && wire::before(s.ack, *recover)) {
      h.resending.recover = recover;
      h.resending.resent = resent;
    }
    if (!h.idle()) {
      h.resending.on = true;
      // From this ACK (RFC 6298 5.3), or from when the octets that are left were sent.
      h.resending.since = {before.earliest, at.latest};
      h.resending.first = at.latest;
    }
  } else if (s.ack == h.snd_una && s.length() == 0 && !h.idle()) {
    h.duplicate_acks++;
  }
  if (tells_window(h, s)) {
    h.snd_wnd = window;
    h.snd_wl1 = s.seq;
    h.snd_wl2 = s.ack;
    h.max_snd_wnd = std::max(h.max_snd_wnd, window);
  }
  if (after(s.ack + window, h.snd_edge)) h.snd_edge = s.ack + window;
  // Whatever comes while the window is closed answers its probes.
  if (h.resending.closed_window) {
    h.resending.first = at.latest;
    h.resending.since.latest = at.latest;  // and may set the timer anew
  }
}

void owe(const Context& context, Hypothesis& h, Reply reply, const Segment* s, Instant at, const Rule* rule) {
  Due due;
  due.reply = reply;
  due.since = at;
  due.latest = at.latest + kPrompt;
  due.rule = rule;
  switch (reply) {
    case Reply::ack_at_once:
    case Reply::ack_soon:
    case Reply::ack_trimmed:
    case Reply::rst_now:
    case Reply::rst_any:
    case Reply::ack_beyond_fin:
    case Reply::syn_ack:
    case Reply::syn_ack_again:
    case Reply::syn_ack_new:
      break;
    case Reply::maybe_ack_now:
      due.optional = true;
      break;
    case Reply::again:
      if (s == nullptr) return;  // a timer's: what expect_output() sees to
      [[fallthrough]];
    case Reply::ack_now:
    case Reply::challenge:
      // Throttling: silence is allowed after the first (RFC 5961 7; 3.10.7.4 for the others in practice).
      due.optional = h.answered && at.earliest - *h.answered < context.profile.challenge_throttle;
      h.answered = at.latest;
      break;
    case Reply::rst_for_ack:
    case Reply::rst_for_ack_or_now:
      due.seq = s != nullptr ? s->ack : SeqNum{};
      break;
    case Reply::rst_for_ack_or_drop:
      due.seq = s != nullptr ? s->ack : SeqNum{};
      due.optional = true;
      break;
    case Reply::rst_for_segment:
      due.ack = s != nullptr ? s->seq + s->length() : SeqNum{};
      break;
    default:
      return;  // nothing on the wire, or what expect_output() sees to
  }
  if (s != nullptr && reply == Reply::rst_any) {
    due.seq = s->ack;
    due.ack = s->seq + s->length();
  }
  h.due.push_back(due);
}

Duration longest_rto(const Context& context) {
  // RFC 6298 2.2, 2.3: RTO = SRTT + 4 RTTVAR, which no sample makes more than five times the longest.
  Duration longest = std::max(context.profile.rto_initial, 5 * context.longest_rtt);
  if (context.syn_lost) longest = std::max<Duration>(longest, 3s);  // 5.7
  return longest;
}

void expect_output(const Context& context, Hypothesis& h, Instant at, const Rule* rule) {
  constexpr StateSet kSending{State::established, State::close_wait, State::fin_wait_1, State::closing,
                              State::last_ack};
  Resending& again = h.resending;
  if (!kSending.contains(h.state) || !h.iss_known) {
    h.send_by.reset();
    return;
  }
  const std::int32_t room = (h.snd_una + h.snd_wnd) - h.snd_nxt;
  const std::int32_t text = h.written_end() - h.snd_nxt;
  if (!h.idle()) {
    h.send_by.reset();  // Nagle, congestion: what is outstanding may hold the rest back
    const bool probing = again.on && again.closed_window && room < 0;  // with what is outstanding
    if (!probing && (!again.on || again.closed_window)) {
      const Duration backed_off = again.backed_off;
      again = {};
      again.on = true;
      again.since = at;
      again.first = at.latest;
      again.backed_off = backed_off;
    }
  } else if (!h.unsent()) {
    h.send_by.reset();
    again.on = false;
  } else if (room <= 0) {
    h.send_by.reset();
    if (!again.on || !again.closed_window) {
      const Duration backed_off = again.backed_off;
      again = {};
      again.on = again.closed_window = true;
      again.backed_off = backed_off;
      again.since = at;
      again.first = at.latest;
    }
  } else {
    again.on = false;
    again.closed_window = false;
    const bool worth = room >= std::min<std::int32_t>(text, h.peer_offer.mss);  // silly windows: RFC 9293 3.8.6.2.1
    if (worth && !h.send_by) {
      h.send_by = at.latest + kPrompt;
      h.send_rule = rule;
    }
  }
  (void)context;
}

bool keepalive_applies(const Hypothesis& h) {
  const bool right_state =
      h.state == State::established || h.state == State::close_wait || (h.state == State::fin_wait_2 && !h.orphan);
  return h.keepalive.on && right_state;
}

}  // namespace finwait::model
