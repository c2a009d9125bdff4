#include "harness/target/stack.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

namespace finwait::target {

namespace {

constexpr std::array<std::pair<SocketOption, std::string_view>, 8> kOptions{{
    {SocketOption::keepalive, "keepalive"},
    {SocketOption::keepalive_idle_s, "keepalive_idle_s"},
    {SocketOption::keepalive_interval_s, "keepalive_interval_s"},
    {SocketOption::keepalive_count, "keepalive_count"},
    {SocketOption::user_timeout_ms, "user_timeout_ms"},
    {SocketOption::linger_s, "linger_s"},
    {SocketOption::linger2_s, "linger2_s"},
    {SocketOption::nodelay, "nodelay"},
}};
std::string_view name_of(SocketOption option) { return kOptions.at(static_cast<std::size_t>(option)).second; }

std::string_view name_of(How how) { return how == How::rd ? "rd" : how == How::wr ? "wr" : "rdwr"; }

// An answer without what it has to have: the adapter does not keep to the protocol.
template <class T>
Result<T> malformed(Stack& stack, std::string_view method, const char* what) {
  stack.give_up("the adapter answered " + std::string(method) + " without " + what);
  return tl::unexpected(Errno{EIO, "the adapter"});
}

constexpr std::size_t kMostOctets = 65535 + 40;  // an IPv6 packet without a jumbo payload

template <class T>
Op<T> now_or_after_event(Stack& stack, int socket, std::function<std::optional<Result<T>>()> attempt) {
  return engine::now_or_later<T>(attempt, [&](auto again) { stack.wait_for(socket, std::move(again)); });
}

}  // namespace

std::string to_hex(wire::ByteView octets) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(2 * octets.size());
  for (const auto octet : octets) {
    out += kDigits[octet >> 4U];
    out += kDigits[octet & 0xfU];
  }
  return out;
}

std::optional<Bytes> from_hex(std::string_view text) {
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  };
  if (text.size() % 2 != 0) return std::nullopt;
  Bytes out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = digit(text[i]), low = digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<std::uint8_t>(16 * high + low));
  }
  return out;
}

int errno_of(std::string_view name) {
  constexpr int kMost = 134;  // EHWPOISON and below
  for (int number = 1; number < kMost; number++) {
    const char* known = strerrorname_np(number);
    if (known != nullptr && name == known) return number;
  }
  return 0;
}

std::optional<std::int64_t> integer(const Json& object, const char* name) {
  if (!object.is_object()) return std::nullopt;
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number_integer()) return std::nullopt;
  if (found->is_number_unsigned() && !std::in_range<std::int64_t>(found->get<std::uint64_t>())) return std::nullopt;
  return found->get<std::int64_t>();
}

std::optional<int> small(const Json& object, const char* name) {
  const auto number = integer(object, name);
  return number && std::in_range<int>(*number) ? std::optional(static_cast<int>(*number)) : std::nullopt;
}

std::optional<std::string> text(const Json& object, const char* name) {
  if (!object.is_object()) return std::nullopt;
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? std::optional(found->get<std::string>()) : std::nullopt;
}

// --- the program

Stack::Stack(std::unique_ptr<Rpc> rpc, const engine::Waiter& clock) : rpc_(std::move(rpc)), clock_(clock) {
  rpc_->on_told([this](const std::string& method, const Json& params) { told(method, params); });
}

void Stack::told(const std::string& method, const Json& params) {
  if (method == "packet") {
    const auto hex = text(params, "octets");
    auto octets = hex ? from_hex(*hex) : std::nullopt;
    if (!octets || octets->empty()) return give_up("the adapter has sent a packet without hexadecimal octets");
    if (octets->size() > kMostOctets) return give_up("the adapter has sent a packet that is longer than any");
    packets_.emplace_back(clock_.now(), std::move(*octets));
    came_ = true;
  } else if (method == "event") {
    const auto socket = small(params, "socket");
    if (!socket) return give_up("the adapter has told an event without a socket");
    changed_.insert(*socket);
    came_ = true;
  } else {
    give_up("the adapter has sent a notification that there is none of: " + method);
  }
}

void Stack::came_at(TimePoint then) {
  for (auto& [at, packet] : packets_) at = then;
}

tl::expected<Json, RpcError> Stack::call(std::string_view method, Json params) {
  depth_++;
  auto answer = rpc_->call(method, std::move(params));
  depth_--;
  if (depth_ == 0) try_again();
  return answer;
}

Result<Json> Stack::app_call(std::string_view method, Json params) {
  auto answer = call(method, std::move(params));
  if (answer) return std::move(*answer);
  const RpcError& error = answer.error();
  if (error.code == 0) return tl::unexpected(Errno{EIO, error.message});
  if (error.code == kMethodNotFound) return tl::unexpected(Errno{ENOSYS, "the adapter has no " + std::string(method)});
  const int number = errno_of(text(error.data, "errno").value_or(""));
  if (number != 0) return tl::unexpected(Errno{number, {}});
  give_up("the adapter answered " + std::string(method) + " with an error that has no errno: " + error.message);
  return tl::unexpected(Errno{EIO, "the adapter"});
}

void Stack::wait_for(int socket, std::function<bool()> attempt) { waiting_[socket].push_back(std::move(attempt)); }

// Whether anything that waited for this socket has come to its end.
bool Stack::attempt(int socket) {
  const auto found = waiting_.find(socket);
  if (found == waiting_.end()) return false;
  auto attempts = std::exchange(found->second, {});
  const auto ended = std::erase_if(attempts, [](const auto& one) { return one(); });
  auto& left = waiting_[socket];
  left.insert(left.begin(), std::make_move_iterator(attempts.begin()), std::make_move_iterator(attempts.end()));
  return ended > 0;
}

// What the attempts themselves bring about counts, too; but an event of a socket that was tried in vain meanwhile is
// one too many.
void Stack::try_again() {
  constexpr int kRounds = 1000;
  depth_++;
  for (int round = 0; !changed_.empty(); round++) {
    if (round == kRounds) give_up("the adapter tells event after event, and they come to nothing");
    if (!broken().empty()) break;
    const auto now = std::exchange(changed_, {});
    std::set<int> in_vain;
    for (const int socket : now) {
      if (!attempt(socket)) in_vain.insert(socket);
    }
    for (const int socket : in_vain) changed_.erase(socket);
  }
  depth_--;
}

// --- a connection's end

StackSocket::~StackSocket() {
  stack_->forget(id_);
  if (open_) (void)stack_->call("abort", params());
}

Json StackSocket::params(Json more) const {
  more["socket"] = id_;
  return more;
}

Result<void> StackSocket::simple(std::string_view method, Json more) {
  const auto answer = stack_->app_call(method, params(std::move(more)));
  if (!answer) return tl::unexpected(answer.error());
  return {};
}

Result<void> StackSocket::ends(std::string_view method, Json more) {
  auto result = simple(method, std::move(more));
  if (result) open_ = false;
  return result;
}

Op<std::size_t> StackSocket::send(wire::ByteView octets) {
  const auto answer = stack_->app_call("send", params({{"octets", to_hex(octets)}}));
  if (!answer) return Result<std::size_t>(tl::unexpected(answer.error()));
  const auto taken = integer(*answer, "taken");
  const bool possible = taken && *taken >= 0 && static_cast<std::size_t>(*taken) <= octets.size();
  return possible ? Result<std::size_t>(static_cast<std::size_t>(*taken))
                  : malformed<std::size_t>(*stack_, "send", "how much was taken");
}

Op<Bytes> StackSocket::recv(std::size_t most) {
  return now_or_after_event<Bytes>(*stack_, id_, [stack = stack_, id = id_, most]() -> std::optional<Result<Bytes>> {
    const auto answer = stack->app_call("recv", {{"socket", id}, {"most", most}});
    if (!answer && answer.error() == EAGAIN) return std::nullopt;
    if (!answer) return tl::unexpected(answer.error());
    auto octets = from_hex(text(*answer, "octets").value_or("?"));
    if (!octets || octets->size() > most) return malformed<Bytes>(*stack, "recv", "octets, at most those asked for");
    return std::move(*octets);
  });
}

Op<void> StackSocket::shutdown(How how) { return simple("shutdown", {{"how", name_of(how)}}); }
Op<void> StackSocket::close() { return ends("close"); }
Op<void> StackSocket::abort() { return ends("abort"); }

Op<void> StackSocket::lingering_close(std::chrono::seconds limit) {
  if (auto begun = ends("close", {{"linger_s", limit.count()}}); !begun) return begun;
  return now_or_after_event<void>(*stack_, id_, [stack = stack_, id = id_]() -> std::optional<Result<void>> {
    const auto answer = stack->app_call("closed", {{"socket", id}});
    if (!answer && answer.error() == EAGAIN) return std::nullopt;
    if (!answer) return tl::unexpected(answer.error());
    return Result<void>{};
  });
}

Op<void> StackSocket::set(SocketOption option, int value) {
  return simple("set", {{"option", name_of(option)}, {"value", value}});
}

Op<int> StackSocket::get(SocketOption option) {
  const auto answer = stack_->app_call("get", params({{"option", name_of(option)}}));
  if (!answer) return Result<int>(tl::unexpected(answer.error()));
  const auto value = small(*answer, "value");
  return value ? Result<int>(*value) : malformed<int>(*stack_, "get", "a value");
}

Op<int> StackSocket::take_error() {
  const auto answer = stack_->app_call("take_error", params());
  if (!answer) return Result<int>(tl::unexpected(answer.error()));
  const auto name = text(*answer, "errno");
  const int number = errno_of(name.value_or(""));
  return number != 0 || (name && name->empty()) ? Result<int>(number)
                                                : malformed<int>(*stack_, "take_error", "an errno, or an empty one");
}

Op<TcpState> StackSocket::state() {
  const auto answer = stack_->app_call("state", params());
  if (!answer) return Result<TcpState>(tl::unexpected(answer.error()));
  const auto state = model::find_state(text(*answer, "state").value_or(""));
  return state ? Result<TcpState>(*state) : malformed<TcpState>(*stack_, "state", "a state of RFC 9293");
}

Op<Readiness> StackSocket::poll() {
  const auto answer = stack_->app_call("poll", params());
  if (!answer) return Result<Readiness>(tl::unexpected(answer.error()));
  const auto has = [&](const char* name) { return answer->is_object() && answer->value(name, Json()) == true; };
  return Result<Readiness>(Readiness{.in = has("in"),
                                     .out = has("out"),
                                     .read_hang_up = has("read_hang_up"),
                                     .hang_up = has("hang_up"),
                                     .error = has("error")});
}

Op<void> StackSocket::connected() {
  return now_or_after_event<void>(*stack_, id_, [stack = stack_, id = id_]() -> std::optional<Result<void>> {
    const auto answer = stack->app_call("connected", {{"socket", id}});
    if (!answer && answer.error() == EAGAIN) return std::nullopt;
    if (!answer) return tl::unexpected(answer.error());
    return Result<void>{};
  });
}

// --- what listens

StackListener::~StackListener() {
  stack_->forget(id_);
  arrived_->clear();
  (void)stack_->call("unlisten", {{"socket", id_}});
}

void StackListener::take_all(Stack& stack, int id, const std::shared_ptr<Stack>& owner, Arrived& arrived) {
  constexpr int kMost = 100'000;
  for (int count = 0; count < kMost; count++) {
    const auto answer = stack.app_call("accept", {{"socket", id}});
    if (!answer) return;  // EAGAIN; whatever else it is, there is no connection
    const auto socket = small(*answer, "connection"), port = small(*answer, "port");
    const auto address = wire::Address::from_string(text(*answer, "address").value_or(""));
    if (!socket || !port || !std::in_range<std::uint16_t>(*port) || !address) {
      return (void)malformed<int>(stack, "accept", "a connection, an address and a port");
    }
    const Endpoint peer{*address, wire::Port{static_cast<std::uint16_t>(*port)}};
    arrived.emplace(peer, std::make_unique<StackSocket>(owner, *socket));
  }
  stack.give_up("the adapter accepts connection after connection");
}

Op<std::unique_ptr<Socket>> StackListener::accept(const Endpoint& peer) {
  using Accepted = std::unique_ptr<Socket>;
  const std::weak_ptr<Arrived> weak = arrived_;
  return now_or_after_event<Accepted>(*stack_, id_,
                                      [stack = stack_, weak, id = id_, peer]() -> std::optional<Result<Accepted>> {
                                        const auto arrived = weak.lock();
                                        if (!arrived) return tl::unexpected(Errno{EBADF, {}});
                                        take_all(*stack, id, stack, *arrived);
                                        const auto found = arrived->find(peer);
                                        if (found == arrived->end()) return std::nullopt;
                                        Accepted socket = std::move(found->second);
                                        arrived->erase(found);
                                        return socket;
                                      });
}

}  // namespace finwait::target
