// Octets from a hostile or broken target: no crash, and the case it was aimed at says what came.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cases/steps.hpp"
#include "harness/run/runner.hpp"
#include "harness/testing/fake_target.hpp"
#include "harness/wire/codec.hpp"

namespace finwait::run {
namespace {

using ::testing::HasSubstr;

/// Answers everything that is sent with the same octets, or breaks.
class HostileLink : public link::Link {
 public:
  explicit HostileLink(std::function<tl::expected<wire::Bytes, std::string>(const wire::Segment&)> answer)
      : answer_(std::move(answer)) {}

 protected:
  tl::expected<Instant, std::string> transmit(wire::ByteView packet) override {
    auto octets = answer_(wire::parse(packet)->segment);
    if (!octets) return tl::unexpected(octets.error());
    queue_.push_back(*octets);
    return Instant{};
  }
  tl::expected<int, std::string> receive(const Receiver& receiver) override {
    const auto queue = std::exchange(queue_, {});
    for (const auto& octets : queue) receiver({}, octets);
    return static_cast<int>(queue.size());
  }

 private:
  std::function<tl::expected<wire::Bytes, std::string>(const wire::Segment&)> answer_;
  std::vector<wire::Bytes> queue_;
};

class Hostile : public ::testing::Test {
 protected:
  /// Sends one SYN from a case's address to a target that answers so, and waits.
  Finding finding_for(std::function<tl::expected<wire::Bytes, std::string>(const wire::Segment&)> answer) {
    engine::VirtualTime time;
    engine::Loop loop(time);
    testing::FakeTarget unused(time);
    HostileLink link(std::move(answer));
    Switchboard switchboard(loop, link, [](const std::string&) {});
    Door door(unused, wire::Family::ipv4);
    Case c;
    c.id = "hostile";
    c.covers = {"RFC9293-MUST-13"};
    Scenario scenario(c, {loop, unused, unused.profile(), switchboard, wire::Family::ipv4,
                          unused.first_peer_address(wire::Family::ipv4), door, wire::Port{2000}, 1});
    auto body = [](Scenario& s) -> Task<> {
      Peer& peer = s.new_peer();
      peer.send(syn());
      co_await s.pause(1s);
      s.refuse_leftovers();
    };
    Task<> task = body(scenario);
    task.start();
    loop.run([&] { return task.done(); });
    try {
      task.take();
    } catch (const CaseEnded& ended) {
      return ended.finding();
    }
    return {};
  }
  static wire::Segment answer_to(const wire::Segment& syn) {
    wire::Segment out;
    out.source = syn.destination;
    out.destination = syn.source;
    out.source_port = syn.destination_port;
    out.destination_port = syn.source_port;
    out.flags = wire::kAck;
    return out;
  }
};

TEST_F(Hostile, ATruncatedPacketIsNamed) {
  const Finding finding = finding_for([](const wire::Segment& syn) {
    auto packet = wire::craft(answer_to(syn));
    packet->resize(30);
    return packet;
  });
  EXPECT_THAT(finding.summary, HasSubstr("the target sent a malformed packet: "));
}

TEST_F(Hostile, OctetsThatAreNoPacketAreIgnored) {
  const Finding finding = finding_for([](const wire::Segment&) { return wire::Bytes{0xff, 0xff, 0xff}; });
  EXPECT_TRUE(finding.summary.empty()) << "they are for nobody";
  EXPECT_TRUE(finding_for([](const wire::Segment&) { return wire::Bytes{}; }).summary.empty());
}

TEST_F(Hostile, ASegmentForAPortThatNobodyUsesIsRefused) {
  const Finding finding = finding_for([](const wire::Segment& syn) {
    wire::Segment answer = answer_to(syn);
    answer.destination_port = wire::Port{9};
    return wire::craft(answer);
  });
  EXPECT_EQ(finding.summary, "the target sent a segment for a connection that does not exist");
}

TEST_F(Hostile, ALinkThatBreaksIsAnErrorAndNoVerdict) {
  const Finding finding = finding_for(
      [](const wire::Segment&) { return tl::unexpected(std::string("tun0 is down: nothing can be sent")); });
  EXPECT_EQ(finding.kind, Finding::Kind::error);
  EXPECT_EQ(finding.summary, "tun0 is down: nothing can be sent");
}

TEST_F(Hostile, AnyOctetsAreSurvived) {
  std::uint32_t state = 1;
  for (int round = 0; round < 3000; round++) {
    finding_for([&](const wire::Segment& syn) {
      auto packet = wire::craft(answer_to(syn));
      for (int i = 0; i < 4; i++) {
        state = state * 1664525 + 1013904223;
        (*packet)[(state >> 8) % packet->size()] = static_cast<std::uint8_t>(state >> 24);
      }
      return packet;
    });
  }
}

}  // namespace
}  // namespace finwait::run
