#include "harness/run/peer.hpp"

#include <fmt/format.h>

#include "harness/run/scenario.hpp"
#include "harness/wire/codec.hpp"

namespace finwait::run {

using namespace std::chrono_literals;

namespace {

// A packet is stamped by the kernel a moment before it can be read: a deadline is declared missed only after this.
constexpr Duration kStampLag = 1ms;
// Beyond this lateness of our own loop, silence proves nothing about the target.
constexpr Duration kLateLoop = 10ms;

}  // namespace

std::string Window::to_string() const {
  if (earliest <= Duration{0}) return fmt::format("within {:.3f} s", seconds(latest));
  return fmt::format("{:.3f} .. {:.3f} s", seconds(earliest), seconds(latest));
}

Peer::Peer(Scenario& scenario, wire::Endpoint local, wire::Endpoint target, wire::SeqNum iss)
    : scenario_(scenario),
      local_(local),
      target_(target),
      iss_(iss),
      snd_nxt_(iss),
      connection_(scenario.transcript().add_connection({local, target, iss, wire::SeqNum{0}})) {
  const TimePoint now = scenario.loop().now();
  last_event_ = {now, now};
}

Instant Peer::send(const wire::Spec& spec) {
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
  if (spec.options()) segment.options = *spec.options();
  if (spec.payload()) segment.payload = *spec.payload();

  auto packet = wire::craft(segment);
  if (packet && !spec.patch().empty()) {
    auto patched = wire::apply(spec.patch(), *packet);
    if (!patched) scenario_.broken(patched.error());
  }
  if (!packet) scenario_.broken(packet.error());
  auto sent = scenario_.link().send(*packet);
  if (!sent) scenario_.broken(sent.error());
  scenario_.transcript().packet(link::Direction::to_target, connection_, *sent, *packet);
  if (segment.flags.has(wire::kSyn)) scaling_ = segment.options.window_scale().has_value();
  if (segment.seq == snd_nxt_) snd_nxt_ += segment.length();
  last_event_ = *sent;
  return *sent;
}

void Peer::deliver(Received received) {
  // The target's numbers count from its SYN from the first look on, whatever the case makes of it.
  if (received.segment.flags.has(wire::kSyn) && !met_) {
    met_ = true;
    irs_ = rcv_nxt_ = received.segment.seq;
    scenario_.transcript().connection(connection_).target_iss = irs_;
  }
  inbox_.push_back(std::move(received));
  if (waiting_ != nullptr) waiting_->wake();
}

void Peer::give_up() {
  if (!met_) return;
  wire::Segment reset;
  reset.source = local_.address;
  reset.destination = target_.address;
  reset.source_port = local_.port;
  reset.destination_port = target_.port;
  reset.seq = snd_nxt_;
  reset.flags = wire::kRst;
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

void Peer::learn(const wire::Segment& segment) {
  if (!segment.flags.any(wire::kRst)) {
    const wire::SeqNum end = segment.seq + segment.length();
    if (!wire::after(segment.seq, rcv_nxt_) && wire::after(end, rcv_nxt_)) rcv_nxt_ = end;
    if (segment.flags.has(wire::kSyn)) {
      snd_wnd_shift_ = segment.options.window_scale().value_or(0);
      snd_wnd_ = segment.window;
    } else {
      snd_wnd_ = std::uint32_t{segment.window} << (scaling_ ? snd_wnd_shift_ : 0);
    }
  }
}

void Peer::refuse(const Received& received, const std::string& summary, std::vector<Alternative> allowed,
                  std::string_view requirement, const wire::Spec* spec) {
  scenario_.transcript().mark_unexplained(received.entry);
  Finding finding;
  finding.summary = summary;
  finding.allowed = std::move(allowed);
  finding.seen = fmt::format("{}, {:.6f} s after the last event", wire::describe(received.segment, irs_, iss_),
                             seconds(std::max(Duration{0}, received.at.latest - last_event_.earliest)));
  if (spec != nullptr) finding.detail = wire::render(wire::diff(*spec, expected(), received.segment));
  finding.violated = requirement;
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
  finding.allowed.push_back({wire::describe(spec, expected()),
                             window.to_string() + (window.why.empty() ? "" : " (" + window.why + ")"),
                             std::string(requirement)});
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
  finding.allowed.push_back({wire::describe(spec, expected()),
                             window.to_string() + (window.why.empty() ? "" : " (" + window.why + ")"),
                             std::string(requirement)});
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
                 {{wire::describe(spec_, peer_.expected()), window_.to_string(), std::string(requirement_)}},
                 requirement_, &spec_);
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

}  // namespace finwait::run
