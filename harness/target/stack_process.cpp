#include "harness/target/stack_process.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace finwait::target {

namespace {

std::optional<Capability> find_capability(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(Capability::ports); i++) {
    if (name == to_string(static_cast<Capability>(i))) return static_cast<Capability>(i);
  }
  return std::nullopt;
}

tl::expected<Hello::Network, std::string> network_of(const Json& said, const char* name, Family family) {
  const auto target = wire::Address::from_string(text(said, "target").value_or(""));
  const auto first = wire::Address::from_string(text(said, "first_peer").value_or(""));
  const auto peers = integer(said, "peers");
  constexpr std::int64_t kMost = 131'000;
  if (!target || !first || !peers || *peers < 1 || target->family != family || first->family != family) {
    return tl::unexpected(fmt::format("hello: {0} needs target and first_peer, addresses of {0}, and peers", name));
  }
  return Hello::Network{*target, *first, static_cast<std::uint32_t>(std::min(*peers, kMost))};
}

tl::expected<Hello, std::string> read_hello(const Json& said) {
  Hello hello;
  if (integer(said, "protocol") != kStackProtocol) {
    return tl::unexpected(fmt::format("the adapter does not speak version {} of the protocol", kStackProtocol));
  }
  hello.stack = text(said, "stack").value_or("");
  hello.version = text(said, "version").value_or("");
  hello.profile = text(said, "profile").value_or("");
  if (hello.stack.empty() || hello.version.empty())
    return tl::unexpected(std::string("hello: there is no stack or no version"));
  if (text(said, "clock") != "virtual")
    return tl::unexpected(std::string("hello: of clocks there is only \"virtual\" here"));
  for (const auto& name : said.value("capabilities", Json::array())) {
    const auto capability = name.is_string() ? find_capability(name.get<std::string>()) : std::nullopt;
    if (!capability) return tl::unexpected("hello: there is no capability " + name.dump());
    hello.capabilities.insert(*capability);
  }
  hello.capabilities.insert(Capability::virtual_clock);
  for (const auto& [name, capability, place] :
       {std::tuple{"ipv4", Capability::ipv4, &hello.ipv4}, std::tuple{"ipv6", Capability::ipv6, &hello.ipv6}}) {
    if (!said.contains(name)) continue;
    const Family family = capability == Capability::ipv4 ? Family::ipv4 : Family::ipv6;
    auto network = network_of(said[name], name, family);
    if (!network) return tl::unexpected(network.error());
    *place = *network;
    hello.capabilities.insert(capability);
  }
  if (!hello.ipv4 && !hello.ipv6) return tl::unexpected(std::string("hello: there is neither ipv4 nor ipv6"));
  return hello;
}

model::Profile profile_of(const Hello& hello) {
  const model::Profile* known = model::find_profile(hello.profile.empty() ? hello.stack : hello.profile);
  model::Profile profile = known != nullptr ? *known : model::rfc9293_profile();
  if (known == nullptr) profile.name = hello.stack;
  return profile;
}

}  // namespace

tl::expected<Hello, std::string> greet(Rpc& rpc, std::uint64_t seed) {
  const auto said = rpc.call("hello", {{"protocol", kStackProtocol}, {"harness", "finwait"}, {"seed", seed}});
  if (!said) return tl::unexpected(said.error().message);
  return read_hello(*said);
}

// --- packets

tl::expected<Instant, std::string> StackLink::transmit(wire::ByteView packet) {
  const auto answer = stack_.call("packet", {{"octets", to_hex(packet)}});
  if (!answer) return tl::unexpected(answer.error().message);
  const TimePoint now = clock_.now();
  return Instant{now, now};
}

tl::expected<int, std::string> StackLink::receive(const Receiver& receiver) {
  int count = 0;
  for (; !stack_.packets().empty(); count++) {
    const auto [at, packet] = std::move(stack_.packets().front());
    stack_.packets().pop_front();
    receiver({at, at}, packet);
  }
  if (!stack_.broken().empty()) return tl::unexpected(stack_.broken());
  return count;
}

// --- the target

tl::expected<std::unique_ptr<StackProcess>, std::string> StackProcess::start(engine::VirtualTime& time,
                                                                             const std::vector<std::string>& command,
                                                                             std::uint64_t seed) {
  auto rpc = Rpc::start(command);
  if (!rpc) return tl::unexpected(rpc.error());
  auto hello = greet(**rpc, seed);
  if (!hello) return tl::unexpected(fmt::format("{}: {}", command.front(), hello.error()));
  return std::make_unique<StackProcess>(time, std::move(*rpc), std::move(*hello));
}

StackProcess::StackProcess(engine::VirtualTime& time, std::unique_ptr<Rpc> rpc, Hello hello)
    : time_(time),
      hello_(std::move(hello)),
      profile_(profile_of(hello_)),
      stack_(std::make_shared<Stack>(std::move(rpc), time)),
      link_(time, *stack_),
      begin_(time.now()) {}

StackProcess::~StackProcess() { time_.remove(*this); }

const Hello::Network& StackProcess::network(Family family) const {
  const auto& wanted = family == Family::ipv4 ? hello_.ipv4 : hello_.ipv6;
  return wanted ? *wanted : hello_.ipv4 ? *hello_.ipv4 : *hello_.ipv6;
}

std::uint32_t StackProcess::peer_address_count() const {
  std::uint32_t count = hello_.ipv4 ? hello_.ipv4->peers : hello_.ipv6->peers;
  if (hello_.ipv6) count = std::min(count, hello_.ipv6->peers);
  return count;
}

Result<std::unique_ptr<Listener>> StackProcess::listen(const Endpoint& local, ListenOptions options) {
  const auto answer = stack_->app_call("listen", {{"address", local.address.to_string()},
                                                  {"port", number(local.port)},
                                                  {"reuse", options.reuse},
                                                  {"backlog", options.backlog}});
  if (!answer) return tl::unexpected(answer.error());
  const auto socket = small(*answer, "socket");
  if (!socket) return tl::unexpected(Errno{EIO, "the adapter answered listen without a socket"});
  return std::make_unique<StackListener>(stack_, *socket);
}

Result<Opening> StackProcess::connect(const Endpoint& peer, std::optional<wire::Port> local) {
  Json params{{"address", peer.address.to_string()}, {"port", number(peer.port)}};
  if (local) params["local_port"] = number(*local);
  const auto answer = stack_->app_call("connect", std::move(params));
  if (!answer) return tl::unexpected(answer.error());
  const auto id = small(*answer, "socket");
  if (!id) return tl::unexpected(Errno{EIO, "the adapter answered connect without a socket"});
  auto socket = std::make_unique<StackSocket>(stack_, *id);
  auto done = socket->connected();
  return Opening{std::move(socket), std::move(done)};
}

Result<void> StackProcess::set_sysctl(const std::string& name, const std::string& value) {
  const auto answer = stack_->app_call("sysctl", {{"name", name}, {"value", value}});
  if (!answer) return tl::unexpected(answer.error());
  profile_.apply_setting(name, value);
  return {};
}

TimePoint StackProcess::advance_to(TimePoint most) {
  constexpr int kStandstill = 10'000;  // packets at one instant that nothing has drawn
  if (!stack_->broken().empty()) return most;
  const TimePoint now = time_.now();
  stack_->look_anew();
  const auto answer = stack_->call("advance", {{"to_ns", (most - begin_).count()}});
  if (!answer) {
    stack_->give_up("the adapter cannot advance: " + answer.error().message);  // unless it is gone
    return most;
  }
  const std::int64_t from_ns = (now - begin_).count(), most_ns = (most - begin_).count();
  const std::int64_t reached_ns = integer(*answer, "now_ns").value_or(-1);
  if (reached_ns < from_ns || reached_ns > most_ns) {
    stack_->give_up(fmt::format("the adapter's clock went to {} ns, and had to go from {} to {} at most", reached_ns,
                                from_ns, most_ns));
    return most;
  }
  const TimePoint reached = begin_ + Duration(reached_ns);
  if (reached < most && !stack_->anything_came()) {
    stack_->give_up("the adapter stopped the clock and has told of no packet and no event");
    return most;
  }
  stack_->came_at(reached);  // those before it have been taken
  without_step_ = reached == now ? without_step_ + 1 : 0;
  if (without_step_ > kStandstill) stack_->give_up("the adapter sends packet after packet and its clock stands still");
  return reached;
}

tl::expected<std::unique_ptr<Target>, std::string> StackLab::make_target() {
  auto target = StackProcess::start(time_, command_, seed_);
  if (!target) return tl::unexpected(target.error());
  if (last_ != nullptr) time_.remove(*last_);
  last_ = target->get();
  time_.add(*last_);
  return std::unique_ptr<Target>(std::move(*target));
}

}  // namespace finwait::target
