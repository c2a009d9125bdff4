#include "harness/testing/fake_target.hpp"

#include <charconv>

#include "harness/testing/fake_socket.hpp"

namespace finwait::testing {

using namespace std::chrono_literals;
using target::Capability;

namespace {

constexpr std::uint32_t kTarget4 = 0xC6120001;  // 198.18.0.1
constexpr std::uint32_t kPeers = 131000;

std::optional<int> to_int(const std::string& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

model::Profile fake_profile() {
  model::Profile profile = model::linux_profile(Duration{0});
  profile.name = "fake";
  using C = model::Choice;
  profile.choices = model::Choices{C::rfc5961,   C::rfc5961_ack,       C::tw_rst_deletes, C::tw_reuse_rfc6191,
                                   C::ts_strict, C::half_duplex_close, C::keepalive_off,  C::orphan_timer};
  profile.granularity = model::Granularity::exact;
  profile.rto_min = 1s;  // what RFC 6298 recommends, and Linux does not do
  return profile;
}

tl::expected<Instant, std::string> FakeLink::transmit(ByteView packet) {
  const TimePoint at = clock_.now();
  tcp_.packet(packet);
  return Instant{at, at};
}

tl::expected<int, std::string> FakeLink::receive(const Receiver& receiver) {
  int count = 0;
  for (; !queue_.empty(); count++) {
    const auto [at, packet] = std::move(queue_.front());
    queue_.pop_front();
    receiver({at, at}, packet);
  }
  return count;
}

FakeTarget::FakeTarget(engine::VirtualTime& time, Defects defects)
    : time_(time),
      capabilities_{Capability::passive,   Capability::active,  Capability::half_close,    Capability::abort,
                    Capability::keepalive, Capability::options, Capability::tcp_state,     Capability::sysctls,
                    Capability::ipv4,      Capability::ipv6,    Capability::virtual_clock, Capability::poll,
                    Capability::linger,    Capability::ports},
      profile_(fake_profile()),
      tcp_(std::make_shared<FakeTcp>(time, profile_, std::move(defects),
                                     [this](Bytes packet) { link_.from_tcp(std::move(packet)); })),
      link_(time, *tcp_) {
  time_.add(*this);
}

FakeTarget::~FakeTarget() {
  time_.remove(*this);
  tcp_->detach();  // sockets may live on
}

wire::Address FakeTarget::address(wire::Family family) const {
  return family == wire::Family::ipv4 ? wire::Address::v4(kTarget4) : *wire::Address::from_string("2001:db8::1");
}

wire::Address FakeTarget::first_peer_address(wire::Family family) const { return address(family).plus(1); }

std::uint32_t FakeTarget::peer_address_count() const { return kPeers; }

Result<std::unique_ptr<target::Listener>> FakeTarget::listen(const Endpoint& local, target::ListenOptions options) {
  if (!tcp_->listen(local, options)) return tl::unexpected(Errno{EADDRINUSE, {}});
  return std::make_unique<FakeListener>(tcp_, local);
}

Result<target::Opening> FakeTarget::connect(const Endpoint& peer, std::optional<wire::Port> local) {
  auto tcb = tcp_->connect(address(peer.address.family), peer, local);
  if (!tcb) return tl::unexpected(Errno{EADDRNOTAVAIL, {}});
  auto socket = std::make_unique<FakeSocket>(tcp_, std::move(tcb));
  auto done = socket->connected();
  return target::Opening{std::move(socket), std::move(done)};
}

Result<void> FakeTarget::set_sysctl(const std::string& name, const std::string& value) {
  FakeTcp::Settings& settings = tcp_->settings;
  const std::map<std::string_view, Duration*> durations{{"net.ipv4.tcp_keepalive_time", &settings.keepalive_idle},
                                                        {"net.ipv4.tcp_keepalive_intvl", &settings.keepalive_interval},
                                                        {"net.ipv4.tcp_fin_timeout", &settings.fin_timeout}};
  const std::map<std::string_view, bool*> switches{{"net.ipv4.tcp_rfc1337", &settings.rfc1337},
                                                   {"net.ipv4.tcp_invalid_ratelimit", &settings.throttle}};
  if (const auto one = switches.find(name); one != switches.end()) {
    *one->second = value != "0";
    profile_.apply_setting(name, value);
    return {};
  }
  const std::map<std::string_view, int*> counts{{"net.ipv4.tcp_keepalive_probes", &settings.keepalive_count},
                                                {"net.ipv4.tcp_retries2", &settings.retries},
                                                {"net.ipv4.tcp_orphan_retries", &settings.orphan_retries},
                                                {"net.ipv4.tcp_syn_retries", &settings.syn_retries},
                                                {"net.ipv4.tcp_synack_retries", &settings.syn_ack_retries}};
  const auto found = durations.find(name);
  const auto count = counts.find(name);
  if (found == durations.end() && count == counts.end()) return tl::unexpected(Errno{ENOENT, {}});
  const auto number = to_int(value);
  if (!number || *number < 1) return tl::unexpected(Errno{EINVAL, {}});
  if (count != counts.end()) {
    *count->second = *number;
  } else {
    *found->second = std::chrono::seconds(*number);
  }
  profile_.apply_setting(name, value);
  return {};
}

}  // namespace finwait::testing
