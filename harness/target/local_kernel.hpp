// The kernel finwait runs on, as a target: plain sockets in a sandbox.
#pragma once

#include <memory>

#include "harness/engine/epoll.hpp"
#include "harness/target/lab.hpp"
#include "harness/target/sandbox.hpp"
#include "harness/target/target.hpp"

namespace finwait::target {

class LocalKernel : public Target {
 public:
  /// The sandbox is taken down aside.
  LocalKernel(engine::Epoll& epoll, engine::Aside& aside, std::unique_ptr<Sandbox> sandbox);
  ~LocalKernel() override;

  [[nodiscard]] std::string name() const override { return "linux"; }
  [[nodiscard]] std::string version() const override;
  [[nodiscard]] const Capabilities& capabilities() const override { return capabilities_; }
  [[nodiscard]] const model::Profile& profile() const override { return profile_; }
  [[nodiscard]] wire::Address address(Family family) const override { return SandboxAddresses::target(family); }
  [[nodiscard]] wire::Address first_peer_address(Family family) const override {
    return SandboxAddresses::target(family).plus(1);
  }
  [[nodiscard]] std::uint32_t peer_address_count() const override { return SandboxAddresses::kPeers; }
  link::Link& link() override { return sandbox_->tun(); }

  Result<std::unique_ptr<Listener>> listen(const Endpoint& local, ListenOptions options) override;
  Result<Opening> connect(const Endpoint& peer, std::optional<wire::Port> local) override;
  Result<void> set_sysctl(const std::string& name, const std::string& value) override;

 private:
  engine::Epoll& epoll_;
  engine::Aside& aside_;
  std::unique_ptr<Sandbox> sandbox_;
  Capabilities capabilities_;
  model::Profile profile_;
};

/// The lab on this machine: real time, one sandbox per target.
class LocalLab : public Lab {
 public:
  explicit LocalLab(Stamps stamps) : stamps_(stamps), loop_(epoll_) {
    if (stamps == Stamps::reader) epoll_.read_clock_at_waits();
  }
  engine::Loop& loop() override { return loop_; }
  engine::Epoll& epoll() { return epoll_; }
  tl::expected<std::unique_ptr<Target>, std::string> make_target() override;

 private:
  Stamps stamps_;
  engine::Aside aside_;
  engine::Epoll epoll_;
  engine::Loop loop_;
};

}  // namespace finwait::target
