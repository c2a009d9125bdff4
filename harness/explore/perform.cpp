#include "harness/explore/perform.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

namespace finwait::explore {

using namespace std::chrono_literals;
using run::App;
using run::Peer;

namespace {

constexpr std::string_view kAnswer = "world";
constexpr Duration kReadLimit = 20ms;
constexpr std::size_t kReadMost = 4096;

std::string_view name_of(wire::IcmpError error) {
  switch (error) {
    case wire::IcmpError::host_unreachable:
      return "host unreachable";
    case wire::IcmpError::port_unreachable:
      return "port unreachable";
    case wire::IcmpError::source_quench:
      return "source quench";
    default:
      return "an error";
  }
}

// connect() may have come to its end.
void look_at_call(Subject& subject) {
  if (!subject.call || !subject.call->ready()) return;
  const auto result = std::move(subject.call->result());
  subject.call.reset();
  const TimePoint now = subject.scenario.loop().now();
  const Instant at{now, now};
  const auto entry = subject.scenario.transcript().app(subject.peer.connection(), at,
                                                       "connect() = " + (result ? "ok" : result.error().name()));
  if (result) return;
  model::Call call;
  call.kind = model::Call::Kind::take_error;
  call.value = result.error().value;
  subject.peer.oracle().called(call, at, entry);
}

void keepalive(App& app) {
  app.keepalive({.idle = std::chrono::seconds(1), .interval = std::chrono::seconds(1), .count = 3});
}

Task<> make_call(Subject& subject, AppCall call) {
  if (!subject.held()) co_return;
  if (call != AppCall::send && call != AppCall::state) subject.call.reset();  // no longer waited for
  App& app = *subject.app;
  switch (call) {
    case AppCall::close:
      app.close();
      subject.app = nullptr;
      break;
    case AppCall::abort:
      app.abort();
      subject.app = nullptr;
      break;
    case AppCall::shut_rd:
      (void)app.try_shutdown(run::How::rd);
      break;
    case AppCall::shut_wr:
      (void)app.try_shutdown(run::How::wr);
      break;
    case AppCall::shut_rdwr:
      (void)app.try_shutdown(run::How::rdwr);
      break;
    case AppCall::send:
      (void)app.try_send(kAnswer);
      break;
    case AppCall::recv: {
      auto reading = app.recv(kReadMost, kReadLimit);
      (void)co_await reading;
      break;
    }
    case AppCall::keepalive:
      keepalive(app);
      break;
    case AppCall::linger_zero:
      app.set(run::SocketOption::linger_s, 0);
      break;
    case AppCall::user_timeout:
      app.set(run::SocketOption::user_timeout_ms, 2500);
      break;
    case AppCall::state:
      (void)app.state();
      break;
    case AppCall::error:
      (void)app.take_error();
      break;
  }
}

Task<> wait_for(Subject& subject, Wait wait) {
  run::Scenario& s = subject.scenario;
  if (wait == Wait::segment) {
    co_await subject.peer.arrival(5s);
  } else if (wait == Wait::two_msl) {
    co_await s.pause(s.timer(s.profile().two_msl).latest);
  } else if (wait == Wait::not_quite) {
    co_await s.pause(s.timer(s.profile().two_msl).earliest - 2s);
  } else {
    co_await s.pause(length_of(wait, {}));
  }
}

}  // namespace

bool Subject::fin_taken() const { return std::ranges::find(fins, peer.snd_una()) != fins.end(); }

Task<> perform(Subject& subject, Action action) {
  subject.peer.take_all();
  look_at_call(subject);
  if (const auto* send = std::get_if<Send>(&action)) {
    const auto spec = spec_of(subject.peer, *send);
    subject.peer.send(spec);
    if (has_fin(send->kind)) {
      const auto text = spec.payload() ? spec.payload()->size() : 0;
      subject.fins.push_back(*spec.seq() + static_cast<std::uint32_t>(text + 1));
    }
  } else if (const auto* fill = std::get_if<Fill>(&action)) {
    co_await fill_window(subject.peer, fill->leave);
  } else if (const auto* call = std::get_if<AppCall>(&action)) {
    auto calling = make_call(subject, *call);
    co_await calling;
  } else if (const auto* icmp = std::get_if<Icmp>(&action)) {
    send_icmp(subject.peer, error_of(*icmp));
  } else if (const auto* wait = std::get_if<Wait>(&action)) {
    auto waiting = wait_for(subject, *wait);
    co_await waiting;
  }
}

Task<> settle(Peer& peer, Duration d) {
  co_await peer.scenario().pause(d);
  peer.take_all();
}

Task<> fill_window(Peer& peer, std::uint32_t leave) {
  constexpr std::uint32_t kSegment = 1200;
  constexpr int kRounds = 8;
  constexpr Duration kGap = 1ms;  // so that the order of text and ACKs is known, and the model has one way to follow
  peer.take_all();
  for (int round = 0; round < kRounds && peer.snd_wnd() > leave; round++) {
    const wire::SeqNum from = peer.snd_una();
    const std::uint32_t room = peer.snd_wnd() - leave;
    for (std::uint32_t sent = 0; sent < room; sent += kSegment) {
      const auto text = wire::Bytes(std::min(kSegment, room - sent), '.');
      peer.send(wire::data(text).seq(from + sent));
      co_await peer.scenario().pause(kGap);
    }
    co_await settle(peer);
    if (peer.snd_una() == from) co_return;  // nothing is taken here
  }
}

void send_icmp(Peer& peer, wire::IcmpError error, std::uint32_t off) {
  run::Scenario& scenario = peer.scenario();
  run::Transcript& transcript = scenario.transcript();
  const auto& entries = transcript.entries();
  const auto last = std::ranges::find_if(entries | std::views::reverse, [&](const run::Entry& entry) {
    return entry.kind == run::Entry::Kind::received && entry.connection == peer.connection();
  });
  if (last == entries.rend()) return;
  const wire::ByteView seen = transcript.octets(*last);
  const auto parsed = wire::parse(seen);
  if (!parsed) scenario.broken("no ICMP error can be about what is no segment: " + parsed.error().message);
  const wire::SeqNum seq = parsed->segment.seq + off;
  wire::Bytes quoted(seen.begin(), seen.end());
  const std::size_t tcp = peer.local().address.family == wire::Family::ipv4 ? (quoted[0] & 0xfU) * 4U : 40U;
  for (std::size_t i = 0; i < 4; i++) quoted[tcp + 4 + i] = static_cast<std::uint8_t>(seq.value() >> (24 - 8 * i));
  const auto packet = wire::icmp_error(error, peer.local().address, quoted);
  if (!packet) return;
  const auto sent = scenario.link().send(*packet);
  if (!sent) scenario.broken(sent.error());
  const auto entry = transcript.packet(link::Direction::to_target, peer.connection(), *sent, *packet);
  transcript.annotate(entry, fmt::format("ICMP: {}, about the target's last segment{}", name_of(error),
                                         off == 0 ? "" : fmt::format(", its SEQ made {} higher", off)));
  peer.oracle().icmp({error, seq}, *sent, entry);
}

}  // namespace finwait::explore
