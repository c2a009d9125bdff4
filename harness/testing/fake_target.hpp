// FakeTarget: a target that is no kernel but FakeTcp, on a virtual clock, in this process; and the lab that makes it.
#pragma once

#include <deque>
#include <memory>

#include "harness/engine/virtual_time.hpp"
#include "harness/target/lab.hpp"
#include "harness/target/target.hpp"
#include "harness/testing/fake_tcp.hpp"

namespace finwait::testing {

/// What a fake stack is judged by: the numbers of Linux, with timers that are exact.
model::Profile fake_profile();

/// Packets go straight into the TCP; what it sends waits until it is received.
class FakeLink : public link::Link {
 public:
  FakeLink(const engine::Waiter& clock, FakeTcp& tcp) : clock_(clock), tcp_(tcp) {}
  void from_tcp(Bytes packet) { queue_.emplace_back(clock_.now(), std::move(packet)); }

 protected:
  tl::expected<Instant, std::string> transmit(ByteView packet) override;
  tl::expected<int, std::string> receive(const Receiver& receiver) override;

 private:
  const engine::Waiter& clock_;
  FakeTcp& tcp_;
  std::deque<std::pair<TimePoint, Bytes>> queue_;
};

class FakeTarget : public target::Target, public engine::VirtualParty {
 public:
  explicit FakeTarget(engine::VirtualTime& time, Defects defects = {});
  ~FakeTarget() override;

  [[nodiscard]] std::string name() const override { return "fake"; }
  [[nodiscard]] std::string version() const override { return "1"; }
  [[nodiscard]] const target::Capabilities& capabilities() const override { return capabilities_; }
  [[nodiscard]] const model::Profile& profile() const override { return profile_; }
  [[nodiscard]] wire::Address address(wire::Family family) const override;
  [[nodiscard]] wire::Address first_peer_address(wire::Family family) const override;
  [[nodiscard]] std::uint32_t peer_address_count() const override;
  link::Link& link() override { return link_; }

  Result<std::unique_ptr<target::Listener>> listen(const Endpoint& local, target::ListenOptions options) override;
  Result<target::Opening> connect(const Endpoint& peer, std::optional<wire::Port> local) override;
  Result<void> set_sysctl(const std::string& name, const std::string& value) override;

  [[nodiscard]] std::optional<TimePoint> next_deadline() const override { return tcp_->next_deadline(); }
  TimePoint advance_to(TimePoint now) override {
    tcp_->advance_to(now);
    return now;
  }

 private:
  engine::VirtualTime& time_;
  target::Capabilities capabilities_;
  model::Profile profile_;
  std::shared_ptr<FakeTcp> tcp_;
  FakeLink link_;
};

/// Every target it makes has the same defects.
class FakeLab : public target::Lab {
 public:
  explicit FakeLab(Defects defects = {}) : defects_(std::move(defects)), loop_(time_) {}
  engine::Loop& loop() override { return loop_; }
  engine::VirtualTime& time() { return time_; }
  tl::expected<std::unique_ptr<target::Target>, std::string> make_target() override {
    return std::make_unique<FakeTarget>(time_, defects_);
  }

 private:
  Defects defects_;
  engine::VirtualTime time_;
  engine::Loop loop_;
};

}  // namespace finwait::testing
