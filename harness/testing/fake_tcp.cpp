#include "harness/testing/fake_tcp.hpp"

#include <algorithm>
#include <utility>

#include "harness/wire/codec.hpp"

namespace finwait::testing {

using namespace std::chrono_literals;
using wire::Segment;

namespace {

std::uint16_t peer_mss(const Segment& syn) {
  const std::uint16_t fallback = syn.source.family == wire::Family::ipv4 ? 536 : 1220;  // RFC 9293 3.7.1
  return std::max<std::uint16_t>(syn.options.mss().value_or(fallback), 64);
}

// RFC 7323 7.1: another one for every pair of endpoints, and the same for its next incarnation, so that its clock goes
// on.
std::uint32_t timestamp_offset(const Endpoint& local, const Endpoint& peer) {
  std::uint32_t hash = 2166136261U;
  const auto mix = [&hash](std::uint32_t octet) { hash = (hash ^ octet) * 16777619U; };
  for (const Endpoint& end : {local, peer}) {
    for (const std::uint8_t octet : end.address.octets) mix(octet);
    mix(wire::number(end.port) >> 8U);
    mix(wire::number(end.port) & 0xffU);
  }
  return hash >> 2U;
}

}  // namespace

FakeTcp::FakeTcp(const engine::Waiter& clock, const model::Profile& profile, Defects defects, Emit emit)
    : settings{profile.keepalive_idle, profile.keepalive_interval, profile.keepalive_count, 60s},
      clock_(clock),
      profile_(profile),
      defects_(std::move(defects)),
      emit_(std::move(emit)) {
  if (has(Defect::keepalive_default_too_short)) settings.keepalive_idle = 600s;
}

// RFC 9293 3.4.1: a clock of 4 us, and something that differs between connections and not between incarnations of one.
SeqNum FakeTcp::new_iss(const Endpoint& local, const Endpoint& peer) const {
  if (has(Defect::iss_constant)) return SeqNum(1000);
  const auto ticks = static_cast<std::uint32_t>(now().time_since_epoch() / 4us);
  const std::uint32_t offset = timestamp_offset(local, peer) * 2654435761U;
  return SeqNum(offset + (has(Defect::iss_falls) ? 0U - ticks : ticks));
}

FakeTcp::TcbPtr FakeTcp::make_tcb(const Endpoint& local, const Endpoint& peer) {
  auto tcb = std::make_shared<Tcb>();
  tcb->id = ++opened_;
  tcb->local = local;
  tcb->peer = peer;
  tcb->iss = tcb->snd_una = tcb->snd_nxt = new_iss(local, peer);
  tcb->ts_offset = timestamp_offset(local, peer);
  tcb->rto = profile_.rto_initial;
  tcb->waiting_since = now();
  tcb->keepalive.idle = settings.keepalive_idle;
  tcb->keepalive.interval = settings.keepalive_interval;
  tcb->keepalive.count = settings.keepalive_count;
  connections_[{local, peer}] = tcb;
  return tcb;
}

void FakeTcp::settle(const TcbPtr& tcb) {
  std::erase_if(tcb->waiting, [](const auto& attempt) { return attempt(); });
  if (tcb->state == TcpState::closed) {
    tcb->stop_timers();
    const auto found = connections_.find({tcb->local, tcb->peer});
    if (found != connections_.end() && found->second == tcb) connections_.erase(found);
  }
  std::optional<TimePoint> due;
  for (const auto& at : {tcb->rto_at, tcb->end_at, tcb->ack_at, tcb->fin_at, tcb->keepalive.at, tcb->linger_at}) {
    if (at && (!due || *at < *due)) due = at;
  }
  if (due == tcb->due) return;
  if (tcb->due) due_.erase({*tcb->due, tcb->id});
  if (due) due_.emplace(std::pair{*due, tcb->id}, tcb);
  tcb->due = due;
}

void FakeTcp::packet(ByteView octets) {
  const auto parsed = wire::parse(octets);
  if (!parsed && parsed.error().kind == wire::ParseError::Kind::not_tcp) return icmp_arrives(octets);
  if (!parsed || !parsed->ip_checksum_ok || !parsed->tcp_checksum_ok) return;
  const Segment& segment = parsed->segment;
  if (wire::is_multicast(segment.destination) && !has(Defect::multicast_syn_answered)) return;  // MUST-57
  const Endpoint local{segment.destination, segment.destination_port};
  const auto found = connections_.find({local, {segment.source, segment.source_port}});
  if (found != connections_.end()) {
    arrives(TcbPtr(found->second), segment);
  } else if (listeners_.contains(local)) {
    listener_arrives(segment);
  } else {
    no_connection(segment);
  }
}

// RFC 9293 3.10.7.1.
void FakeTcp::no_connection(const Segment& segment) {
  if (segment.flags.any(wire::kRst) && !has(Defect::closed_answers_rst)) return;
  if (has(Defect::closed_silent)) return;
  emit_rst_for(segment);
}

// RFC 9293 3.10.7.2.
void FakeTcp::listener_arrives(const Segment& segment) {
  if (segment.flags.any(wire::kRst)) {
    if (has(Defect::listen_answers_rst)) emit_rst_for(segment);
  } else if (segment.flags.any(wire::kAck)) {
    if (!has(Defect::listen_ignores_ack)) emit_rst_for(segment);
  } else if (segment.flags.any(wire::kSyn)) {
    const Listener& listener = listeners_.at({segment.destination, segment.destination_port});
    if (listener.ready.size() > listener.backlog) {  // the peer has to try again
      if (has(Defect::full_queue_resets)) emit_rst_for(segment);
      return;
    }
    const Endpoint local{segment.destination, segment.destination_port};
    passive_open(segment, new_iss(local, {segment.source, segment.source_port}), nullptr);
  } else if (has(Defect::listen_answers_bare_fin)) {
    emit_rst_for(segment);
  }
}

// Text and FIN that come with a SYN are left to be sent again; nothing acknowledges them.
void FakeTcp::passive_open(const Segment& syn, SeqNum iss, const TcbPtr& old_incarnation) {
  auto tcb = make_tcb({syn.destination, syn.destination_port}, {syn.source, syn.source_port});
  tcb->old_incarnation = old_incarnation;
  tcb->iss = tcb->snd_una = tcb->snd_nxt = iss;
  tcb->irs = syn.seq;
  tcb->rcv_nxt = syn.seq + 1;
  tcb->rcv_edge = tcb->rcv_nxt;  // nothing is told yet
  tcb->mss = peer_mss(syn);
  tcb->snd_wnd = tcb->max_snd_wnd = syn.window;
  tcb->snd_wl1 = syn.seq;
  offered_timestamps(*tcb, syn, now());
  tcb->state = TcpState::syn_received;
  tcb->snd_nxt += 1;
  tcb->timed = {tcb->iss, now()};
  emit_syn(*tcb);
  if (!has(Defect::syn_ack_not_retransmitted)) arm_rto(*tcb);
  settle(tcb);
}

void FakeTcp::established(Tcb& tcb) {
  tcb.state = tcb.fin_wanted ? TcpState::fin_wait_1 : TcpState::established;  // closed in SYN-RECEIVED
  tcb.old_incarnation.reset();
  if (tcb.retries > 0) tcb.rto = std::max<Duration>(profile_.rto_min, 3s);  // RFC 6298 5.7
  tcb.retries = 0;
  tcb.heard = now();
  tcb.rto_at.reset();
  if (has(Defect::keepalive_on_by_default)) tcb.keepalive.on = true;
  if (tcb.keepalive.on) tcb.keepalive.at = now() + tcb.keepalive.idle;
  const auto listener = tcb.active ? listeners_.end() : listeners_.find(tcb.local);
  if (listener != listeners_.end()) listener->second.ready.push_back(connections_.at({tcb.local, tcb.peer}));
}

void FakeTcp::drop(Tcb& tcb, int error) {
  tcb.state = TcpState::closed;
  if (error != 0) tcb.error = error;
  tcb.queue.clear();
  if (error != 0) tcb.unread.clear();  // 3.10.7.4: all segment queues are flushed
  tcb.held.clear();
  tcb.stop_timers();
}

bool FakeTcp::listen(const Endpoint& local, target::ListenOptions options) {
  const bool used = std::ranges::any_of(connections_, [&](const auto& one) { return one.first.first == local; });
  if (used && (options.reuse ? has(Defect::reuse_refused) : !has(Defect::reuse_unasked))) return false;
  const auto [listener, fresh] = listeners_.try_emplace(local);
  if (fresh) listener->second.backlog = static_cast<std::size_t>(options.backlog);
  return fresh;
}

// What nobody has accepted is reset with it.
void FakeTcp::unlisten(const Endpoint& local) {
  const auto listener = listeners_.find(local);
  if (listener == listeners_.end()) return;
  std::vector<TcbPtr> orphans;
  for (const auto& [key, tcb] : connections_) {
    const bool embryonic = tcb->state == TcpState::syn_received && !tcb->active;
    if (key.first == local && embryonic) orphans.push_back(tcb);
  }
  if (!has(Defect::listener_close_forgets_connections)) {
    orphans.insert(orphans.end(), listener->second.ready.begin(), listener->second.ready.end());
  }
  listeners_.erase(listener);
  for (const auto& tcb : orphans) abort(tcb);
}

FakeTcp::TcbPtr FakeTcp::accept(const Endpoint& local, const Endpoint& peer) {
  const auto listener = listeners_.find(local);
  if (listener == listeners_.end()) return nullptr;
  auto& ready = listener->second.ready;
  const auto found = std::ranges::find(ready, peer, [](const TcbPtr& tcb) { return tcb->peer; });
  if (found == ready.end()) return nullptr;
  TcbPtr tcb = *found;
  ready.erase(found);
  return tcb;
}

void FakeTcp::wait_at(const Endpoint& local, std::function<bool()> attempt) {
  const auto listener = listeners_.find(local);
  if (listener != listeners_.end()) listener->second.waiting.push_back(std::move(attempt));
}

void FakeTcp::wake_listener(const Endpoint& local) {
  const auto listener = listeners_.find(local);
  if (listener == listeners_.end()) return;
  std::erase_if(listener->second.waiting, [](const auto& attempt) { return attempt(); });
}

FakeTcp::TcbPtr FakeTcp::connect(const wire::Address& local, const Endpoint& peer, std::optional<wire::Port> chosen) {
  const auto next_port = [this] {
    const wire::Port port{next_port_};
    next_port_ = next_port_ == 60999 ? std::uint16_t{32768} : static_cast<std::uint16_t>(next_port_ + 1);
    return port;
  };
  // An OPEN of what there is already is an error (3.10.1).
  const auto taken = [&](wire::Port port) { return connections_.contains({{local, port}, peer}); };
  if (chosen && taken(*chosen) && !has(Defect::opens_again)) return nullptr;
  wire::Port port = chosen ? *chosen : next_port();
  while (!chosen && taken(port)) port = next_port();
  auto tcb = make_tcb({local, port}, peer);
  tcb->active = true;
  tcb->state = TcpState::syn_sent;
  tcb->snd_nxt += 1;
  tcb->timed = {tcb->iss, now()};
  emit_syn(*tcb);
  if (!has(Defect::syn_not_retransmitted)) arm_rto(*tcb);
  settle(tcb);
  return tcb;
}

// RFC 9293 3.10.7.3.
void FakeTcp::arrives_syn_sent(Tcb& tcb, const Segment& segment) {
  const bool acks = segment.flags.any(wire::kAck);
  const bool ack_ok = acks && wire::after(segment.ack, tcb.iss) && !wire::after(segment.ack, tcb.snd_nxt);
  if (segment.flags.any(wire::kRst)) {
    const bool taken = has(Defect::syn_sent_takes_bare_rst) ? true : ack_ok && !has(Defect::syn_sent_ignores_rst);
    if (taken) drop(tcb, has(Defect::syn_sent_rst_is_timeout) ? ETIMEDOUT : ECONNREFUSED);
    return;
  }
  if (acks && !ack_ok) {
    if (!has(Defect::syn_sent_bad_ack_silent)) emit_rst_for(segment);
    return;
  }
  if (has(Defect::syn_sent_takes_fin) && segment.flags.any(wire::kFin)) return drop(tcb, ECONNRESET);
  if (!segment.flags.any(wire::kSyn) || (!acks && has(Defect::simultaneous_open_broken))) return;
  tcb.irs = segment.seq;
  tcb.rcv_nxt = segment.seq + 1;
  tcb.rcv_edge = tcb.rcv_nxt + tcb.room();  // our SYN has told it
  offered_timestamps(tcb, segment, now());
  tcb.mss = peer_mss(segment);
  tcb.snd_wnd = tcb.max_snd_wnd = segment.window;
  tcb.snd_wl1 = segment.seq;
  if (!acks) {  // simultaneous open
    tcb.state = TcpState::syn_received;
    return emit_syn(tcb);
  }
  sample_rtt(tcb, segment.ack);
  tcb.snd_una = tcb.snd_wl2 = segment.ack;
  tcb.syn_acked = true;
  established(tcb);
  emit_ack(tcb);
  push(tcb);
}

}  // namespace finwait::testing
