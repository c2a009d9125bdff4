#include "harness/target/rpc.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <limits>

#include "harness/engine/epoll.hpp"

namespace finwait::target {

namespace {

constexpr int kWholeCall = 6;  // so much longer than between two words a call may take

// For messages: what somebody else has written, as far as it can be shown.
std::string shown(std::string_view text) {
  constexpr std::size_t kMost = 120;
  std::string out;
  for (const char c : text.substr(0, kMost)) out += c >= ' ' && c < '\x7f' ? c : '?';
  return text.size() > kMost ? out + "..." : out;
}

// Copying a value takes as many calls as it is deep; nothing in the protocol is deeper than 4.
bool too_deep(std::string_view line) {
  constexpr int kMost = 32;
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < line.size() && depth <= kMost; i++) {
    if (quoted && line[i] == '\\') {
      i++;
    } else if (line[i] == '"') {
      quoted = !quoted;
    } else if (!quoted && (line[i] == '{' || line[i] == '[')) {
      depth++;
    } else if (!quoted && (line[i] == '}' || line[i] == ']')) {
      depth--;
    }
  }
  return depth > kMost;
}

}  // namespace

Rpc::Rpc(Limits limits, Child child, UniqueFd line, UniqueFd errors)
    : limits_(limits), child_(std::move(child)), line_(std::move(line)), errors_(std::move(errors)) {}

tl::expected<std::unique_ptr<Rpc>, std::string> Rpc::start(std::vector<std::string> command, Limits limits) {
  // A pair of sockets, which unlike pipes raise no signal when the other end is gone.
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return tl::unexpected(fmt::format("no pair of sockets: {}", std::strerror(errno)));
  }
  UniqueFd ours(ends[0]);
  const UniqueFd theirs(ends[1]);
  // In memory, so that nothing waits for somebody to read it.
  UniqueFd errors(memfd_create("finwait-adapter", MFD_CLOEXEC));
  auto child = Child::start({.arguments = std::move(command),
                             .environment = {},
                             .folder = {},
                             .input = theirs.get(),
                             .output = theirs.get(),
                             .errors = errors.get()});
  if (!child) return tl::unexpected(child.error());
  return std::unique_ptr<Rpc>(new Rpc(limits, std::move(*child), std::move(ours), std::move(errors)));
}

std::string Rpc::last_words() const {
  constexpr off_t kMost = 400;
  const off_t size = lseek(errors_.get(), 0, SEEK_END);
  if (size <= 0) return {};
  std::string text(static_cast<std::size_t>(std::min(size, kMost)), '\0');
  const auto got = pread(errors_.get(), text.data(), text.size(), size - static_cast<off_t>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.empty() ? text : "; it said: " + text;
}

void Rpc::give_up(const std::string& why) {
  if (!broken_.empty()) return;
  child_.kill();
  const int code = child_.wait();
  constexpr int kKilled = 128 + SIGKILL;
  const std::string end = code == kKilled ? "" : fmt::format(" (it ended with code {})", code);
  broken_ = why + end + last_words();
}

bool Rpc::write_line(std::string line) {
  line += '\n';
  for (std::string_view rest = line; !rest.empty();) {
    const auto written = send(line_.get(), rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (written > 0) {
      rest.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      pollfd one{line_.get(), POLLOUT, 0};
      if (poll(&one, 1, static_cast<int>(limits_.patience.count())) == 0) {
        return give_up(fmt::format("the adapter has read nothing for {} ms", limits_.patience.count())), false;
      }
    } else if (errno != EINTR) {
      return give_up("the adapter is gone"), false;
    }
  }
  return true;
}

bool Rpc::read_line(std::string& line) {
  constexpr std::size_t kChunk = 65536;
  for (std::size_t looked = 0;;) {
    const auto end = buffer_.find('\n', looked);
    if (end != std::string::npos) {
      line.assign(buffer_, 0, end);
      buffer_.erase(0, end + 1);
      return true;
    }
    if (buffer_.size() > limits_.line) {
      return give_up(fmt::format("the adapter has sent a line of over {} octets", limits_.line)), false;
    }
    looked = buffer_.size();
    if (octets_ > limits_.octets) {
      return give_up(fmt::format("the adapter has sent over {} octets and not the answer", limits_.octets)), false;
    }
    pollfd one{line_.get(), POLLIN, 0};
    const int ready = poll(&one, 1, static_cast<int>(limits_.patience.count()));
    if (ready < 0 && errno == EINTR) continue;
    if (engine::monotonic_now() - since_ > kWholeCall * limits_.patience) {
      return give_up(fmt::format("the adapter has talked for {} ms and not answered",
                                 (kWholeCall * limits_.patience).count())),
             false;
    }
    if (ready == 0) {
      return give_up(fmt::format("the adapter has not answered for {} ms", limits_.patience.count())), false;
    }
    buffer_.resize(looked + kChunk);
    const auto got = read(line_.get(), buffer_.data() + looked, kChunk);
    buffer_.resize(looked + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    octets_ += static_cast<std::size_t>(std::max<ssize_t>(got, 0));
    // A reset: it has left something unread.
    if (got == 0 || (got < 0 && errno == ECONNRESET)) return give_up("the adapter is gone"), false;
    if (got < 0 && errno != EINTR) return give_up(fmt::format("the adapter: {}", std::strerror(errno))), false;
  }
}

tl::expected<Json, RpcError> Rpc::answer(const Json& id, Id which) {
  since_ = engine::monotonic_now();
  octets_ = 0;
  std::string line;
  for (std::size_t count = 0; count < limits_.messages; count++) {
    if (!read_line(line)) return gone();
    Json message = too_deep(line) ? Json() : Json::parse(line, nullptr, false);
    if (!message.is_object()) {
      give_up("the adapter has sent what is no JSON object: " + shown(line));
      return gone();
    }
    const auto method = message.find("method");
    if (method != message.end() && method->is_string() && !message.contains("id")) {
      if (told_) told_(method->get<std::string>(), message.value("params", Json::object()));
      if (!broken_.empty()) return gone();
      continue;
    }
    const bool is_answer = message.contains("result") != message.contains("error");
    const Json of = message.value("id", Json());
    const bool ours = of == id || (which == Id::any && of.is_null() && message.contains("error"));
    if (!is_answer || !ours) {
      give_up("the adapter has sent what is neither the answer to the last call nor a notification: " + shown(line));
      return gone();
    }
    if (message.contains("result")) return std::move(message["result"]);
    const Json& error = message["error"];
    const bool formed = error.is_object() && error.contains("code") && error["code"].is_number_integer() &&
                        error["code"] != 0 && error["code"] >= std::numeric_limits<int>::min() &&
                        error["code"] <= std::numeric_limits<int>::max() && error.contains("message") &&
                        error["message"].is_string();
    if (!formed) {
      give_up("the adapter has sent an error without a code and a message: " + shown(line));
      return gone();
    }
    return tl::unexpected(
        RpcError{error["code"].get<int>(), error["message"].get<std::string>(), error.value("data", Json())});
  }
  give_up(fmt::format("the adapter has sent {} messages and not the answer", limits_.messages));
  return gone();
}

tl::expected<Json, RpcError> Rpc::call(std::string_view method, Json params) {
  if (!broken_.empty()) return gone();
  const Json id = next_id_++;
  const Json message{{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", std::move(params)}};
  if (!write_line(message.dump())) return gone();
  return answer(id, Id::same);
}

tl::expected<Json, RpcError> Rpc::raw(const std::string& line) {
  if (!broken_.empty() || !write_line(line)) return gone();
  const Json message = Json::parse(line, nullptr, false);
  return answer(message.is_object() ? message.value("id", Json()) : Json(), Id::any);
}

bool Rpc::hang_up() {
  if (!broken_.empty()) return false;
  shutdown(line_.get(), SHUT_WR);
  pollfd one{child_.fd(), POLLIN, 0};
  const bool ended = poll(&one, 1, static_cast<int>(limits_.patience.count())) == 1;
  give_up(ended ? "it has ended" : "it does not end when its input does");
  return ended;
}

}  // namespace finwait::target
