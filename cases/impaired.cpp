// Ends of connections over bad paths: packets are lost, delayed, doubled, and change places, in both directions, as the
// seed says. Whatever happens, everything that was sent arrives once and in order, both ends come to their end, and the
// model explains each segment of the target's from what the target itself has got.
#include <fmt/format.h>

#include <array>

#include "cases/steps.hpp"
#include "harness/run/real_peer.hpp"

namespace finwait {

const run::Chapter& impaired_chapter();

namespace {

using link::Impairment;
using run::RealPeer;

struct Way {
  std::string_view name;
  std::string_view words;
  Impairment path;
};
constexpr std::array<Way, 6> kWays{{
    {"loss-10", "a tenth of all packets is lost", {.loss = 0.1}},
    {"loss-30", "three of ten packets are lost", {.loss = 0.3}},
    {"delay", "each packet takes 80 ms", {.delay = 80ms}},
    {"doubled", "half of all packets come twice", {.duplicate = 0.5}},
    {"reordered", "packets overtake each other", {.jitter = 50ms}},
    {"everything", "all of that at once", {.loss = 0.15, .duplicate = 0.2, .delay = 10ms, .jitter = 60ms}},
}};

constexpr Duration kLimit = 40s;
constexpr std::string_view kOfPeer = "from the peer", kOfTarget = "from the target";

/// The peer has got everything and both FINs are acknowledged; or what was missing.
Task<> expect_released(Scenario& s, RealPeer& real, std::string_view text) {
  const bool done = co_await real.until([&] { return real.fin_came() && real.all_acknowledged(); }, kLimit);
  if (real.heard() != text) {
    s.fail("what the application sent did not arrive once and in order", fmt::format("\"{}\"", text),
           fmt::format("\"{}\"", real.heard()), "RFC9293-3.6-RELIABLE");
  }
  if (!done) {
    s.fail("the connection did not come to its end", "a FIN, and an ACK of the peer's",
           real.fin_came() ? "no ACK of the peer's FIN" : "no FIN", "RFC9293-3.6-FIN-RETX");
  }
}

Task<> release_active(Scenario& s, Peer& peer, App& app) {
  RealPeer real(peer);
  app.send(kOfTarget);
  app.shutdown(How::wr);
  real.say(kOfPeer);
  real.close();
  co_await expect_released(s, real, kOfTarget);
  co_await app.expect_data(kOfPeer, "RFC9293-3.6-RELIABLE");
  co_await app.expect_eof("RFC9293-3.10.7.4-FIN-NOTIFY");
}

Task<> release_passive(Scenario& s, Peer& peer, App& app) {
  RealPeer real(peer);
  real.say(kOfPeer);
  real.close();
  (void)co_await real.until([&] { return real.all_acknowledged(); }, kLimit);
  co_await app.expect_data(kOfPeer, "RFC9293-3.6-RELIABLE");
  co_await app.expect_eof("RFC9293-3.10.7.4-FIN-NOTIFY");
  app.send(kOfTarget);
  app.close();
  co_await expect_released(s, real, kOfTarget);
  peer.heal();
  peer.send(ack());  // the last one may have been lost
  co_await s.pause(kDelayedAck);
  peer.take_all();
  co_await expect_closed(peer, "RFC9293-3.10.7.4-LA-ACKFIN");
}

Task<> simultaneous(Scenario& s, Peer& peer, App& app) {
  RealPeer real(peer);
  real.close();
  app.shutdown(How::wr);
  co_await expect_released(s, real, "");
  co_await app.expect_eof("RFC9293-3.10.7.4-FIN-NOTIFY");
}

Task<> half_close_by_target(Scenario& s, Peer& peer, App& app) {
  RealPeer real(peer);
  app.shutdown(How::wr);
  for (const char* text : {"one ", "two ", "three "}) {
    real.say(text);
    (void)co_await real.until([&] { return real.all_acknowledged(); }, kLimit);
    co_await app.expect_data(text, "RFC9293-3.10.3-RECV-FW");
  }
  real.close();
  co_await expect_released(s, real, "");
  co_await app.expect_eof("RFC9293-3.10.7.4-FIN-NOTIFY");
}

Task<> half_close_by_peer(Scenario& s, Peer& peer, App& app) {
  RealPeer real(peer);
  real.close();
  (void)co_await real.until([&] { return real.all_acknowledged(); }, kLimit);
  co_await app.expect_eof("RFC9293-3.10.7.4-FIN-NOTIFY");
  for (const char* text : {"one ", "two ", "three "}) {
    app.send(text, "RFC9293-3.10.2-SEND-CW");
    (void)co_await real.until([] { return false; }, 200ms);
  }
  app.close();
  co_await expect_released(s, real, "one two three ");
}

Task<> aborted(Scenario& s, Peer& peer, App& app) {
  RealPeer real(peer);
  app.abort();
  real.say(kOfPeer);  // if the reset is lost, this draws another
  (void)co_await real.until([] { return false; }, kLimit);
  if (!real.reset_came()) s.fail("the peer was never told", "a reset", "none", "RFC9293-3.10.5-ABORT-SYNC");
}

Task<> kept_alive(Scenario& s, Peer& peer, App& app) {
  RealPeer real(peer);
  app.keepalive({.idle = std::chrono::seconds(1), .interval = std::chrono::seconds(1), .count = 9});
  (void)co_await real.until([] { return false; }, 10s);
  if (real.reset_came()) s.fail("lost probes ended the connection", "9 in a row would", "a reset", "RFC9293-MUST-29");
  app.send(kOfTarget, "RFC9293-3.8.4-ANSWERED");
  (void)co_await real.until([&] { return real.heard() == kOfTarget; }, kLimit);
  if (real.heard() != kOfTarget) {
    s.fail("the connection is not what it was", fmt::format("\"{}\"", kOfTarget), fmt::format("\"{}\"", real.heard()),
           "RFC9293-3.8.4-ANSWERED");
  }
}

struct Scene {
  std::string_view name, title;
  std::vector<std::string> covers;
  target::Capabilities needs;
  Task<> (*play)(Scenario&, Peer&, App&);
};

const std::vector<Scene>& scenes() {
  using enum Capability;
  static const std::vector<Scene> all{
      {"release/active",
       "the target closes first",
       {"RFC9293-3.6-RELIABLE", "RFC9293-3.6-CASE1"},
       {passive, half_close},
       release_active},
      {"release/passive",
       "the peer closes first",
       {"RFC9293-3.6-RELIABLE", "RFC9293-3.6-CASE2"},
       {passive},
       release_passive},
      {"release/simultaneous",
       "both close at once",
       {"RFC9293-3.6-FIN-RETX", "RFC9293-3.6-CASE3"},
       {passive, half_close},
       simultaneous},
      {"half-close/by-target",
       "the target closes and reads on",
       {"RFC9293-3.6.1-HALFCLOSE", "RFC9293-3.10.3-RECV-FW"},
       {passive, half_close},
       half_close_by_target},
      {"half-close/by-peer",
       "the peer closes and reads on",
       {"RFC9293-3.6.1-HALFCLOSE", "RFC9293-3.10.2-SEND-CW"},
       {passive},
       half_close_by_peer},
      {"abort", "the target aborts", {"RFC9293-3.10.5-ABORT-SYNC"}, {passive, Capability::abort}, aborted},
      {"keepalive",
       "an idle connection is probed, and the peer answers",
       {"RFC9293-MUST-29", "RFC9293-3.8.4-ANSWERED"},
       {passive, Capability::keepalive},
       kept_alive},
  };
  return all;
}

Task<> over(Scenario& s, const Scene& scene, const Way& way, bool stamped) {
  auto opening = stamped ? with_timestamps(s) : s.established();
  auto [peer, app] = co_await opening;
  peer.impair(way.path);
  auto playing = scene.play(s, peer, app);
  co_await playing;
}

}  // namespace

const run::Chapter& impaired_chapter() {
  static const run::Chapter all = [] {
    run::Chapter chapter;
    for (const Scene& scene : scenes()) {
      for (const Way& way : kWays) {
        for (const bool stamped : {false, true}) {
          run::Case c;
          c.id = fmt::format("impaired/{}/{}{}", scene.name, way.name, stamped ? "/timestamps" : "");
          c.title = fmt::format("{}, while {}", scene.title, way.words);
          c.covers = scene.covers;
          c.needs = scene.needs;
          c.lasts = 60s;
          c.scripted = false;  // what comes late over such a path nobody can ask for
          c.body = [&scene, &way, stamped](Scenario& s) { return over(s, scene, way, stamped); };
          c.file = __FILE__;
          c.line = __LINE__;
          chapter.push_back(std::move(c));
        }
      }
    }
    return chapter;
  }();
  return all;
}

}  // namespace finwait
