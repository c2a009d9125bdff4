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
  bool wait(std::optional<TimePoint> deadline) override;
  void poll() override;

  /// Calls back while `fd` has any of `events` (EPOLLIN ...). One watch per descriptor; unwatch before closing it.
  void watch(int fd, std::uint32_t events, Callback callback);
  void unwatch(int fd);

 private:
  void set_timer(std::optional<TimePoint> deadline);
  void dispatch(int timeout_ms);

  UniqueFd epoll_;
  UniqueFd timer_;
  std::optional<TimePoint> armed_;
  std::unordered_map<int, std::shared_ptr<Callback>> callbacks_;
};

/// CLOCK_MONOTONIC as a TimePoint.
TimePoint monotonic_now();

}  // namespace finwait::engine
