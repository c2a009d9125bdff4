// Stack: what the target, its sockets and its link share of a stack behind an adapter (stack_process.hpp): the program
// itself, the packets that have come from it, and who waits for what.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>

#include "harness/engine/op.hpp"
#include "harness/target/rpc.hpp"
#include "harness/target/target.hpp"

namespace finwait::target {

/// Octets as two hexadecimal digits each.
std::string to_hex(wire::ByteView octets);
/// nullopt: it is something else.
std::optional<Bytes> from_hex(std::string_view text);
/// "ECONNRESET" as a number; 0: there is none of this name.
int errno_of(std::string_view name);

class Stack {
 public:
  Stack(std::unique_ptr<Rpc> rpc, const engine::Waiter& clock);
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;

  /// The answer, after everything that came with it has been seen to.
  tl::expected<Json, RpcError> call(std::string_view method, Json params);
  /// An app call: the adapter's error is the API's.
  Result<Json> app_call(std::string_view method, Json params);
  /// Tries something again whenever the adapter says that this socket has changed, until it is true.
  void wait_for(int socket, std::function<bool()> attempt);
  void forget(int socket) { waiting_.erase(socket); }

  /// The packets that have come and that nobody has taken.
  std::deque<std::pair<TimePoint, Bytes>>& packets() { return packets_; }
  [[nodiscard]] const std::string& broken() const { return rpc_->broken(); }
  void give_up(const std::string& why) { rpc_->give_up(why); }
  /// A packet or an event has come since look_anew().
  [[nodiscard]] bool anything_came() const { return came_; }
  void look_anew() { came_ = false; }
  /// What has come while the clock went on came when it stopped: then.
  void came_at(TimePoint then);

 private:
  void told(const std::string& method, const Json& params);
  void try_again();
  bool attempt(int socket);

  std::unique_ptr<Rpc> rpc_;
  const engine::Waiter& clock_;
  std::deque<std::pair<TimePoint, Bytes>> packets_;
  std::map<int, std::vector<std::function<bool()>>> waiting_;
  std::set<int> changed_;
  int depth_ = 0;
  bool came_ = false;
};

/// A member of an object, if it is there and of this kind.
std::optional<std::int64_t> integer(const Json& object, const char* name);
/// The same, if it fits an int.
std::optional<int> small(const Json& object, const char* name);
std::optional<std::string> text(const Json& object, const char* name);

class StackSocket : public Socket {
 public:
  StackSocket(std::shared_ptr<Stack> stack, int id) : stack_(std::move(stack)), id_(id) {}
  ~StackSocket() override;

  Op<std::size_t> send(wire::ByteView octets) override;
  Op<Bytes> recv(std::size_t most) override;
  Op<void> shutdown(How how) override;
  Op<void> close() override;
  Op<void> lingering_close(std::chrono::seconds limit) override;
  Op<void> abort() override;
  Op<void> set(SocketOption option, int value) override;
  Op<int> get(SocketOption option) override;
  Op<int> take_error() override;
  Op<TcpState> state() override;
  Op<Readiness> poll() override;

  /// The outcome of an active open.
  Op<void> connected();

 private:
  Result<void> simple(std::string_view method, Json more = Json::object());
  [[nodiscard]] Json params(Json more = Json::object()) const;
  Result<void> ends(std::string_view method, Json more = Json::object());

  std::shared_ptr<Stack> stack_;
  int id_;
  bool open_ = true;
};

class StackListener : public Listener {
 public:
  StackListener(std::shared_ptr<Stack> stack, int id) : stack_(std::move(stack)), id_(id) {}
  ~StackListener() override;
  Op<std::unique_ptr<Socket>> accept(const Endpoint& peer) override;

 private:
  /// The connections that the stack hands out, by peer: whoever asks for one gets that one.
  using Arrived = std::multimap<Endpoint, std::unique_ptr<Socket>>;
  static void take_all(Stack& stack, int id, const std::shared_ptr<Stack>& owner, Arrived& arrived);

  std::shared_ptr<Stack> stack_;
  int id_;
  std::shared_ptr<Arrived> arrived_ = std::make_shared<Arrived>();
};

}  // namespace finwait::target
