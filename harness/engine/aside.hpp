// Aside: one thread for slow kernel calls (closing a packet ring waits for an RCU grace period, tens of milliseconds),
// so that the event loop never waits for them.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <thread>

namespace finwait::engine {

class Aside {
 public:
  Aside() = default;
  Aside(const Aside&) = delete;
  Aside& operator=(const Aside&) = delete;
  /// Finishes what is queued.
  ~Aside();

  /// Runs `work` on the thread, after what was posted before. The thread starts with the first call.
  void post(std::function<void()> work);

  /// As post(), for work with a result.
  template <class Work>
  auto ask(Work work) -> std::future<decltype(work())> {
    auto task = std::make_shared<std::packaged_task<decltype(work())()>>(std::move(work));
    auto answer = task->get_future();
    post([task] { (*task)(); });
    return answer;
  }

 private:
  void work_off();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> queue_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace finwait::engine
