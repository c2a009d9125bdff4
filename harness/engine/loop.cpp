#include "harness/engine/loop.hpp"

#include <algorithm>
#include <utility>

namespace finwait::engine {

namespace {
constexpr Duration kWorthNoting = std::chrono::microseconds(100);
// Busy links must not starve watched descriptors (sockets, signals) for longer than this many rounds.
constexpr int kRoundsBetweenPolls = 64;
}  // namespace

void Waker::arm(std::coroutine_handle<> handle, std::optional<TimePoint> deadline) {
  disarm();
  handle_ = handle;
  timed_out_ = false;
  if (deadline) timer_ = loop_->timers_.emplace(*deadline, this);
}

void Waker::wake() {
  if (!handle_ || queued_) return;
  if (timer_) loop_->timers_.erase(*timer_);
  timer_.reset();
  queued_ = true;
  loop_->ready_.push_back(this);
}

void Waker::disarm() {
  if (timer_) loop_->timers_.erase(*timer_);
  timer_.reset();
  if (queued_) std::ranges::replace(loop_->ready_, this, nullptr);
  queued_ = false;
  handle_ = {};
}

bool Loop::run_ready() {
  const bool any = !ready_.empty();
  while (!ready_.empty()) {
    Waker* waker = ready_.front();
    ready_.pop_front();
    if (waker == nullptr) continue;  // cancelled after it was woken
    waker->queued_ = false;
    std::exchange(waker->handle_, {}).resume();
  }
  return any;
}

bool Loop::poll_sources() {
  bool any = false;
  for (std::size_t i = 0; i < sources_.size(); i++) any |= sources_[i]->poll();
  return any;
}

bool Loop::fire_timers(TimePoint now) {
  bool any = false;
  while (!timers_.empty() && timers_.begin()->first <= now) {
    auto [when, waker] = *timers_.begin();
    note_lateness(now, now - when);
    waker->wake();
    waker->timed_out_ = true;
    any = true;
  }
  return any;
}

void Loop::run(const std::function<bool()>& stop) {
  int rounds = 0;
  while (!stop()) {
    if (run_ready()) continue;
    // The clock is read before the links are drained: a packet that came before a deadline is seen before the
    // deadline fires, however late the loop is.
    const TimePoint seen = now();
    if (poll_sources() || !ready_.empty()) {
      if (++rounds % kRoundsBetweenPolls == 0) waiter_.poll();
      continue;
    }
    if (!timers_.empty() && timers_.begin()->first <= seen) {
      waiter_.poll();  // the same for watched descriptors
      if (!ready_.empty()) continue;
    }
    if (fire_timers(seen)) continue;
    if (std::exchange(come_back_, false)) continue;
    std::optional<TimePoint> deadline;
    if (!timers_.empty()) deadline = timers_.begin()->first;
    if (!waiter_.wait(deadline)) return;
  }
}

void Loop::note_lateness(TimePoint now, Duration late) {
  if (late < kWorthNoting) return;
  worst_lateness_ = std::max(worst_lateness_, late);
  while (!lateness_.empty() && lateness_.back().second <= late) lateness_.pop_back();
  lateness_.emplace_back(now, late);
  if (lateness_.size() > 1024) lateness_.pop_front();
}

Duration Loop::lateness_since(TimePoint since) const {
  auto first = std::ranges::find_if(lateness_, [&](const auto& entry) { return entry.first >= since; });
  return first == lateness_.end() ? Duration{0} : first->second;
}

}  // namespace finwait::engine
