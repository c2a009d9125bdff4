// StackProcess: a stack that is no kernel, behind an adapter: a program that speaks docs/stack-protocol.md. It lives on
// the virtual clock, and a run gives each case one of its own.
#pragma once

#include "harness/engine/virtual_time.hpp"
#include "harness/target/lab.hpp"
#include "harness/target/stack.hpp"

namespace finwait::target {

inline constexpr int kStackProtocol = 1;

/// What an adapter says of itself.
struct Hello {
  std::string stack, version;
  Capabilities capabilities;
  struct Network {
    wire::Address target, first_peer;
    std::uint32_t peers = 0;
  };
  std::optional<Network> ipv4, ipv6;
  std::string profile;  ///< which to judge it by; empty: that of its name, or the standard's
};
/// Calls `hello`, or says what is wrong with the answer.
tl::expected<Hello, std::string> greet(Rpc& rpc, std::uint64_t seed);

class StackLink : public link::Link {
 public:
  explicit StackLink(const engine::Waiter& clock, Stack& stack) : clock_(clock), stack_(stack) {}

 protected:
  tl::expected<Instant, std::string> transmit(wire::ByteView packet) override;
  tl::expected<int, std::string> receive(const Receiver& receiver) override;

 private:
  const engine::Waiter& clock_;
  Stack& stack_;
};

class StackProcess : public Target, public engine::VirtualParty {
 public:
  static tl::expected<std::unique_ptr<StackProcess>, std::string> start(engine::VirtualTime& time,
                                                                        const std::vector<std::string>& command,
                                                                        std::uint64_t seed = 1);
  StackProcess(engine::VirtualTime& time, std::unique_ptr<Rpc> rpc, Hello hello);
  ~StackProcess() override;

  [[nodiscard]] std::string name() const override { return hello_.stack; }
  [[nodiscard]] std::string version() const override { return hello_.version; }
  [[nodiscard]] const Capabilities& capabilities() const override { return hello_.capabilities; }
  [[nodiscard]] const model::Profile& profile() const override { return profile_; }
  [[nodiscard]] wire::Address address(Family family) const override { return network(family).target; }
  [[nodiscard]] wire::Address first_peer_address(Family family) const override { return network(family).first_peer; }
  [[nodiscard]] std::uint32_t peer_address_count() const override;
  link::Link& link() override { return link_; }

  Result<std::unique_ptr<Listener>> listen(const Endpoint& local, ListenOptions options) override;
  Result<Opening> connect(const Endpoint& peer, std::optional<wire::Port> local) override;
  Result<void> set_sysctl(const std::string& name, const std::string& value) override;

  [[nodiscard]] std::optional<TimePoint> next_deadline() const override { return std::nullopt; }
  [[nodiscard]] bool steps() const override { return true; }
  TimePoint advance_to(TimePoint most) override;

 private:
  [[nodiscard]] const Hello::Network& network(Family family) const;

  engine::VirtualTime& time_;
  Hello hello_;
  model::Profile profile_;
  std::shared_ptr<Stack> stack_;
  StackLink link_;
  TimePoint begin_;       ///< where the adapter's clock is zero
  int without_step_ = 0;  ///< so often it has not let the clock go on
};

/// Every target is a program of its own.
class StackLab : public Lab {
 public:
  explicit StackLab(std::vector<std::string> command) : command_(std::move(command)), loop_(time_) {}
  engine::Loop& loop() override { return loop_; }
  engine::VirtualTime& time() { return time_; }
  tl::expected<std::unique_ptr<Target>, std::string> make_target() override;
  [[nodiscard]] bool fresh() const override { return true; }
  void draw_from(std::uint64_t seed) override { seed_ = seed; }

 private:
  std::vector<std::string> command_;
  engine::VirtualTime time_;
  engine::Loop loop_;
  std::uint64_t seed_ = 1;
  engine::VirtualParty* last_ = nullptr;  ///< the only one that time passes for; it may be gone
};

}  // namespace finwait::target
