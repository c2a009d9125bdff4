// Op: the outcome of one call at the target's socket API, now or later. A local kernel answers most calls at once; an
// agent on another host answers when its line comes back.
#pragma once

#include <cerrno>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "harness/engine/loop.hpp"

namespace finwait {

/// An errno value of the target's API. `note` may say more ("the agent is gone").
struct Errno {
  int value = 0;
  std::string note;

  /// "ETIMEDOUT", or the number when it has no name here.
  [[nodiscard]] std::string name() const;
  bool operator==(int other) const { return value == other; }
};

template <class T>
using Result = tl::expected<T, Errno>;

namespace engine {

template <class T>
class Op {
 public:
  /// Shared by whoever completes the call and whoever waits for it.
  struct State {
    std::optional<Result<T>> result;
    Waker* waker = nullptr;
    std::function<void()> on_abandon;  ///< called when nobody waits any more and there is no result

    void complete(Result<T> r) {
      if (result) return;
      result.emplace(std::move(r));
      if (waker != nullptr) waker->wake();
    }
  };

  Op(Result<T> now) : state_(nullptr), now_(std::move(now)) {}  // NOLINT(google-explicit-constructor)
  explicit Op(std::shared_ptr<State> later) : state_(std::move(later)) {}
  Op(Op&&) noexcept = default;
  Op& operator=(Op&&) = delete;
  Op(const Op&) = delete;
  Op& operator=(const Op&) = delete;
  ~Op() {
    if (state_ && !state_->result && state_->on_abandon) std::exchange(state_->on_abandon, nullptr)();
  }

  [[nodiscard]] bool ready() const { return !state_ || state_->result; }
  /// Only when ready().
  Result<T>& result() { return state_ ? *state_->result : *now_; }

  /// co_await op.before(loop, deadline): the result, or ETIME when there is none by then.
  auto before(Loop& loop, TimePoint deadline) {
    struct Awaiter {
      Op& op;
      Waker waker;
      TimePoint deadline;
      Awaiter(Op& o, Loop& l, TimePoint d) : op(o), waker(l), deadline(d) {}
      Awaiter(const Awaiter&) = delete;
      Awaiter& operator=(const Awaiter&) = delete;
      ~Awaiter() {
        if (op.state_) op.state_->waker = nullptr;
      }
      [[nodiscard]] bool await_ready() const { return op.ready(); }
      void await_suspend(std::coroutine_handle<> h) {
        op.state_->waker = &waker;
        waker.arm(h, deadline);
      }
      Result<T> await_resume() {
        if (op.ready()) return std::move(op.result());
        return tl::unexpected(Errno{ETIME, {}});
      }
    };
    return Awaiter(*this, loop, deadline);
  }

 private:
  std::shared_ptr<State> state_;
  std::optional<Result<T>> now_;
};

/// A call that is tried at once, and again whenever what it waits for may have changed: `attempt` gives nullopt as long
/// as it has to wait, and `wait` puts something away that is called until it is true.
template <class T>
Op<T> now_or_later(const std::function<std::optional<Result<T>>()>& attempt,
                   const std::function<void(std::function<bool()>)>& wait) {
  if (auto now = attempt()) return Op<T>(std::move(*now));
  auto state = std::make_shared<typename Op<T>::State>();
  wait([attempt, weak = std::weak_ptr(state)] {
    const auto waiting = weak.lock();
    if (!waiting) return true;
    auto result = attempt();
    if (result) waiting->complete(std::move(*result));
    return result.has_value();
  });
  return Op<T>(std::move(state));
}

}  // namespace engine
}  // namespace finwait
