#include "harness/target/adapter_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "harness/target/stack_process.hpp"
#include "harness/wire/codec.hpp"

namespace finwait::target {

namespace {

using namespace std::chrono_literals;
using Outcome = AdapterCheck::Outcome;
using wire::Segment;

constexpr std::uint16_t kPort = 5001, kPeerPort = 40000;
constexpr std::uint32_t kPeerIss = 1000;

struct Needed {
  Capability capability;
  std::vector<std::string_view> methods;
};
const std::vector<Needed>& needed_methods() {
  using enum Capability;
  static const std::vector<Needed> all{
      {passive, {"listen", "accept", "unlisten"}},
      {active, {"connect", "connected"}},
      {half_close, {"shutdown"}},
      {abort, {"abort"}},
      {keepalive, {"set"}},
      {options, {"set", "get"}},
      {tcp_state, {"state"}},
      {poll, {"poll"}},
      {linger, {"closed"}},
      {ports, {}},
      {sysctls, {"sysctl"}},
  };
  return all;
}

std::string shown(const tl::expected<Json, RpcError>& answer) {
  if (answer) return "it answered " + answer->dump();
  return answer.error().code == 0
             ? answer.error().message
             : fmt::format("it answered with the error {}: {}", answer.error().code, answer.error().message);
}

/// One life of the adapter.
class Trial {
 public:
  Trial(const std::vector<std::string>& command, const Rpc::Limits& limits, std::vector<AdapterCheck>& out)
      : out_(out) {
    auto rpc = Rpc::start(command, limits);
    if (!rpc) {
      tell(Outcome::broken, "it starts", rpc.error());
      return;
    }
    rpc_ = std::move(*rpc);
    rpc_->on_told([this](const std::string& method, const Json& params) { told(method, params); });
    auto hello = greet(*rpc_, 1);
    if (!hello) {
      tell(Outcome::broken, "it says hello", hello.error());
      return;
    }
    hello_ = std::move(*hello);
  }
  [[nodiscard]] bool alive() const { return hello_.has_value() && rpc_->broken().empty(); }
  [[nodiscard]] const Hello& hello() const { return *hello_; }
  [[nodiscard]] bool has(Capability capability) const { return hello_->capabilities.contains(capability); }

  void tell(Outcome outcome, std::string what, std::string seen = {}) {
    out_.push_back({outcome, std::move(what), std::move(seen)});
  }
  /// Nothing more is asked of an adapter that is gone: that is told once.
  bool check(bool kept, std::string what, const std::string& seen) {
    tell(kept ? Outcome::kept : Outcome::broken, std::move(what), kept ? "" : seen);
    return kept && alive();
  }
  tl::expected<Json, RpcError> call(std::string_view method, Json params) {
    return rpc_->call(method, std::move(params));
  }
  Rpc& rpc() { return *rpc_; }

  // --- the peer that it talks to

  Segment segment(wire::Flags flags, std::uint32_t seq, wire::SeqNum ack, std::string_view text = {}) const {
    const auto& network = hello_->ipv4 ? *hello_->ipv4 : *hello_->ipv6;
    Segment s;
    s.source = network.first_peer;
    s.destination = network.target;
    s.source_port = wire::Port{kPeerPort};
    s.destination_port = wire::Port{kPort};
    s.flags = flags;
    s.seq = wire::SeqNum(seq);
    s.ack = ack;
    s.window = 65535;
    s.payload = wire::to_bytes(text);
    return s;
  }
  bool send(const Segment& s) { return call("packet", {{"octets", to_hex(*wire::craft(s))}}).has_value(); }
  /// Runs its clock for a second at most, until such a segment comes.
  std::optional<Segment> wait_for(const std::function<bool(const Segment&)>& wanted) {
    const std::int64_t end = now_ns_ + 1'000'000'000;
    for (int rounds = 0; alive() && rounds < 1000; rounds++) {
      for (; !packets_.empty(); packets_.erase(packets_.begin())) {
        const auto parsed = wire::parse(packets_.front());
        if (parsed && wanted(parsed->segment)) return parsed->segment;
      }
      if (now_ns_ >= end || !advance(end)) break;
    }
    return std::nullopt;
  }
  bool advance(std::int64_t to) {
    came_ = false;
    const auto answer = call("advance", {{"to_ns", to}});
    const auto now = answer ? integer(*answer, "now_ns") : std::nullopt;
    if (!now || *now < now_ns_ || *now > to || (*now < to && !came_)) return last_ = shown(answer), false;
    now_ns_ = *now;
    return true;
  }
  [[nodiscard]] const std::string& last() const { return last_; }
  [[nodiscard]] std::int64_t now_ns() const { return now_ns_; }
  [[nodiscard]] bool event_for(std::int64_t socket) const {
    return std::ranges::find(events_, socket) != events_.end();
  }
  void forget_events() { events_.clear(); }

 private:
  void told(const std::string& method, const Json& params) {
    came_ = true;
    if (method == "packet") {
      auto octets = from_hex(text(params, "octets").value_or("?"));
      if (!octets || octets->empty()) return rpc_->give_up("it has sent a packet without hexadecimal octets");
      packets_.push_back(std::move(*octets));
    } else if (method == "event" && integer(params, "socket")) {
      events_.push_back(*integer(params, "socket"));
    } else {
      rpc_->give_up("it has sent a notification that there is none of: " + method + " " + params.dump());
    }
  }

  std::vector<AdapterCheck>& out_;
  std::unique_ptr<Rpc> rpc_;
  std::optional<Hello> hello_;
  std::vector<Bytes> packets_;
  std::vector<std::int64_t> events_;
  std::int64_t now_ns_ = 0;
  std::string last_;
  bool came_ = false;
};

void check_greeting(Trial& trial) {
  std::string able;
  for (const Capability one : trial.hello().capabilities) able += " " + std::string(to_string(one));
  trial.tell(Outcome::kept, "it says hello", fmt::format("{} {},{}", trial.hello().stack, trial.hello().version, able));
  for (const Needed& one : needed_methods()) {
    if (!trial.has(one.capability)) {
      trial.tell(Outcome::lacking, fmt::format("capability {}", to_string(one.capability)));
      continue;
    }
    for (const auto method : one.methods) {
      const auto answer = trial.call(method, {{"socket", 999'999}});
      const bool there = answer || answer.error().code != kMethodNotFound;
      if (!trial.check(there && trial.alive(), fmt::format("capability {}: {}", to_string(one.capability), method),
                       shown(answer))) {
        return;
      }
    }
  }
}

void check_nonsense(Trial& trial) {
  struct Line {
    const char* what;
    const char* line;
    int code;
  };
  for (const Line& one :
       {Line{"no JSON is refused", "{\"jsonrpc\": ", kParseError},
        Line{"what is no object is refused", "[1, 2, 3]", kInvalidRequest},
        Line{"a request without a method is refused", R"({"jsonrpc":"2.0","id":7})", kInvalidRequest},
        Line{"an unknown method is refused", R"({"jsonrpc":"2.0","id":7,"method":"make_coffee","params":{}})",
             kMethodNotFound},
        Line{"missing parameters are refused", R"({"jsonrpc":"2.0","id":7,"method":"recv","params":{}})",
             kInvalidParams},
        Line{"parameters of another kind are refused",
             R"({"jsonrpc":"2.0","id":7,"method":"packet","params":{"octets":17}})", kInvalidParams},
        Line{"octets that are none are refused",
             R"({"jsonrpc":"2.0","id":7,"method":"packet","params":{"octets":"xyz"}})", kInvalidParams}}) {
    const auto answer = trial.rpc().raw(one.line);
    const bool refused = !answer && answer.error().code == one.code;
    if (!trial.check(refused, one.what, fmt::format("{}, and not with {}", shown(answer), one.code))) return;
  }
  const auto answer = trial.call("close", {{"socket", 999'999}});
  const bool named = !answer && errno_of(text(answer.error().data, "errno").value_or("")) != 0;
  if (!trial.check(named, "a socket that is none is refused, with an errno", shown(answer))) return;
  // Packets of a hostile peer: anything at all, and a good one that is cut off or changed.
  std::mt19937 random(1);
  constexpr int kPackets = 500;
  const Bytes good = *wire::craft(trial.segment(wire::kSyn, kPeerIss, wire::SeqNum{}));
  for (int i = 0; i < kPackets; i++) {
    Bytes octets = good;
    if (i % 2 == 0) octets.resize(1 + random() % octets.size());
    for (unsigned n = random() % 8; n > 0; n--) {
      octets[random() % octets.size()] = static_cast<std::uint8_t>(random());
    }
    const auto taken = trial.call("packet", {{"octets", to_hex(octets)}});
    if (!taken)
      return (void)trial.check(false, "malformed packets do it no harm", to_hex(octets) + ": " + shown(taken));
  }
  trial.tell(Outcome::kept, "malformed packets do it no harm");
}

void check_clock(Trial& trial) {
  constexpr std::int64_t kHour = 3'600'000'000'000;
  bool ran = true;
  for (int i = 0; i < 10'000 && ran && trial.now_ns() < kHour; i++) ran = trial.advance(kHour);
  trial.check(ran && trial.now_ns() == kHour, "an idle hour passes", trial.last());
}

void check_passive(Trial& trial) {
  const Segment syn = trial.segment(wire::kSyn, kPeerIss, wire::SeqNum{});
  const auto listening = trial.call(
      "listen", {{"address", syn.destination.to_string()}, {"port", kPort}, {"reuse", true}, {"backlog", 5}});
  const auto listener = listening ? integer(*listening, "socket") : std::nullopt;
  if (!trial.check(listener.has_value(), "listen makes a socket", shown(listening))) return;
  auto answer = trial.call("accept", {{"socket", *listener}});
  const auto blocks = [&] { return !answer && text(answer.error().data, "errno") == "EAGAIN"; };
  if (!trial.check(blocks(), "accept without a connection: EAGAIN", shown(answer))) return;

  trial.send(syn);
  const auto syn_ack = trial.wait_for([](const Segment& s) { return s.flags.has(wire::kSyn | wire::kAck); });
  if (!trial.check(syn_ack && syn_ack->ack == wire::SeqNum(kPeerIss + 1), "a SYN draws a SYN,ACK", "nothing like it"))
    return;
  trial.forget_events();
  const wire::SeqNum next = syn_ack->seq + 1;
  trial.send(trial.segment(wire::kAck, kPeerIss + 1, next));
  trial.wait_for([](const Segment&) { return false; });
  if (!trial.check(trial.event_for(*listener), "a connection is an event of the listening socket", "no event")) return;
  answer = trial.call("accept", {{"socket", *listener}});
  const auto connection = answer ? integer(*answer, "connection") : std::nullopt;
  const bool right =
      connection && text(*answer, "address") == syn.source.to_string() && integer(*answer, "port") == kPeerPort;
  if (!trial.check(right, "accept gives the connection, its peer's address and port", shown(answer))) return;

  answer = trial.call("recv", {{"socket", *connection}, {"most", 100}});
  if (!trial.check(blocks(), "recv without text: EAGAIN", shown(answer))) return;
  trial.forget_events();
  trial.send(trial.segment(wire::kAck | wire::kPsh, kPeerIss + 1, next, "hello"));
  trial.wait_for([](const Segment&) { return false; });
  if (!trial.check(trial.event_for(*connection), "text is an event of its socket", "no event")) return;
  answer = trial.call("recv", {{"socket", *connection}, {"most", 3}});
  if (!trial.check(answer && text(*answer, "octets") == "68656c", "recv gives the octets, no more than asked for",
                   shown(answer)))
    return;
  answer = trial.call("recv", {{"socket", *connection}, {"most", 100}});
  if (!trial.check(answer && text(*answer, "octets") == "6c6f", "and then the others", shown(answer))) return;

  answer = trial.call("send", {{"socket", *connection}, {"octets", to_hex(wire::to_bytes("world"))}});
  if (!trial.check(answer && integer(*answer, "taken") == 5, "send takes octets", shown(answer))) return;
  const auto said = trial.wait_for([](const Segment& s) { return !s.payload.empty(); });
  if (!trial.check(said && said->payload == wire::to_bytes("world"), "and they leave", "no text")) return;
  trial.send(trial.segment(wire::kAck, kPeerIss + 6, next + 5));
  answer = trial.call("close", {{"socket", *connection}});
  if (!trial.check(answer.has_value(), "close does not wait", shown(answer))) return;
  const auto fin = trial.wait_for([](const Segment& s) { return s.flags.has(wire::kFin); });
  if (!trial.check(fin.has_value(), "and the FIN leaves", "no FIN")) return;
  answer = trial.call("recv", {{"socket", *connection}, {"most", 1}});
  trial.check(!answer && errno_of(text(answer.error().data, "errno").value_or("")) != 0,
              "a closed socket is none any more", shown(answer));
}

}  // namespace

std::string_view to_string(AdapterCheck::Outcome outcome) {
  constexpr std::array<std::string_view, 3> kNames{"kept", "lacking", "BROKEN"};
  return kNames.at(static_cast<std::size_t>(outcome));
}

std::vector<AdapterCheck> check_adapter(const std::vector<std::string>& command, const Rpc::Limits& limits) {
  std::vector<AdapterCheck> out;
  for (void (*group)(Trial&) : {check_greeting, check_nonsense, check_clock, check_passive}) {
    Trial trial(command, limits, out);
    if (!trial.alive()) return out;
    if (group == check_passive && !trial.has(Capability::passive)) continue;
    group(trial);
  }
  Trial trial(command, limits, out);
  if (trial.alive()) trial.check(trial.rpc().hang_up(), "it ends when its input does", trial.rpc().broken());
  return out;
}

}  // namespace finwait::target
