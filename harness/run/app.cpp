#include "harness/run/app.hpp"

#include <fmt/format.h>

#include "harness/run/scenario.hpp"

namespace finwait::run {

using namespace std::chrono_literals;

namespace {

// How long an API call may take that has nothing to wait for: a condition that is already so must show at once.
constexpr Duration kPrompt = 1s;

std::string quoted(wire::ByteView octets) {
  constexpr std::size_t kMost = 32;
  std::string text;
  for (std::uint8_t c : octets.first(std::min(octets.size(), kMost))) {
    text += c >= 0x20 && c < 0x7f ? std::string(1, static_cast<char>(c)) : fmt::format("\\x{:02x}", c);
  }
  return fmt::format("\"{}\"{}", text, octets.size() > kMost ? fmt::format("... ({} octets)", octets.size()) : "");
}

model::Call call_of(model::Call::Kind kind) {
  model::Call call;
  call.kind = kind;
  return call;
}

std::string outcome(const Result<void>&) { return "ok"; }
std::string outcome(const Result<int>& r) { return fmt::format("{}", *r); }
std::string outcome(const Result<std::size_t>& r) { return fmt::format("{}", *r); }
std::string outcome(const Result<TcpState>& r) { return std::string(to_string(*r)); }
std::string outcome(const Result<wire::Bytes>& r) { return r->empty() ? "end of stream" : quoted(*r); }

}  // namespace

TimePoint App::now() const { return peer_.scenario().loop().now(); }

target::Socket& App::socket(const std::string& call) {
  if (!socket_) peer_.scenario().broken("the case calls " + call + " on a socket it has closed");
  return *socket_;
}

// Local targets answer at once. A call that waits goes through recv().
template <class T>
Result<T> App::call(const std::string& text, engine::Op<T> op, TimePoint begin, model::Call told) {
  if (!op.ready()) peer_.scenario().broken(text + " did not return at once");
  Result<T> result = std::move(op.result());
  const Instant at{begin, now()};
  const auto entry = peer_.scenario().transcript().app(
      peer_.connection(), at, text + " = " + (result ? outcome(result) : result.error().name()));
  peer_.touch(at);
  if (!result) told.error = result.error().value;
  if constexpr (std::is_same_v<T, std::size_t>) told.taken = result.value_or(0);
  if constexpr (std::is_same_v<T, int>) told.value = result.value_or(0);
  if constexpr (std::is_same_v<T, TcpState>) told.value = result ? static_cast<int>(*result) : 0;
  peer_.oracle().called(std::move(told), at, entry);
  return result;
}

void App::must(const Result<void>& result, const std::string& text) {
  if (!result) peer_.scenario().broken(fmt::format("{} failed with {}", text, result.error().name()));
}

void App::close() {
  const TimePoint begin = now();
  must(call("close()", socket("close").close(), begin, call_of(model::Call::Kind::close)), "close()");
  socket_.reset();
}

void App::abort() {
  const TimePoint begin = now();
  must(call("abort: SO_LINGER 0, close()", socket("abort").abort(), begin, call_of(model::Call::Kind::abort)), "abort");
  socket_.reset();
}

Task<Duration> App::lingering_close(std::chrono::seconds limit) {
  const TimePoint begin = now();
  auto op = socket("close").lingering_close(limit);
  const std::string text = fmt::format("close() with SO_LINGER of {} s", limit.count());
  const auto entry = peer_.scenario().transcript().app(peer_.connection(), {begin, now()}, text);
  peer_.oracle().called(call_of(model::Call::Kind::close), {begin, now()}, entry);
  peer_.touch({begin, now()});
  socket_.reset();
  auto waiting = op.before(peer_.scenario().loop(), begin + 2 * limit + kPrompt);
  must(co_await waiting, text);
  const Duration took = now() - begin;
  peer_.scenario().note(fmt::format("close() returned after {:.3f} s", seconds(took)));
  co_return took;
}

target::Readiness App::poll() {
  const TimePoint begin = now();
  auto op = socket("poll").poll();
  if (!op.ready() || !op.result()) peer_.scenario().broken("poll() failed");
  const target::Readiness readiness = *op.result();
  peer_.scenario().transcript().app(peer_.connection(), {begin, now()}, "poll() = " + to_string(readiness));
  return readiness;
}

void App::shutdown(How how) { must(try_shutdown(how), "shutdown()"); }

Result<void> App::try_shutdown(How how) {
  const TimePoint begin = now();
  auto told = call_of(model::Call::Kind::shutdown);
  told.how = how;
  return call(fmt::format("shutdown({})", to_string(how)), socket("shutdown").shutdown(how), begin, std::move(told));
}

void App::send(std::string_view text, std::string_view requirement) {
  const auto sent = try_send(text);
  if (sent && *sent == text.size()) return;
  refuse("send() did not take what it has to", fmt::format("send: {} octets", text.size()),
         sent ? fmt::format("{} octets", *sent) : sent.error().name(), requirement);
}

Result<std::size_t> App::try_send(std::string_view text) {
  const TimePoint begin = now();
  const wire::Bytes octets = wire::to_bytes(text);
  auto told = call_of(model::Call::Kind::send);
  told.text = octets;
  return call(fmt::format("send({})", quoted(octets)), socket("send").send(octets), begin, std::move(told));
}

void App::set(SocketOption option, int value) {
  const TimePoint begin = now();
  const std::string text = fmt::format("set {} = {}", to_string(option), value);
  auto told = call_of(model::Call::Kind::set);
  told.option = option;
  told.value = value;
  const auto result = call(text, socket("set").set(option, value), begin, std::move(told));
  // Those of keepalive are a capability of their own: who declares it has them.
  using enum SocketOption;
  const bool of_keepalive =
      option == keepalive || option == keepalive_idle_s || option == keepalive_interval_s || option == keepalive_count;
  if (!result && result.error() == ENOPROTOOPT && !of_keepalive) {
    peer_.scenario().unsupported(fmt::format("the target's API has no {}", to_string(option)));
  }
  must(result, text);
}

Result<int> App::get(SocketOption option) {
  const TimePoint begin = now();
  return call(fmt::format("get {}", to_string(option)), socket("get").get(option), begin,
              call_of(model::Call::Kind::get));
}

void App::keepalive(Keepalive values) {
  const auto seconds_of = [](std::chrono::seconds s) { return static_cast<int>(s.count()); };
  if (values.idle) set(SocketOption::keepalive_idle_s, seconds_of(*values.idle));
  if (values.interval) set(SocketOption::keepalive_interval_s, seconds_of(*values.interval));
  if (values.count) set(SocketOption::keepalive_count, *values.count);
  set(SocketOption::keepalive, 1);
}

Task<Result<wire::Bytes>> App::recv(std::size_t most, Duration limit) {
  const TimePoint begin = now();
  auto op = socket("recv").recv(most);
  auto waiting = op.before(peer_.scenario().loop(), begin + limit);
  auto result = co_await waiting;
  const TimePoint end = now();
  const auto entry = peer_.scenario().transcript().app(
      peer_.connection(), {end, end},
      fmt::format("recv({}) = {}", most,
                  result ? outcome(result) : (result.error() == ETIME ? "nothing yet" : result.error().name())));
  auto told = call_of(model::Call::Kind::recv);
  if (result) {
    told.text = *result;
  } else {
    told.error = result.error().value;
  }
  peer_.oracle().called(std::move(told), {end, end}, entry);
  co_return result;
}

int App::take_error() {
  const TimePoint begin = now();
  const auto result =
      call("get SO_ERROR", socket("take_error").take_error(), begin, call_of(model::Call::Kind::take_error));
  if (!result) peer_.scenario().broken("SO_ERROR failed with " + result.error().name());
  return *result;
}

TcpState App::state() {
  const TimePoint begin = now();
  const auto result = call("state", socket("state").state(), begin, call_of(model::Call::Kind::state));
  if (!result) peer_.scenario().broken("the connection's state cannot be read: " + result.error().name());
  return *result;
}

void App::refuse(const std::string& summary, const std::string& allowed, const std::string& seen,
                 std::string_view requirement) {
  Finding finding;
  finding.summary = summary;
  finding.violated = requirement.empty() ? peer_.scenario().main_requirement() : requirement;
  finding.allowed.push_back({allowed, {}, finding.violated});
  finding.seen = seen;
  auto& transcript = peer_.scenario().transcript();
  if (!transcript.entries().empty()) transcript.mark_unexplained(transcript.entries().size() - 1);
  throw CaseEnded(std::move(finding));
}

Task<> App::expect_data(std::string_view text, std::string_view requirement) {
  wire::Bytes got;
  while (got.size() < text.size()) {
    auto more = recv(text.size() - got.size(), kPrompt);
    const auto result = co_await more;
    if (!result || result->empty()) {
      const std::string seen = result ? "end of stream" : result.error().name();
      refuse("the application did not get the data that was sent to it", "recv: " + quoted(wire::to_bytes(text)),
             fmt::format("{} after {} octets", seen, got.size()), requirement);
    }
    got.insert(got.end(), result->begin(), result->end());
  }
  if (got != wire::to_bytes(text)) {
    refuse("the application got other data than was sent to it", "recv: " + quoted(wire::to_bytes(text)), quoted(got),
           requirement);
  }
}

Task<> App::expect_eof(std::string_view requirement) {
  auto reading = recv(1, kPrompt);
  const auto result = co_await reading;
  if (result && result->empty()) co_return;
  refuse("the application was not told that the peer has closed", "recv: end of stream",
         result ? quoted(*result) : result.error().name(), requirement);
}

Task<> App::expect_error(int error, std::string_view requirement) {
  auto reading = recv(1, kPrompt);
  const auto result = co_await reading;
  if (!result && result.error() == error) co_return;
  refuse("the application was not told how the connection ended", "recv: " + Errno{error, {}}.name(),
         result ? (result->empty() ? "end of stream" : quoted(*result)) : result.error().name(), requirement);
}

void App::expect_send_error(int error, std::string_view requirement) {
  const auto result = try_send("x");
  if (!result && result.error() == error) return;
  refuse("send() did not fail as it has to", "send: " + Errno{error, {}}.name(),
         result ? "it took the octets" : result.error().name(), requirement);
}

void App::expect_state(TcpState expected, std::string_view requirement) {
  const TcpState actual = state();
  if (actual == expected) return;
  refuse("the connection is in another state than it has to be", std::string(to_string(expected)),
         std::string(to_string(actual)), requirement);
}

}  // namespace finwait::run
