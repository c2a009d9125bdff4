// The event loop: every selected case runs on one of these, on one thread, on an injected clock.
#pragma once

#include <coroutine>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "harness/time.hpp"

namespace finwait::engine {

/// The clock and the way to wait on it. Two exist: Epoll (real time) and VirtualTime.
class Waiter {
 public:
  virtual ~Waiter() = default;
  [[nodiscard]] virtual TimePoint now() const = 0;
  /// Returns when input may be pending, or at the deadline, or earlier for no reason. Dispatches watched input. False
  /// when nothing can ever happen again.
  virtual bool wait(std::optional<TimePoint> deadline) = 0;
  /// As wait() with a deadline in the past: takes what is there and returns.
  virtual void poll() {}
};

/// Something that brings input: a link. poll() takes all that is pending and says if there was any.
class Source {
 public:
  virtual ~Source() = default;
  virtual bool poll() = 0;
};

class Loop;

/// What a suspended coroutine hangs on: resumed once per arm(), by wake() or by its deadline, whichever is first.
/// Lives in the awaiter; its destruction (the coroutine is cancelled) takes it out of every queue.
class Waker {
 public:
  explicit Waker(Loop& loop) : loop_(&loop) {}
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;
  ~Waker() { disarm(); }

  void arm(std::coroutine_handle<> handle, std::optional<TimePoint> deadline = std::nullopt);
  /// Puts the coroutine on the ready queue. A second call, or one without arm(), does nothing.
  void wake();
  /// True when the deadline and not wake() ended the last wait.
  [[nodiscard]] bool timed_out() const { return timed_out_; }

 private:
  friend class Loop;
  void disarm();

  Loop* loop_;
  std::coroutine_handle<> handle_;
  std::optional<std::multimap<TimePoint, Waker*>::iterator> timer_;
  bool queued_ = false;
  bool timed_out_ = false;
};

class Loop {
 public:
  explicit Loop(Waiter& waiter) : waiter_(waiter) {}
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  [[nodiscard]] TimePoint now() const { return waiter_.now(); }

  void add(Source& source) { sources_.push_back(&source); }
  void remove(Source& source) { std::erase(sources_, &source); }

  /// Runs until `stop` says so, or, in virtual time, until nothing can ever happen again.
  void run(const std::function<bool()>& stop);

  /// The caller has more to do: the loop looks for input and deadlines once and comes back without blocking.
  void come_back() { come_back_ = true; }

  /// Input was seen so long after it had come: lateness like that of a deadline.
  void note_late_input(Duration late) { note_lateness(now(), late); }
  /// How late the loop was for a deadline or for input, at worst, since `since`. Zero when it was never over 100 us
  /// late.
  [[nodiscard]] Duration lateness_since(TimePoint since) const;
  [[nodiscard]] Duration worst_lateness() const { return worst_lateness_; }

 private:
  friend class Waker;
  bool run_ready();
  bool poll_sources();
  bool fire_timers(TimePoint now);
  void note_lateness(TimePoint now, Duration late);

  Waiter& waiter_;
  std::vector<Source*> sources_;
  std::deque<Waker*> ready_;
  std::multimap<TimePoint, Waker*> timers_;
  std::deque<std::pair<TimePoint, Duration>> lateness_;  // strictly falling lateness: the worst of every suffix
  Duration worst_lateness_{};
  bool come_back_ = false;
};

/// co_await sleep_until(loop, t): resumes at t or as soon after as the machine allows.
class SleepUntil {
 public:
  SleepUntil(Loop& loop, TimePoint when) : waker_(loop), loop_(loop), when_(when) {}
  [[nodiscard]] bool await_ready() const { return loop_.now() >= when_; }
  void await_suspend(std::coroutine_handle<> h) { waker_.arm(h, when_); }
  void await_resume() const {}

 private:
  Waker waker_;
  Loop& loop_;
  TimePoint when_;
};
inline SleepUntil sleep_until(Loop& loop, TimePoint when) { return {loop, when}; }
inline SleepUntil sleep_for(Loop& loop, Duration d) { return {loop, loop.now() + d}; }

}  // namespace finwait::engine
