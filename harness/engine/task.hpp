// Task: a lazily started C++20 coroutine that is awaited by exactly one other. Destroying a Task destroys its frame and
// with it everything it waits for, which is how cancellation works here: there is no cancel flag.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace finwait {

template <class T>
class Task;

namespace detail {

struct TaskPromiseBase {
  std::coroutine_handle<> continuation = std::noop_coroutine();
  std::exception_ptr error;

  struct Final {
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> h) const noexcept {
      return h.promise().continuation;
    }
    void await_resume() const noexcept {}
  };
  [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
  [[nodiscard]] Final final_suspend() const noexcept { return {}; }
  void unhandled_exception() { error = std::current_exception(); }
};

template <class T>
struct TaskPromise : TaskPromiseBase {
  std::optional<T> value;
  Task<T> get_return_object();
  template <class U>
  void return_value(U&& v) {
    value.emplace(std::forward<U>(v));
  }
  T take() {
    if (error) std::rethrow_exception(error);
    return std::move(*value);
  }
};

template <>
struct TaskPromise<void> : TaskPromiseBase {
  Task<void> get_return_object();
  void return_void() const noexcept {}
  void take() const {
    if (error) std::rethrow_exception(error);
  }
};

}  // namespace detail

template <class T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::TaskPromise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  Task() = default;
  explicit Task(Handle h) : handle_(h) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      reset();
      handle_ = std::exchange(other.handle_, {});
    }
    return *this;
  }
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  ~Task() { reset(); }

  /// Runs to the first suspension. For roots only: whoever awaits a task starts it by awaiting.
  void start() { handle_.resume(); }
  /// Sets who is resumed when the task ends, and returns the handle to resume now.
  std::coroutine_handle<> begin(std::coroutine_handle<> then) {
    handle_.promise().continuation = then;
    return handle_;
  }
  [[nodiscard]] bool done() const { return !handle_ || handle_.done(); }
  /// Ended by an exception.
  [[nodiscard]] bool failed() const { return handle_ && handle_.promise().error; }
  /// The value, or the exception that ended the task. Only when done().
  T take() { return handle_.promise().take(); }
  /// Cancels: destroys the frame and all it holds.
  void reset() {
    if (handle_) std::exchange(handle_, {}).destroy();
  }

  auto operator co_await() const noexcept {
    struct Awaiter {
      Handle handle;
      [[nodiscard]] bool await_ready() const noexcept { return handle.done(); }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) const noexcept {
        handle.promise().continuation = awaiting;
        return handle;
      }
      T await_resume() const { return handle.promise().take(); }
    };
    return Awaiter{handle_};
  }

 private:
  Handle handle_;
};

template <class T>
Task<T> detail::TaskPromise<T>::get_return_object() {
  return Task<T>{Task<T>::Handle::from_promise(*this)};
}
inline Task<void> detail::TaskPromise<void>::get_return_object() {
  return Task<void>{Task<void>::Handle::from_promise(*this)};
}

}  // namespace finwait
