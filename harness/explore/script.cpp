#include "harness/explore/script.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace finwait::explore {

using namespace std::chrono_literals;
using run::Peer;
using run::Scenario;
using target::Capability;

namespace {

constexpr std::uint16_t kMss = 1220;    // fits every family
constexpr Duration kHandshake = 900ms;  // as in run/scenario.cpp: under the least initial RTO
constexpr Duration kBetween = 250ms;    // settle()
constexpr Duration kLast = 700ms;       // after the last action: over every delay that is allowed
constexpr Duration kTimeWait = 1min;    // what Case::takes() is told in units of

wire::OptionList syn_options(const Peer& peer, bool timestamps) {
  wire::OptionList list;
  list.mss(kMss);
  if (timestamps) list.timestamps(peer.ts_now(), peer.ts_seen());
  return list;
}

Task<Subject> begin_passive(Scenario& scenario, bool timestamps) {
  Peer& peer = scenario.new_peer();
  const auto first = wire::syn().options(syn_options(peer, timestamps));
  peer.send(first);
  co_await peer.expect(wire::syn_ack(), run::within(kHandshake));
  peer.send(wire::ack());
  auto accepting = scenario.accept(peer);
  auto connection = co_await accepting;
  co_return Subject{scenario, peer, &connection.app, std::nullopt, peer.irs(), {}};
}

Task<Subject> begin_active(Scenario& scenario, bool timestamps) {
  auto opening = scenario.opening();
  auto open = co_await opening;
  Peer& peer = open.peer;
  const auto answer = wire::syn_ack().options(syn_options(peer, timestamps));
  peer.send(answer);
  co_await peer.expect(wire::ack(), run::within(kHandshake));
  auto waiting = open.call.before(scenario.loop(), scenario.loop().now() + kHandshake);
  const auto done = co_await waiting;
  if (!done) scenario.broken("connect() failed with " + done.error().name());
  co_return Subject{scenario, peer, &open.app, std::nullopt, peer.irs(), {}};
}

Task<Subject> begin_calling(Scenario& scenario) {
  auto opening = scenario.opening();
  auto open = co_await opening;
  co_return Subject{scenario, open.peer, &open.app, std::move(open.call), open.peer.irs(), {}};
}

Task<Subject> begin_by_kind(Scenario& scenario, Start start) {
  switch (start.opening) {
    case Opening::passive:
      return begin_passive(scenario, start.timestamps);
    case Opening::active:
      return begin_active(scenario, start.timestamps);
    case Opening::calling:
      return begin_calling(scenario);
    default:
      break;
  }
  const auto bare = [](Scenario& s, Opening opening) -> Task<Subject> {
    Peer& peer = opening == Opening::listening ? s.new_peer() : s.new_peer_of_closed_port();
    co_return Subject{s, peer, nullptr, std::nullopt, {}, {}};
  };
  return bare(scenario, start.opening);
}

std::string opening_source(const Start& start) {
  const std::string options = fmt::format("wire::OptionList().mss({}){}", kMss,
                                          start.timestamps ? ".timestamps(peer.ts_now(), peer.ts_seen())" : "");
  switch (start.opening) {
    case Opening::closed_port:
      return "  Peer& peer = s.new_peer_of_closed_port();\n";
    case Opening::listening:
      return "  Peer& peer = s.new_peer();\n";
    case Opening::calling:
      return "  auto opening = co_await s.opening();\n  Peer& peer = opening.peer;\n  [[maybe_unused]] App& app = "
             "opening.app;\n";
    case Opening::passive:
      if (!start.timestamps) return "  auto [peer, app] = co_await s.established();\n";
      return fmt::format(
          "  Peer& peer = s.new_peer();\n  peer.send(syn().options({}));\n"
          "  co_await peer.expect(syn_ack(), within(900ms));\n  peer.send(ack());\n"
          "  [[maybe_unused]] App& app = (co_await s.accept(peer)).app;\n",
          options);
    case Opening::active:
      if (!start.timestamps) return "  auto [peer, app] = co_await s.established(Open::active);\n";
      return fmt::format(
          "  auto opening = co_await s.opening();\n  Peer& peer = opening.peer;\n  peer.send(syn_ack().options({}));\n"
          "  co_await peer.expect(ack(), within(900ms));\n"
          "  [[maybe_unused]] App& app = opening.app;\n",
          options);
  }
  return "";
}

std::string capability_source(const Script& script) {
  constexpr std::array<std::pair<Capability, std::string_view>, 6> kNames{{{Capability::active, "active"},
                                                                           {Capability::half_close, "half_close"},
                                                                           {Capability::abort, "abort"},
                                                                           {Capability::keepalive, "keepalive"},
                                                                           {Capability::options, "options"},
                                                                           {Capability::tcp_state, "tcp_state"}}};
  const auto needs = needs_of(script);
  std::string list;
  for (const auto& [capability, text] : kNames) {
    if (needs.contains(capability)) list += fmt::format("{}Capability::{}", list.empty() ? "" : ", ", text);
  }
  return list.empty() ? "" : fmt::format(", Needs{{{{{}}}}}", list);
}

}  // namespace

Task<Subject> begin(Scenario& scenario, Start start) {
  run::Finding finding;
  try {
    auto beginning = begin_by_kind(scenario, start);
    co_return co_await beginning;
  } catch (const run::CaseEnded& ended) {
    finding = ended.finding();
  }
  // As Scenario::established(): a connection that cannot be opened says nothing about what comes after.
  if (finding.kind == run::Finding::Kind::violation) {
    finding.kind = run::Finding::Kind::error;
    finding.summary = "the connection could not be opened: " + finding.summary;
    finding.violated.clear();
    for (run::Alternative& way : finding.allowed) way.requirement.clear();
  }
  throw run::CaseEnded(std::move(finding));
}

Task<> play(Scenario& scenario, const Script& script) {
  auto beginning = begin(scenario, script.start);
  Subject subject = co_await beginning;
  for (const Step& step : script.steps) {
    if (!step.hurry) co_await settle(subject.peer, kBetween);
    co_await perform(subject, step.action);
  }
  co_await settle(subject.peer, kLast);
  insist_on_judgement(subject.peer);
}

void insist_on_judgement(Peer& peer) {
  if (!peer.oracle().lost()) return;
  peer.scenario().inconclusive("the connection was not judged: there are more ways to explain it than can be followed");
}

Duration length_of(const Script& script, Duration two_msl) {
  Duration sum = kLast;
  for (const Step& step : script.steps) {
    sum += length_of(step.action, two_msl) + (step.hurry ? Duration{0} : kBetween);
  }
  return sum;
}

target::Capabilities needs_of(const Script& script) {
  target::Capabilities needs{Capability::passive};
  if (script.start.opening == Opening::active || script.start.opening == Opening::calling) {
    needs.insert(Capability::active);
  }
  for (const Step& step : script.steps) {
    const auto* call = std::get_if<AppCall>(&step.action);
    if (call == nullptr) continue;
    if (*call == AppCall::shut_wr) needs.insert(Capability::half_close);
    if (*call == AppCall::abort) needs.insert(Capability::abort);
    if (*call == AppCall::keepalive) needs.insert(Capability::keepalive);
    if (*call == AppCall::linger_zero || *call == AppCall::user_timeout) needs.insert(Capability::options);
    if (*call == AppCall::state) needs.insert(Capability::tcp_state);
  }
  return needs;
}

std::string describe(const Start& start) {
  constexpr std::array<std::string_view, 5> kWords{"a closed port", "a listener", "the target's SYN",
                                                   "a connection that the target has accepted",
                                                   "a connection that the target has opened"};
  return fmt::format("{}{}, {}", kWords.at(static_cast<std::size_t>(start.opening)),
                     start.timestamps ? ", with timestamps" : "", start.family == wire::Family::ipv4 ? "IPv4" : "IPv6");
}

std::string to_case(const Script& script, const Heading& heading) {
  std::string out = fmt::format(
      "CASE({}, \"{}\",\n     \"{}\",\n     Covers{{{{\"{}\"}}}}{}, Lasts{{{}s}}, run::Unscripted{{}}) {{\n",
      heading.name, heading.id, heading.title, heading.requirement, capability_source(script),
      std::chrono::ceil<std::chrono::seconds>(length_of(script, kTimeWait)).count());
  out += opening_source(script.start);
  for (const Step& step : script.steps) {
    out += step.hurry ? "  peer.take_all();\n" : "  co_await explore::settle(peer);\n";
    out += "  " + to_source(step.action) + "\n";
  }
  out += fmt::format("  co_await explore::settle(peer, {}ms);\n}}\n", kLast / 1ms);
  return out;
}

}  // namespace finwait::explore
