// What is believed of an adapter. Whole runs against adapters are in tests/stacks.py.
#include "harness/target/stack_process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/target/adapter_check.hpp"

namespace finwait::target {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string kHello = R"({"protocol":1,"stack":"toy","version":"9","clock":"virtual","capabilities":["passive"],)"
                           R"("ipv4":{"target":"198.18.0.1","first_peer":"198.18.0.2","peers":100}})";

// Says hello, and then one line after another, each to the request of the same number from 2 on.
std::vector<std::string> says(const std::vector<std::string>& lines, const std::string& hello = kHello) {
  std::string script = "read l; echo '{\"id\":1,\"result\":" + hello + "}'";
  for (const auto& line : lines) script += "; read l; echo '" + line + "'";
  return {"sh", "-c", script + "; read l"};
}

std::string greeting(const std::string& hello) {
  engine::VirtualTime time;
  const auto target = StackProcess::start(time, says({}, hello));
  return target ? "" : target.error();
}

TEST(StackProcess, IsWhatItSaysItIs) {
  engine::VirtualTime time;
  const auto target = StackProcess::start(time, says({}));
  ASSERT_TRUE(target) << target.error();
  EXPECT_EQ((*target)->name(), "toy");
  EXPECT_EQ((*target)->version(), "9");
  EXPECT_EQ((*target)->capabilities(),
            (Capabilities{Capability::passive, Capability::ipv4, Capability::virtual_clock}));
  EXPECT_EQ((*target)->address(Family::ipv4).to_string(), "198.18.0.1");
  EXPECT_EQ((*target)->first_peer_address(Family::ipv4).to_string(), "198.18.0.2");
  EXPECT_EQ((*target)->peer_address_count(), 100U);
  EXPECT_EQ((*target)->profile().name, "toy");
  EXPECT_EQ((*target)->profile().two_msl, 240s) << "the standard's";
}

TEST(StackProcess, AHelloThatIsNone) {
  EXPECT_THAT(greeting("{}"), HasSubstr("does not speak version 1 of the protocol"));
  EXPECT_THAT(greeting("7"), HasSubstr("does not speak version 1 of the protocol"));
  EXPECT_THAT(greeting(R"({"protocol":1})"), HasSubstr("there is no stack or no version"));
  EXPECT_THAT(greeting(R"({"protocol":1,"stack":"a","version":"1","clock":"sundial"})"), HasSubstr("of clocks"));
  EXPECT_THAT(greeting(R"({"protocol":1,"stack":"a","version":"1","clock":"virtual"})"),
              HasSubstr("neither ipv4 nor ipv6"));
  EXPECT_THAT(greeting(R"({"protocol":1,"stack":"a","version":"1","clock":"virtual","capabilities":["levitate"]})"),
              HasSubstr("there is no capability \"levitate\""));
  EXPECT_THAT(greeting(R"({"protocol":1,"stack":"a","version":"1","clock":"virtual","ipv6":{"target":"here"}})"),
              HasSubstr("ipv6 needs target and first_peer, addresses of ipv6, and peers"));
  EXPECT_THAT(greeting(R"({"protocol":1,"stack":"a","version":"1","clock":"virtual",)"
                       R"("ipv4":{"target":"198.18.0.1","first_peer":"2001:db8::2","peers":9}})"),
              HasSubstr("addresses of ipv4"));
}

struct Advanced {
  TimePoint reached;
  std::string broken;
};
Advanced advanced(const std::vector<std::string>& lines) {
  engine::VirtualTime time;
  auto target = StackProcess::start(time, says(lines));
  EXPECT_TRUE(target) << target.error();
  const TimePoint reached = (*target)->advance_to(TimePoint(10s));
  const auto drained = (*target)->link().drain([](Instant, wire::ByteView) {});
  return {reached, drained ? "" : drained.error()};
}

TEST(StackProcess, TheClockGoesOnToWhereItStopped) {
  const auto whole = advanced({R"({"id":2,"result":{"now_ns":10000000000}})"});
  EXPECT_EQ(whole.reached, TimePoint(10s));
  EXPECT_EQ(whole.broken, "");
  const auto part = advanced({R"({"method":"packet","params":{"octets":"45"}}
{"id":2,"result":{"now_ns":3000000000}})"});
  EXPECT_EQ(part.reached, TimePoint(3s));
  EXPECT_EQ(part.broken, "");
}

TEST(StackProcess, APacketCameWhenTheClockStopped) {
  engine::VirtualTime time;
  auto target = StackProcess::start(time, says({R"({"method":"packet","params":{"octets":"4501"}}
{"id":2,"result":{"now_ns":3000000000}})"}));
  (*target)->advance_to(TimePoint(10s));
  int packets = 0;
  ASSERT_TRUE((*target)->link().drain([&](Instant at, wire::ByteView octets) {
    packets++;
    EXPECT_EQ(at.latest, TimePoint(3s));
    EXPECT_EQ(octets.size(), 2U);
  }));
  EXPECT_EQ(packets, 1);
}

TEST(StackProcess, AClockThatLies) {
  EXPECT_THAT(advanced({R"({"id":2,"result":{"now_ns":11000000000}})"}).broken,
              StartsWith("the adapter's clock went to 11000000000 ns, and had to go from 0 to 10000000000 at most"));
  EXPECT_THAT(advanced({R"({"id":2,"result":{"now_ns":-1}})"}).broken, StartsWith("the adapter's clock went to -1 ns"));
  EXPECT_THAT(advanced({R"({"id":2,"result":{"now_ns":18446744073709551615}})"}).broken,
              StartsWith("the adapter's clock went to -1 ns"));
  EXPECT_THAT(advanced({R"({"id":2,"result":{}})"}).broken, StartsWith("the adapter's clock went to -1 ns"));
  EXPECT_THAT(advanced({R"({"id":2,"result":{"now_ns":5}})"}).broken,
              StartsWith("the adapter stopped the clock and has told of no packet and no event"));
  EXPECT_THAT(advanced({R"({"id":2,"error":{"code":-32601,"message":"no advance"}})"}).broken,
              StartsWith("the adapter cannot advance: no advance"));
}

TEST(StackProcess, NotificationsThatAreNone) {
  const auto told = [](const std::string& line) {
    return advanced({line + "\n" + R"({"id":2,"result":{"now_ns":5}})"}).broken;
  };
  EXPECT_THAT(told(R"({"method":"packet","params":{"octets":"4"}})"),
              StartsWith("the adapter has sent a packet without"));
  EXPECT_THAT(told(R"({"method":"packet","params":{"octets":""}})"),
              StartsWith("the adapter has sent a packet without"));
  EXPECT_THAT(told(R"({"method":"packet","params":7})"), StartsWith("the adapter has sent a packet without"));
  EXPECT_THAT(told(R"({"method":"event","params":{}})"), StartsWith("the adapter has told an event without a socket"));
  EXPECT_THAT(told(R"({"method":"hooray"})"), StartsWith("the adapter has sent a notification that there is none of"));
}

TEST(StackProcess, AnAppCallHasTheErrorOfTheApi) {
  const auto listened = [](const std::string& line) {
    engine::VirtualTime time;
    auto target = StackProcess::start(time, says({line}));
    const auto listener = (*target)->listen({(*target)->address(Family::ipv4), wire::Port{80}}, {});
    return listener ? "" : listener.error().name();
  };
  EXPECT_EQ(listened(R"({"id":2,"result":{"socket":3}})"), "");
  EXPECT_EQ(listened(R"({"id":2,"error":{"code":1,"message":"","data":{"errno":"EADDRINUSE"}}})"), "EADDRINUSE");
  EXPECT_THAT(listened(R"({"id":2,"error":{"code":-32601,"message":""}})"), StartsWith("ENOSYS"));
  EXPECT_THAT(listened(R"({"id":2,"error":{"code":1,"message":"","data":{"errno":"EWHAT"}}})"), StartsWith("EIO"));
  EXPECT_THAT(listened(R"({"id":2,"result":{"socket":"three"}})"), StartsWith("EIO"));
}

TEST(Hex, ThereAndBack) {
  EXPECT_EQ(to_hex(Bytes{0x00, 0x7f, 0xff}), "007fff");
  EXPECT_EQ(from_hex("007FfF"), (Bytes{0x00, 0x7f, 0xff}));
  EXPECT_EQ(from_hex(""), Bytes{});
  EXPECT_FALSE(from_hex("0"));
  EXPECT_FALSE(from_hex("0g"));
  EXPECT_EQ(errno_of("ECONNRESET"), ECONNRESET);
  EXPECT_EQ(errno_of("ENOTANERROR"), 0);
}

TEST(CheckAdapter, OneThatOnlySaysHelloIsFoundOut) {
  const auto all = check_adapter(says({}), {.patience = 200ms});
  const auto broken = std::ranges::count(all, AdapterCheck::Outcome::broken, &AdapterCheck::outcome);
  EXPECT_GE(broken, 3);
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all.front().what, "it says hello");
  EXPECT_EQ(all.front().outcome, AdapterCheck::Outcome::kept);
}

}  // namespace
}  // namespace finwait::target
