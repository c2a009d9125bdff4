// all_of and any_of: structured concurrency inside one case.
#pragma once

#include <concepts>
#include <optional>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "harness/engine/task.hpp"

namespace finwait {

/// Any awaitable as a Task, so that it can be combined: `make` makes it in the task's frame, since awaiters do not
/// move. What `make` captures by reference must outlive the task.
template <class Make>
auto as_task(Make make) -> Task<decltype(make().await_resume())> {
  co_return co_await make();
}

namespace detail {

template <class T>
struct Settled {
  using Type = T;
};
template <>
struct Settled<void> {
  using Type = std::monostate;
};
template <class T>
typename Settled<T>::Type take_settled(Task<T>& task) {
  if constexpr (std::is_void_v<T>) {
    task.take();
    return {};
  } else {
    return task.take();
  }
}

/// Starts tasks and resumes the awaiting coroutine when `needed` of them have ended, or when one has thrown.
class GroupBase {
 public:
  explicit GroupBase(std::size_t needed) : needed_(needed) {}

  /// Counts a task that ended; returns whom to resume.
  std::coroutine_handle<> ended(bool by_exception) {
    finished_ += by_exception ? needed_ : 1;
    if (!enough() || starting_) return std::noop_coroutine();
    return std::exchange(parent_, std::noop_coroutine());
  }

 protected:
  [[nodiscard]] bool enough() const { return finished_ >= needed_; }

  std::size_t needed_;
  std::size_t finished_ = 0;
  bool starting_ = false;
  std::coroutine_handle<> parent_ = std::noop_coroutine();
};

/// Runs one task of a group. Its own last suspension hands over to the group's parent, so the parent may destroy it.
class Observer {
 public:
  struct promise_type {
    GroupBase* group = nullptr;
    bool failed = false;
    struct Final {
      [[nodiscard]] bool await_ready() const noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> h) const noexcept {
        return h.promise().group->ended(h.promise().failed);
      }
      void await_resume() const noexcept {}
    };
    Observer get_return_object() { return Observer(std::coroutine_handle<promise_type>::from_promise(*this)); }
    [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
    [[nodiscard]] Final final_suspend() const noexcept { return {}; }
    void return_value(bool task_failed) { failed = task_failed; }
    void unhandled_exception() const noexcept { std::terminate(); }  // the body cannot throw
  };

  explicit Observer(std::coroutine_handle<promise_type> h) : handle_(h) {}
  Observer(Observer&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Observer& operator=(Observer&&) = delete;
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;
  ~Observer() {
    if (handle_) handle_.destroy();
  }
  void start(GroupBase& group) {
    handle_.promise().group = &group;
    handle_.resume();
  }

 private:
  std::coroutine_handle<promise_type> handle_;
};

template <class T>
Observer observe(Task<T>& task) {
  struct Ended {
    Task<T>& task;
    [[nodiscard]] bool await_ready() const { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> h) const { return task.begin(h); }
    void await_resume() const {}
  };
  Ended ended{task};
  co_await ended;
  co_return task.failed();
}

template <class... T, class Do>
void each(std::tuple<Task<T>...>& tasks, Do act) {
  std::apply([&](auto&... task) { (act(task), ...); }, tasks);
}
template <class Do>
void each(std::vector<Task<>>& tasks, Do act) {
  for (auto& task : tasks) act(task);
}

/// Of a tuple of tasks, or of a vector.
template <class Tasks>
class Group : public GroupBase {
 public:
  Group(std::size_t needed, Tasks& tasks) : GroupBase(needed), tasks_(tasks) {}
  [[nodiscard]] bool await_ready() const { return enough(); }
  bool await_suspend(std::coroutine_handle<> parent) {
    starting_ = true;
    each(tasks_, [this](auto& task) {
      if (enough()) return;
      observers_.push_back(observe(task));
      observers_.back().start(*this);
    });
    starting_ = false;
    parent_ = parent;
    return !enough();
  }
  void await_resume() const {}

 private:
  Tasks& tasks_;
  std::vector<Observer> observers_;
};

}  // namespace detail

/// Waits for all. The first that throws ends it: the others are cancelled and the exception is rethrown.
inline Task<> all_of(std::vector<Task<>> tasks) {
  {
    detail::Group group(tasks.size(), tasks);
    co_await group;
  }
  for (auto& task : tasks) {
    if (task.failed()) task.take();
  }
}

/// Waits for all. The first that throws ends it: the others are cancelled and the exception is rethrown.
template <class... T>
Task<std::tuple<typename detail::Settled<T>::Type...>> all_of(Task<T>... tasks) {
  std::tuple<Task<T>...> held(std::move(tasks)...);
  {
    detail::Group group(sizeof...(T), held);
    co_await group;
  }
  std::apply([](auto&... task) { ((task.failed() ? void(task.take()) : void()), ...); }, held);
  co_return std::apply(
      [](auto&... task) { return std::tuple<typename detail::Settled<T>::Type...>{detail::take_settled(task)...}; },
      held);
}

/// Waits for the first that ends, well or by exception (which is rethrown), and cancels the others. The variant's
/// index says which it was.
template <class... T>
Task<std::variant<typename detail::Settled<T>::Type...>> any_of(Task<T>... tasks) {
  using Out = std::variant<typename detail::Settled<T>::Type...>;
  std::tuple<Task<T>...> held(std::move(tasks)...);
  {
    detail::Group group(1, held);
    co_await group;
  }
  std::optional<Out> out;
  const auto take = [&]<std::size_t I>(std::integral_constant<std::size_t, I>) {
    auto& task = std::get<I>(held);
    if (!out && task.done()) out.emplace(std::in_place_index<I>, detail::take_settled(task));
  };
  [&]<std::size_t... I>(std::index_sequence<I...>) { (take(std::integral_constant<std::size_t, I>{}), ...); }
  (std::index_sequence_for<T...>{});
  co_return std::move(*out);
}

}  // namespace finwait
