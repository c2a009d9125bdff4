// The local kernel in a sandbox, and the TUN link to it: real namespaces, real sockets. Where namespaces are forbidden
// these tests fail and say so, as finwait itself would.
#include "harness/target/local_kernel.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <fstream>

#include "cases/steps.hpp"
#include "harness/run/runner.hpp"
#include "harness/wire/codec.hpp"

namespace finwait::target {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class InSandbox : public ::testing::Test {
 protected:
  void SetUp() override {
    auto made = Sandbox::make([] { return engine::monotonic_now(); }, aside_, Stamps::kernel);
    ASSERT_TRUE(made) << made.error();
    sandbox_ = std::move(*made);
  }
  void TearDown() override {
    if (sandbox_) sandbox_->leave();
  }
  [[nodiscard]] wire::Bytes syn_from(std::uint32_t peer, std::uint16_t port) const {
    wire::Segment s;
    s.source = SandboxAddresses::target(Family::ipv4).plus(peer);
    s.destination = SandboxAddresses::target(Family::ipv4);
    s.source_port = wire::Port{port};
    s.destination_port = wire::Port{7};
    s.seq = wire::SeqNum(1000);
    s.flags = wire::kSyn;
    return *wire::craft(s);
  }
  /// Everything that is pending, with its times.
  std::vector<std::pair<Instant, wire::Segment>> drain() {
    std::vector<std::pair<Instant, wire::Segment>> out;
    sandbox_->tun().mark_readable();
    const auto count = sandbox_->tun().drain([&](Instant at, wire::ByteView octets) {
      if (auto parsed = wire::parse(octets)) out.emplace_back(at, parsed->segment);
    });
    EXPECT_TRUE(count) << count.error();
    return out;
  }

  engine::Aside aside_;
  std::unique_ptr<Sandbox> sandbox_;
};

TEST_F(InSandbox, OneDrainTakesEverythingThatIsPending) {
  for (std::uint16_t port = 1; port <= 300; port++) ASSERT_TRUE(sandbox_->tun().send(syn_from(1, port)));
  EXPECT_EQ(drain().size(), 300U) << "a reset for each SYN to a closed port";
  EXPECT_TRUE(drain().empty());
}

TEST_F(InSandbox, KernelStampsLieBetweenTheSendAndTheReadHoweverLateThatIs) {
  ASSERT_EQ(sandbox_->tun().wait_for_stamps(), "");
  const auto sent = sandbox_->tun().send(syn_from(1, 9));
  ASSERT_TRUE(sent);
  const TimePoint late = engine::monotonic_now() + 20ms;
  while (engine::monotonic_now() < late) {
  }
  const auto got = drain();
  ASSERT_EQ(got.size(), 1U);
  const Instant at = got[0].first;
  EXPECT_EQ(at.uncertainty(), 2 * link::Tun::kStampError);
  EXPECT_GE(at.latest, sent->earliest);
  EXPECT_LE(at.earliest, sent->latest) << "the reset left inside the write, not when we read it";
}

TEST_F(InSandbox, WithoutStampsAnArrivalIsBoundedByTheLastEmptyQueueAndTheRead) {
  auto made = Sandbox::make([] { return engine::monotonic_now(); }, aside_, Stamps::none);
  ASSERT_TRUE(made);
  sandbox_->leave();
  sandbox_ = std::move(*made);
  EXPECT_EQ(sandbox_->tun().wait_for_stamps(), "not asked for");
  EXPECT_TRUE(drain().empty());
  const auto sent = sandbox_->tun().send(syn_from(1, 9));
  const auto got = drain();
  ASSERT_EQ(got.size(), 1U);
  EXPECT_LE(got[0].first.earliest, sent->latest);
  EXPECT_GE(got[0].first.latest, sent->earliest);
  EXPECT_GT(got[0].first.uncertainty(), 0ns);
}

TEST_F(InSandbox, StampsAreRightWhenManyPacketsAreReadLate) {
  ASSERT_EQ(sandbox_->tun().wait_for_stamps(), "");
  std::vector<Instant> sent;
  for (std::uint16_t port = 1; port <= 50; port++) sent.push_back(*sandbox_->tun().send(syn_from(1, port)));
  const auto got = drain();
  ASSERT_EQ(got.size(), sent.size());
  for (std::size_t i = 0; i < sent.size(); i++) {
    EXPECT_EQ(number(got[i].second.destination_port), i + 1);
    EXPECT_LE(got[i].first.earliest, sent[i].latest) << i;
    EXPECT_GE(got[i].first.latest, sent[i].earliest) << i;
  }
}

TEST_F(InSandbox, SendErrorsSayWhatIsWrong) {
  const auto no_ip = sandbox_->tun().send(wire::Bytes{0x00, 0x01, 0x02, 0x03});
  ASSERT_FALSE(no_ip);
  EXPECT_EQ(no_ip.error(), "tun0 refuses the packet: it is not IPv4 or IPv6");
  const UniqueFd fd(socket(AF_INET, SOCK_DGRAM, 0));
  ifreq request{};
  std::string("tun0").copy(request.ifr_name, IFNAMSIZ);
  ASSERT_EQ(ioctl(fd.get(), SIOCSIFFLAGS, &request), 0);  // all flags off: down
  const auto down = sandbox_->tun().send(syn_from(1, 9));
  ASSERT_FALSE(down);
  EXPECT_EQ(down.error(), "tun0 is down: nothing can be sent");
}

TEST_F(InSandbox, SysctlsAreTheSandboxesOwn) {
  const auto read = [] {
    std::ifstream in("/proc/sys/net/ipv4/tcp_fin_timeout");
    int value = 0;
    in >> value;
    return value;
  };
  EXPECT_EQ(sandbox_->set_sysctl("net.ipv4.tcp_fin_timeout", "7"), 0);
  EXPECT_EQ(read(), 7);
  auto other = Sandbox::make([] { return engine::monotonic_now(); }, aside_, Stamps::none);
  ASSERT_TRUE(other);
  EXPECT_EQ(read(), 60) << "in the new one, which is current now";
  sandbox_->enter();
  EXPECT_EQ(read(), 7);
  (*other)->leave();
  EXPECT_EQ(sandbox_->set_sysctl("net.ipv4.no_such_thing", "1"), ENOENT);
}

/// Runs one case on the local kernel and returns its verdict with the reason.
std::string verdict_of(Task<> (*body)(Scenario&)) {
  struct Watch : run::Observer {
    std::string text;
    void case_finished(run::CaseResult& r) override {
      text = std::string(to_string(r.verdict)) + (r.finding ? ": " + r.finding->summary + " " + r.finding->seen : "");
    }
  } watch;
  run::Chapter chapter(1);
  chapter[0].id = "test";
  chapter[0].body = body;
  chapter[0].covers = {"RFC9293-MUST-13"};
  chapter[0].families = {Family::ipv4};
  const auto plan = run::instances({&chapter});
  LocalLab lab(Stamps::none);
  run::Runner runner(lab, {}, {&watch}, {});
  const auto totals = runner.run(plan, {});
  return totals ? watch.text : totals.error();
}

TEST(LocalKernel, OptionsAreSetAndReadBack) {
  EXPECT_EQ(verdict_of([](Scenario& s) -> Task<> {
              auto [peer, app] = co_await s.established();
              for (const auto& [option, value] : {std::pair{SocketOption::keepalive, 1},
                                                  {SocketOption::keepalive_idle_s, 11},
                                                  {SocketOption::keepalive_interval_s, 12},
                                                  {SocketOption::keepalive_count, 13},
                                                  {SocketOption::user_timeout_ms, 14000},
                                                  {SocketOption::linger_s, 15},
                                                  {SocketOption::linger2_s, 16},
                                                  {SocketOption::nodelay, 1}}) {
                app.set(option, value);
                const auto got = app.get(option);
                if (!got || *got != value) s.fail("an option was not kept", std::to_string(value), "another");
              }
              app.set(SocketOption::linger_s, -1);
              if (*app.get(SocketOption::linger_s) != -1) s.fail("linger stays on", "-1", "another");
            }),
            "PASS");
}

TEST(LocalKernel, ErrorsOfTheApiAreResultsWithTheirErrno) {
  EXPECT_EQ(verdict_of([](Scenario& s) -> Task<> {
              auto [peer, app] = co_await s.established();
              auto nothing = app.recv(1, 10ms);
              const auto waited = co_await nothing;
              if (waited || !(waited.error() == ETIME)) s.fail("recv without data", "ETIME", "another");
              peer.send(wire::Spec(wire::kRst).seq(peer.snd_nxt()));
              co_await s.pause(50ms);
              if (app.take_error() != ECONNRESET) s.fail("SO_ERROR", "ECONNRESET", "another");
              if (app.take_error() != 0) s.fail("SO_ERROR is cleared by reading", "0", "another");
              const auto shut = app.try_shutdown(How::wr);
              if (shut || shut.error().name() != "ENOTCONN") s.fail("shutdown", "ENOTCONN", "another");
            }),
            "PASS");
}

TEST(LocalKernel, ACallThatFailsIsAnErrorOfTheCaseAndNamesTheErrno) {
  EXPECT_THAT(verdict_of([](Scenario& s) -> Task<> {
                auto [peer, app] = co_await s.established();
                app.set(SocketOption::keepalive_idle_s, -1);
              }),
              HasSubstr("ERROR: set TCP_KEEPIDLE (s) = -1 failed with EINVAL"));
}

TEST(LocalKernel, AnAddressInUseIsNamed) {
  LocalLab lab(Stamps::none);
  auto target = lab.make_target();
  ASSERT_TRUE(target);
  const Endpoint local{(*target)->address(Family::ipv4), wire::Port{7}};
  const auto first = (*target)->listen(local, {});
  ASSERT_TRUE(first);
  const auto second = (*target)->listen(local, {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().name(), "EADDRINUSE");
}

TEST(LocalKernel, AFailedConnectIsAResult) {
  EXPECT_THAT(verdict_of([](Scenario& s) -> Task<> {
                auto opening = s.target().connect({wire::Address::v4(0xC6130001), wire::Port{9}}, {});
                if (opening->done.ready()) s.fail("connect", "in progress", "done at once");
                auto waiting = opening->done.before(s.loop(), s.loop().now() + 100ms);
                const auto result = co_await waiting;
                if (result || !(result.error() == ETIME)) s.fail("connect to nobody", "ETIME", "another");
              }),
              "PASS");
}

}  // namespace
}  // namespace finwait::target
