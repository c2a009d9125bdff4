#include "harness/run/peer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "harness/run/scenario.hpp"
#include "harness/wire/codec.hpp"

namespace finwait::run {

using namespace std::chrono_literals;

namespace {

// A packet is stamped by the kernel a moment before it can be read: a deadline is declared missed only after this.
constexpr Duration kStampLag = 1ms;
// Beyond this lateness of our own loop, silence proves nothing about the target.
constexpr Duration kLateLoop = 10ms;

// Which segment it is, whatever the numbers count from: a path treats it alike in each run.
std::uint64_t which(const wire::Segment& segment, wire::SeqNum first, wire::SeqNum first_of_other) {
  constexpr std::uint64_t kPlace = 0xffffff;
  const auto place = [](wire::SeqNum number, wire::SeqNum from) {
    return static_cast<std::uint64_t>(static_cast<std::uint32_t>(number - from)) & kPlace;
  };
  return std::uint64_t{segment.flags.bits} | place(segment.seq, first) << 8U |
         place(segment.ack, first_of_other) << 32U | static_cast<std::uint64_t>(segment.payload.size() & 0xffU) << 56U;
}

}  // namespace

std::string Window::to_string() const {
  if (earliest <= Duration{0}) return fmt::format("within {:.3f} s", seconds(latest));
  return fmt::format("{:.3f} .. {:.3f} s", seconds(earliest), seconds(latest));
}

Peer::Peer(Scenario& scenario, wire::Endpoint local, wire::Endpoint target, wire::SeqNum iss, Meets meets)
    : scenario_(scenario),
      meets_(meets),
      local_(local),
      target_(target),
      iss_(iss),
      snd_nxt_(iss),
      snd_una_(iss),
      connection_(scenario.transcript().add_connection({local, target, iss, wire::SeqNum{0}})),
      oracle_(
          scenario.profile(),
          {.listens = meets == Meets::listener, .judges = scenario.judges() && meets != Meets::nobody, .transit = {}}) {
  const TimePoint now = scenario.loop().now();
  last_event_ = {now, now};
  ts_origin_ = now;
}

std::uint32_t Peer::ts_now() const {
  // Any value will do to begin with (RFC 7323 5.4); the initial sequence number makes it differ between connections.
  const auto elapsed = static_cast<std::uint64_t>((scenario_.loop().now() - ts_origin_) / 1ms);
  return static_cast<std::uint32_t>(elapsed + iss_.value() * 2654435761ULL);
}

Instant Peer::send(const wire::Spec& spec) {
  scenario_.catch_up();
  wire::Segment segment;
  segment.source = local_.address;
  segment.destination = target_.address;
  segment.source_port = local_.port;
  segment.destination_port = target_.port;
  segment.flags = spec.flags();
  segment.seq = spec.seq().value_or(snd_nxt_);
  if (spec.ack()) {
    segment.ack = *spec.ack();
  } else if (spec.flags().has(wire::kAck)) {
    segment.ack = rcv_nxt_;
  }
  segment.window = spec.window().value_or(rcv_wnd_);
  segment.urgent = spec.urgent().value_or(0);
  segment.hop_limit = spec.hop_limit().value_or(64);
  if (spec.options()) {
    segment.options = *spec.options();
  } else if (timestamps_ && !spec.flags().any(wire::kSyn)) {
    segment.options.nop().nop().timestamps(ts_now(), ts_seen_);
  }
  if (spec.payload()) segment.payload = *spec.payload();

  auto packet = wire::craft(segment);
  if (packet && !spec.patch().empty()) {
    auto patched = wire::apply(spec.patch(), *packet);
    if (!patched) scenario_.broken(patched.error());
  }
  if (!packet) scenario_.broken(packet.error());
  const Instant sent = transmit({segment, std::move(*packet), !spec.patch().empty()});
  if (segment.seq == snd_nxt_) snd_nxt_ += segment.length();
  remember(segment);
  last_event_ = sent;
  return sent;
}

Instant Peer::put_on_link(const Outgoing& outgoing) {
  scenario_.catch_up();
  const auto sent = scenario_.link().send(outgoing.packet);
  if (!sent) scenario_.broken(sent.error());
  const auto entry = scenario_.transcript().packet(link::Direction::to_target, connection_, *sent, outgoing.packet);
  if (!outgoing.patched) {
    oracle_.sent(outgoing.segment, *sent, entry);
  } else if (const auto patched = wire::parse(outgoing.packet);
             patched && patched->tcp_checksum_ok && patched->ip_checksum_ok) {
    oracle_.sent(patched->segment, *sent, entry);  // what is malformed no target may look at
  }
  return *sent;
}

void Peer::impair(const link::Impairment& impairment) {
  there_.emplace(impairment, scenario_.random());
  back_.emplace(impairment, scenario_.random());
}

void Peer::heal() {
  there_.reset();
  back_.reset();
}

Instant Peer::transmit(const Outgoing& outgoing) {
  if (!there_) return put_on_link(outgoing);
  const TimePoint now = scenario_.loop().now();
  land();
  const auto copies = there_->carry(which(outgoing.segment, iss_, irs_));
  if (copies.empty()) scenario_.note("lost on its way to the target: " + wire::describe(outgoing.segment, iss_, irs_));
  for (const Duration delay : copies) {
    if (delay > Duration{0}) {
      start(transmit_later(outgoing, delay));
    } else {
      put_on_link(outgoing);
    }
  }
  return {now, now};
}

Task<> Peer::transmit_later(Outgoing outgoing, Duration delay) {
  co_await engine::sleep_for(scenario_.loop(), delay);
  put_on_link(outgoing);
}

void Peer::land() {
  const auto landed = std::ranges::partition(flights_, [](const Task<>& flight) { return !flight.done(); });
  std::vector<Task<>> done(std::make_move_iterator(landed.begin()), std::make_move_iterator(landed.end()));
  flights_.erase(landed.begin(), landed.end());
  for (Task<>& flight : done) flight.take();
}

void Peer::start(Task<> flight) {
  flights_.push_back(std::move(flight));
  flights_.back().start();
}

void Peer::arrive(Received received) {
  if (received.segment.flags.has(wire::kSyn)) greet(received.segment);
  if (const auto timestamps = received.segment.options.timestamps()) ts_seen_ = timestamps->value;
  inbox_.push_back(std::move(received));
  if (waiting_ != nullptr) waiting_->wake();
}

Task<> Peer::arrive_later(Received received, Duration delay) {
  co_await engine::sleep_for(scenario_.loop(), delay);
  const TimePoint now = scenario_.loop().now();
  received.at = {now, now};
  arrive(std::move(received));
}

void Peer::remember(const wire::Segment& sent) {
  const auto timestamps = sent.options.timestamps();
  if (timestamps) {
    ts_sent_ = timestamps->value;
    if (!ts_first_) ts_first_ = ts_sent_;
  }
  if (sent.flags.has(wire::kSyn)) {
    scaling_ = sent.options.window_scale().has_value();
    last_syn_ = sent.seq;
    ts_offered_ = timestamps.has_value();
    if (sent.flags.has(wire::kAck)) agree();
  }
  if (sent.flags.any(wire::kRst)) return;
  max_rcv_wnd_ = std::max<std::uint32_t>(max_rcv_wnd_, sent.window);
  // An ACK counts only in a segment that the target does not drop for its SEQ, and only for what has been sent.
  const wire::SeqNum end = sent.seq + sent.length();
  const bool acceptable = !wire::before(end, snd_una_) && !wire::after(sent.seq, snd_una_ + snd_wnd_);
  const bool newer = wire::after(sent.ack, acked_) && !wire::after(sent.ack, rcv_nxt_);
  if (sent.flags.has(wire::kAck) && acceptable && newer) acked_ = sent.ack;
}

// The target's numbers count from its SYN from the first look on, whatever the case makes of it; and anew from that of
// another incarnation, which answers our last SYN (RFC 9293 3.6.1, MAY-2).
void Peer::greet(const wire::Segment& syn) {
  const bool answers = last_syn_ && syn.flags.has(wire::kAck) && syn.ack == *last_syn_ + 1;
  const bool anew = met_ && answers && syn.seq != irs_;
  if (anew) snd_una_ = *last_syn_, snd_nxt_ = *last_syn_ + 1;
  if (!met_) scenario_.transcript().connection(connection_).target_iss = syn.seq;
  if (!met_ || anew) {
    irs_ = rcv_nxt_ = acked_ = syn.seq;
    ts_asked_ = syn.options.timestamps().has_value();
    agreed_ = false;
  }
  met_ = true;
  if (answers) agree();
}

// Both SYNs are known. Later ones, which a case may send, change nothing.
void Peer::agree() {
  if (!std::exchange(agreed_, met_)) timestamps_ = ts_asked_ && ts_offered_;
}

void Peer::deliver(Received received) {
  oracle_.received(received.segment, received.at, received.entry);
  if (!back_) return arrive(std::move(received));
  const auto copies = back_->carry(which(received.segment, irs_, iss_));
  if (copies.empty()) scenario_.note("lost on its way to the peer: " + wire::describe(received.segment, irs_, iss_));
  for (const Duration delay : copies) {
    if (delay > Duration{0}) {
      start(arrive_later(received, delay));
    } else {
      arrive(received);
    }
  }
}

void Peer::give_up() {
  if (!met_) return;
  wire::Segment reset;
  reset.source = local_.address;
  reset.destination = target_.address;
  reset.source_port = local_.port;
  reset.destination_port = target_.port;
  reset.flags = wire::kRst;
  // What we have sent last it may have taken or not; only a reset at its RCV.NXT is believed (RFC 5961 3.2).
  reset.seq = snd_una_;
  if (const auto packet = wire::craft(reset)) (void)scenario_.link().send(*packet);
  if (snd_una_ == snd_nxt_) return;
  reset.seq = snd_nxt_;
  if (const auto packet = wire::craft(reset)) (void)scenario_.link().send(*packet);
}

void Peer::meet(wire::Port target_port) {
  target_.port = target_port;
  scenario_.transcript().connection(connection_).target.port = target_port;
}

Received Peer::take() {
  Received first = std::move(inbox_.front());
  inbox_.erase(inbox_.begin());
  return first;
}

std::vector<Received> Peer::take_all() {
  std::vector<Received> all = std::exchange(inbox_, {});
  for (const Received& one : all) {
    learn(one.segment);
    last_event_ = one.at;
  }
  return all;
}

void Peer::learn(const wire::Segment& segment) {
  if (!segment.flags.any(wire::kRst)) {
    const wire::SeqNum end = segment.seq + segment.length();
    if (!wire::after(segment.seq, rcv_nxt_) && wire::after(end, rcv_nxt_)) rcv_nxt_ = end;
    if (segment.flags.has(wire::kAck) && wire::after(segment.ack, snd_una_)) snd_una_ = segment.ack;
    if (segment.flags.has(wire::kSyn)) {
      snd_wnd_shift_ = segment.options.window_scale().value_or(0);
      snd_wnd_ = segment.window;
    } else {
      snd_wnd_ = std::uint32_t{segment.window} << (scaling_ ? snd_wnd_shift_ : 0);
    }
  }
}

void Peer::refuse(const Received& received, const std::string& summary, std::vector<Alternative> allowed,
                  std::string_view requirement, const wire::Spec* spec, const model::Figure* figure) {
  scenario_.transcript().mark_unexplained(received.entry);
  Finding finding;
  finding.summary = summary;
  finding.allowed = std::move(allowed);
  finding.seen = fmt::format("{}, {:.6f} s after the last event", wire::describe(received.segment, irs_, iss_),
                             seconds(std::max(Duration{0}, received.at.latest - last_event_.earliest)));
  if (spec != nullptr) finding.detail = wire::render(wire::diff(*spec, expected(), received.segment));
  finding.violated = requirement;
  finding.figure = figure;
  throw CaseEnded(std::move(finding));
}

void Peer::judge_time(const Window& window, Instant anchor, const wire::Spec& spec, const Received& received,
                      std::string_view requirement) {
  const Elapsed delay = finwait::between(anchor, received.at);
  const bool surely_early = delay.most < window.earliest;
  const bool surely_late = delay.least > window.latest;
  const bool maybe_early = delay.least < window.earliest;
  const bool maybe_late = delay.most > window.latest;
  if (!maybe_early && !maybe_late) return;

  Finding finding;
  finding.allowed.push_back({wire::describe(spec, expected()), window.explained(), std::string(requirement)});
  finding.figure = window.figure;
  finding.seen = fmt::format("{}, after {:.6f} s", wire::describe(received.segment, irs_, iss_), seconds(delay.most));
  const Duration lateness = scenario_.loop().lateness_since(anchor.latest);
  const Duration overshoot = delay.least - window.latest;
  if (surely_early || (surely_late && overshoot > lateness)) {
    scenario_.transcript().mark_unexplained(received.entry);
    finding.summary = surely_early ? "the right segment came too early" : "the right segment came too late";
    finding.violated = requirement;
  } else {
    finding.kind = Finding::Kind::inconclusive;
    finding.summary = fmt::format(
        "the time cannot be judged: it is known to {:.3f} ms and the harness itself was up to {:.3f} ms late",
        seconds(received.at.uncertainty() + anchor.uncertainty()) * 1e3, seconds(lateness) * 1e3);
  }
  throw CaseEnded(std::move(finding));
}

void Peer::nothing_came(const Window& window, Instant anchor, const wire::Spec& spec, std::string_view requirement) {
  const Duration lateness = scenario_.loop().lateness_since(anchor.latest);
  Finding finding;
  finding.allowed.push_back({wire::describe(spec, expected()), window.explained(), std::string(requirement)});
  finding.figure = window.figure;
  finding.seen = fmt::format("nothing for {:.3f} s", seconds(scenario_.loop().now() - anchor.latest));
  if (lateness > kLateLoop) {
    finding.kind = Finding::Kind::inconclusive;
    finding.summary = fmt::format("nothing came, but the harness itself was {:.1f} ms late", seconds(lateness) * 1e3);
  } else {
    finding.summary = "the target sent nothing where it had to";
    finding.violated = requirement;
    const TimePoint now = scenario_.loop().now();
    auto& transcript = scenario_.transcript();
    transcript.mark_unexplained(transcript.note({now, now}, "nothing came: " + wire::describe(spec, expected())));
  }
  throw CaseEnded(std::move(finding));
}

Peer::Expect::Expect(Peer& peer, wire::Spec spec, Window window, std::string_view requirement)
    : peer_(peer),
      spec_(std::move(spec)),
      window_(std::move(window)),
      requirement_(requirement.empty() ? peer.scenario_.main_requirement() : requirement),
      anchor_(window_.after.value_or(peer.last_event_)),
      waker_(peer.scenario_.loop()) {}

Peer::Expect::~Expect() {
  if (peer_.waiting_ == &waker_) peer_.waiting_ = nullptr;
}

void Peer::Expect::await_suspend(std::coroutine_handle<> handle) {
  peer_.waiting_ = &waker_;
  waker_.arm(handle, anchor_.latest + window_.latest + kStampLag);
}

Received Peer::Expect::await_resume() {
  peer_.waiting_ = nullptr;
  if (peer_.inbox_.empty()) peer_.nothing_came(window_, anchor_, spec_, requirement_);
  Received received = peer_.take();
  if (!wire::matches(spec_, peer_.expected(), received.segment)) {
    peer_.refuse(received, "the target sent another segment than it had to",
                 {{wire::describe(spec_, peer_.expected()), window_.explained(), std::string(requirement_)}},
                 requirement_, &spec_, window_.figure);
  }
  peer_.judge_time(window_, anchor_, spec_, received, requirement_);
  peer_.learn(received.segment);
  peer_.last_event_ = received.at;
  return received;
}

Peer::Quiet::Quiet(Peer& peer, Duration duration, std::string_view requirement)
    : peer_(peer),
      duration_(duration),
      until_(peer.scenario_.loop().now() + duration),
      requirement_(requirement.empty() ? peer.scenario_.main_requirement() : requirement),
      waker_(peer.scenario_.loop()) {}

Peer::Quiet::~Quiet() {
  if (peer_.waiting_ == &waker_) peer_.waiting_ = nullptr;
}

void Peer::Quiet::await_suspend(std::coroutine_handle<> handle) {
  peer_.waiting_ = &waker_;
  waker_.arm(handle, until_ + kStampLag);
}

void Peer::Quiet::await_resume() {
  peer_.waiting_ = nullptr;
  if (peer_.inbox_.empty() || peer_.inbox_.front().at.earliest > until_) return;  // what came later is not ours
  const Received received = peer_.take();
  peer_.refuse(received, "the target sent a segment where it had to stay silent",
               {{"silence", fmt::format("for {:.3f} s", seconds(duration_)), std::string(requirement_)}}, requirement_);
}

Peer::Arrival::Arrival(Peer& peer, Duration limit)
    : peer_(peer), until_(peer.scenario_.loop().now() + limit), waker_(peer.scenario_.loop()) {}

Peer::Arrival::~Arrival() {
  if (peer_.waiting_ == &waker_) peer_.waiting_ = nullptr;
}

void Peer::Arrival::await_suspend(std::coroutine_handle<> handle) {
  peer_.waiting_ = &waker_;
  waker_.arm(handle, until_);
}

}  // namespace finwait::run
