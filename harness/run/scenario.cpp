#include "harness/run/scenario.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace finwait::run {

using namespace std::chrono_literals;

namespace {
// Handshakes are not what is judged here; the standard gives no time for them, and a loaded machine needs some.
constexpr Duration kHandshake = 900ms;  // under the least initial RTO, so that no SYN or SYN-ACK comes twice
constexpr std::uint16_t kMss4 = 1460, kMss6 = 1440;
constexpr std::uint16_t kFirstPeerPort = 1024;
}  // namespace

Scenario::Scenario(const Case& c, const Place& place)
    : case_(c),
      place_(place),
      random_(place.seed),
      next_port_(static_cast<std::uint16_t>(kFirstPeerPort + random() % 30000)) {
  place_.switchboard.attach(place_.address, *this);
}

model::TimerWindow Scenario::documented(Duration model::Profile::*field) {
  model::TimerWindow timer = profile().timer(field);
  if (std::ranges::find(figures_, timer.figure) == figures_.end()) figures_.push_back(timer.figure);
  return timer;
}

Scenario::~Scenario() {
  place_.switchboard.detach(place_.address);
  // Nothing of the case may live on in the target: not its sockets (they reset when they are destroyed), and not an
  // orphan that waits for an ACK, which would keep its namespace alive.
  for (const auto& peer : peers_) peer->give_up();
}

std::string_view Scenario::main_requirement() const {
  return case_.covers.empty() ? std::string_view{} : std::string_view{case_.covers.front()};
}

Peer& Scenario::add_peer(wire::Port local, const wire::Endpoint& target, Peer::Meets meets) {
  const wire::Port target_port = target.port;
  peers_.push_back(
      std::make_unique<Peer>(*this, wire::Endpoint{place_.address, local}, target, wire::SeqNum(random()), meets));
  routes_[key(local, target_port)] = peers_.back().get();
  return *peers_.back();
}

wire::Port Scenario::next_port() {
  const wire::Port port{next_port_};
  next_port_ = next_port_ == 65535 ? kFirstPeerPort : static_cast<std::uint16_t>(next_port_ + 1);
  return port;
}

Peer& Scenario::new_peer() {
  listener();
  return add_peer(next_port(), at_target(Door::kPort), Peer::Meets::listener);
}

Peer& Scenario::new_peer_of_closed_port() {
  return add_peer(next_port(), at_target(place_.closed_port), Peer::Meets::closed_port);
}

Peer& Scenario::new_peer_of(const wire::Address& address) {
  listener();
  return add_peer(next_port(), {address, Door::kPort}, Peer::Meets::nobody);
}

target::Listener& Scenario::listener() {
  const auto open = place_.door.listener();
  if (!open) broken(fmt::format("the target cannot listen on port {}: {}", number(Door::kPort), open.error().name()));
  return **open;
}

Connection Scenario::attach(Peer& peer, std::unique_ptr<target::Socket> socket) {
  apps_.push_back(std::make_unique<App>(peer, std::move(socket)));
  const TimePoint now = loop().now();
  model::Call call;
  call.kind = model::Call::Kind::accept;
  peer.oracle().called(call, {now, now}, Transcript::kNotKept);
  return {peer, *apps_.back()};
}

Task<Connection> Scenario::established(Open how) {
  Finding finding;
  try {
    auto opening = how == Open::passive ? accept_passive() : accept_active();
    co_return co_await opening;
  } catch (const CaseEnded& ended) {
    finding = ended.finding();
  }
  // The handshake is not what a case judges: without a connection there is nothing to say about its requirements.
  if (finding.kind == Finding::Kind::violation) {
    finding.kind = Finding::Kind::error;
    finding.summary = "the connection could not be opened: " + finding.summary;
    finding.violated.clear();
    for (Alternative& way : finding.allowed) way.requirement.clear();
  }
  throw CaseEnded(std::move(finding));
}

Task<> Scenario::greet(Peer& peer) {
  const auto options = wire::OptionList().mss(family() == wire::Family::ipv4 ? kMss4 : kMss6);
  peer.send(wire::syn().options(options));
  co_await peer.expect(wire::syn_ack(), within(kHandshake));
  peer.send(wire::ack());
}

Task<Connection> Scenario::accept_passive() {
  Peer& peer = new_peer();
  co_await greet(peer);
  auto accepting = accept(peer);
  co_return co_await accepting;
}

Task<Connection> Scenario::established_at_own_port(target::ListenOptions options) {
  constexpr std::uint16_t kFirst = 3000;
  own_port_ = wire::Port{static_cast<std::uint16_t>(kFirst + random() % 20000)};
  const int error = try_listen_at_own_port(options);
  if (error != 0)
    broken(fmt::format("the target cannot listen on port {}: {}", number(own_port_), Errno{error, {}}.name()));
  Peer& peer = add_peer(next_port(), at_target(own_port_), Peer::Meets::listener);
  co_await greet(peer);
  auto accepting = accept_from(*own_door_, peer);
  co_return co_await accepting;
}

int Scenario::try_listen_at_own_port(target::ListenOptions options) {
  auto made = place_.target.listen(at_target(own_port_), options);
  if (!made) return made.error().value;
  own_door_ = std::move(*made);
  return 0;
}

int Scenario::try_connect_again(const Peer& peer) {
  const auto begun = place_.target.connect(peer.local(), peer.target().port);
  return begun ? 0 : begun.error().value;
}

Task<Connection> Scenario::accept(Peer& peer) { return accept_from(listener(), peer); }

Task<Connection> Scenario::accept_from(target::Listener& listener, Peer& peer) {
  auto op = listener.accept(peer.local());
  auto waiting = op.before(loop(), loop().now() + kHandshake);
  auto socket = co_await waiting;
  if (!socket) broken("accept() failed with " + socket.error().name());
  co_return attach(peer, std::move(*socket));
}

Task<App*> Scenario::try_accept(Peer& peer, Duration limit) {
  auto op = listener().accept(peer.local());
  auto waiting = op.before(loop(), loop().now() + limit);
  auto socket = co_await waiting;
  co_return socket ? &attach(peer, std::move(*socket)).app : nullptr;
}

void Scenario::close_listener() {
  const TimePoint begin = loop().now();
  place_.door.close();
  const Instant at{begin, loop().now()};
  for (const auto& peer : peers_) {
    const bool accepted = std::ranges::any_of(apps_, [&](const auto& app) { return &app->peer() == peer.get(); });
    if (accepted) continue;
    model::Call call;
    call.kind = model::Call::Kind::unlisten;
    peer->oracle().called(call, at, transcript_.app(peer->connection(), at, "close() of the listener"));
    peer->touch(at);
  }
}

Task<Scenario::Opening> Scenario::opening() {
  Peer& peer = add_peer(next_port(), at_target(wire::Port{0}), Peer::Meets::closed_port);
  awaiting_syn_ = &peer;
  const TimePoint begin = loop().now();
  auto begun = place_.target.connect(peer.local(), {});
  if (!begun) broken("connect() failed with " + begun.error().name());
  model::Call call;
  call.kind = model::Call::Kind::connect;
  peer.oracle().called(call, {begin, loop().now()}, Transcript::kNotKept);
  App& app = attach(peer, std::move(begun->socket)).app;
  co_await peer.expect(wire::syn().any_ack(), within(kHandshake));
  co_return Opening{peer, app, std::move(begun->done)};
}

Task<Connection> Scenario::accept_active() {
  auto begun = opening();
  Opening open = co_await begun;
  const auto options = wire::OptionList().mss(family() == wire::Family::ipv4 ? kMss4 : kMss6);
  open.peer.send(wire::syn_ack().options(options));
  co_await open.peer.expect(wire::ack(), within(kHandshake));
  auto waiting = open.call.before(loop(), loop().now() + kHandshake);
  const auto done = co_await waiting;
  if (!done) broken("connect() failed with " + done.error().name());
  co_return Connection{open.peer, open.app};
}

void Scenario::fail(const std::string& summary, const std::string& allowed, const std::string& seen,
                    std::string_view requirement) {
  Finding finding;
  finding.summary = summary;
  finding.violated = requirement.empty() ? main_requirement() : requirement;
  finding.allowed.push_back({allowed, {}, finding.violated});
  finding.seen = seen;
  throw CaseEnded(std::move(finding));
}

void Scenario::inconclusive(const std::string& summary) {
  Finding finding;
  finding.kind = Finding::Kind::inconclusive;
  finding.summary = summary;
  throw CaseEnded(std::move(finding));
}

void Scenario::unsupported(const std::string& summary) {
  Finding finding;
  finding.kind = Finding::Kind::unsupported;
  finding.summary = summary;
  throw CaseEnded(std::move(finding));
}

void Scenario::broken(const std::string& summary) {
  Finding finding;
  finding.kind = Finding::Kind::error;
  finding.summary = summary;
  throw CaseEnded(std::move(finding));
}

void Scenario::note(const std::string& text) {
  const TimePoint now = loop().now();
  transcript_.note({now, now}, text);
}

std::optional<Finding> Scenario::judged() {
  const model::Violation* first = nullptr;
  for (const auto& peer : peers_) {
    peer->oracle().finish(loop().now());
    const auto& violation = peer->oracle().violation();
    if (!violation || (first != nullptr && first->at.latest <= violation->at.latest)) continue;
    first = &*violation;
  }
  if (first == nullptr) return std::nullopt;
  if (first->tag != Transcript::kNotKept && !first->silence) transcript_.mark_unexplained(first->tag);
  if (first->silence) {
    const auto entry = transcript_.note(first->at, first->summary);
    transcript_.mark_unexplained(entry);
  }
  Finding finding;
  finding.summary = first->summary;
  finding.violated = first->requirement;
  finding.figure = first->figure;
  for (const model::Way& way : first->allowed) finding.allowed.push_back({way.what, way.when, way.requirement});
  finding.seen = first->seen;
  finding.detail = fmt::format("the target can have been in {}", fmt::join(first->states, " or "));
  if (!first->diagnosis.empty()) finding.detail += "\n" + first->diagnosis;
  return finding;
}

std::optional<Finding> Scenario::not_judged() const {
  const auto lost = [](const auto& peer) { return peer->meets() != Peer::Meets::nobody && peer->oracle().lost(); };
  if (!judges() || std::ranges::none_of(peers_, lost)) return {};
  Finding finding;
  finding.kind = Finding::Kind::inconclusive;
  finding.summary = "a connection was not judged: there are more ways to explain it than can be followed";
  return finding;
}

std::vector<model::Choices> Scenario::choices() const {
  std::vector<model::Choices> all;
  for (const auto& peer : peers_) {
    const model::Oracle& oracle = peer->oracle();
    if (!oracle.violation() && !oracle.lost()) all.push_back(oracle.choices());
  }
  return all;
}

void Scenario::land() {
  for (const auto& peer : peers_) peer->land();
}

void Scenario::refuse_leftovers() {
  for (const auto& peer : peers_) {
    if (peer->pending().empty()) continue;
    const Received first = peer->pending().front();
    peer->refuse(first, "the target sent a segment that nothing had asked for",
                 {{"silence", {}, std::string(main_requirement())}}, main_requirement());
  }
  if (stray_) throw CaseEnded(*stray_);
}

void Scenario::set_stray(Finding finding) {
  if (!stray_) stray_ = std::move(finding);
}

void Scenario::deliver(Instant at, wire::ByteView octets, wire::Parsed parsed) {
  wire::Segment& segment = parsed.segment;
  auto route = routes_.find(key(segment.destination_port, segment.source_port));
  if (route == routes_.end() && awaiting_syn_ != nullptr && segment.flags.has(wire::kSyn) &&
      segment.destination_port == awaiting_syn_->local().port) {
    awaiting_syn_->meet(segment.source_port);
    route = routes_.emplace(key(segment.destination_port, segment.source_port), awaiting_syn_).first;
    awaiting_syn_ = nullptr;
  }
  if (route == routes_.end()) {
    if (!unknown_) unknown_ = transcript_.add_connection({});
    const auto entry = transcript_.packet(link::Direction::from_target, *unknown_, at, octets);
    transcript_.mark_unexplained(entry);
    Finding finding;
    finding.summary = "the target sent a segment for a connection that does not exist";
    finding.violated = main_requirement();
    finding.seen = wire::describe(segment, wire::SeqNum{0}, wire::SeqNum{0});
    return set_stray(std::move(finding));
  }
  Peer& peer = *route->second;
  const auto entry = transcript_.packet(link::Direction::from_target, peer.connection(), at, octets);
  if (!parsed.ip_checksum_ok || !parsed.tcp_checksum_ok) {
    transcript_.mark_unexplained(entry);
    Finding finding;
    finding.summary = fmt::format("the target sent a wrong {} checksum", parsed.ip_checksum_ok ? "TCP" : "IPv4 header");
    finding.violated = "RFC9293-MUST-2";
    finding.seen = wire::describe(segment, peer.irs(), peer.iss());
    return set_stray(std::move(finding));
  }
  if (!segment.options.well_formed()) {
    transcript_.mark_unexplained(entry);
    Finding finding;
    finding.summary = "the target sent malformed options";
    finding.violated = "RFC9293-MUST-68";
    finding.seen = wire::describe(segment, peer.irs(), peer.iss());
    return set_stray(std::move(finding));
  }
  peer.deliver({std::move(segment), at, entry});
}

void Scenario::garbage(Instant at, wire::ByteView octets, const std::string& why) {
  if (!unknown_) unknown_ = transcript_.add_connection({});
  const auto entry = transcript_.packet(link::Direction::from_target, *unknown_, at, octets);
  transcript_.annotate(entry, why);
  transcript_.mark_unexplained(entry);
  Finding finding;
  finding.summary = "the target sent a malformed packet: " + why;
  finding.violated = main_requirement();
  finding.seen = fmt::format("{} octets that are not a TCP segment", octets.size());
  set_stray(std::move(finding));
}

}  // namespace finwait::run
