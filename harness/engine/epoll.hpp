// Real time: CLOCK_MONOTONIC, epoll and a timerfd (epoll's own time-outs are padded by 0.1 %).
#pragma once

#include <functional>
#include <memory>
#include <unordered_map>

#include "harness/engine/loop.hpp"
#include "harness/unique_fd.hpp"

namespace finwait::engine {

class Epoll : public Waiter {
 public:
  using Callback = std::function<void(std::uint32_t events)>;

  /// Throws std::system_error when the kernel refuses an epoll or timer descriptor.
  Epoll();

  [[nodiscard]] TimePoint now() const override;
  /// From here on the clock is read when a wait ends, and at no other time: in a kernel in virtual time it stands still
  /// while a program computes, and reading it is a system call.
  void read_clock_at_waits();
  bool wait(std::optional<TimePoint> deadline) override;
  void poll() override;

  /// Calls back while `fd` has any of `events` (EPOLLIN ...). One watch per descriptor; unwatch before closing it.
  /// Returns a token for this watch.
  std::uint64_t watch(int fd, std::uint32_t events, Callback callback);
  void unwatch(int fd);
  /// Only if the descriptor's watch is still this one.
  void unwatch(int fd, std::uint64_t token);

 private:
  void set_timer(std::optional<TimePoint> deadline);
  void dispatch(int timeout_ms);

  UniqueFd epoll_;
  UniqueFd timer_;
  std::optional<TimePoint> armed_;
  std::optional<TimePoint> read_;  ///< read_clock_at_waits()
  struct Watch {
    std::uint64_t token = 0;
    std::shared_ptr<Callback> callback;
  };
  std::unordered_map<int, Watch> watches_;
  std::uint64_t last_token_ = 0;
};

/// CLOCK_MONOTONIC as a TimePoint.
TimePoint monotonic_now();

}  // namespace finwait::engine
