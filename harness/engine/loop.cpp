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
  TimePoint free_since = now();  // from here on the loop has not been waiting
  while (!stop()) {
    if (run_ready()) continue;
    // The clock is read before the links are drained: a packet that came before a deadline is seen before the
    // deadline fires, however late the loop is.
    const TimePoint seen = now();
    note_lateness(seen, seen - free_since);  // a long round: all that came meanwhile was seen late
    free_since = seen;
    bool any = poll_sources();
    const bool due = !timers_.empty() && timers_.begin()->first <= seen;
    if (due || ++rounds % kRoundsBetweenPolls == 0) waiter_.poll();  // the same for watched descriptors
    any |= fire_timers(seen);
    if (any || !ready_.empty() || std::exchange(come_back_, false)) continue;
    std::optional<TimePoint> deadline;
    if (!timers_.empty()) deadline = timers_.begin()->first;
    if (!waiter_.wait(deadline)) return;
    free_since = now();
    if (deadline) note_lateness(free_since, free_since - *deadline);  // also when input ends the wait and not the timer
  }
}

void Loop::note_lateness(TimePoint now, Duration late) {
  if (late < kWorthNoting) return;
  worst_lateness_ = std::max(worst_lateness_, late);
  while (!lateness_.empty() && lateness_.back().second <= late) lateness_.pop_back();
  lateness_.emplace_back(now, late);
  // The front is the worst of all and stays; what is lost is only how the next ones were spread.
  if (lateness_.size() > 1024) lateness_.erase(lateness_.begin() + 1);
}

Duration Loop::lateness_since(TimePoint since) const {
  auto first = std::ranges::find_if(lateness_, [&](const auto& entry) { return entry.first >= since; });
  return first == lateness_.end() ? Duration{0} : first->second;
}

}  // namespace finwait::engine
