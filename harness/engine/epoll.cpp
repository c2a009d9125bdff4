#include "harness/engine/epoll.hpp"

#include <sys/epoll.h>
#include <sys/timerfd.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <system_error>

namespace finwait::engine {

namespace {
UniqueFd checked(int fd, const char* what) {
  if (fd < 0) throw std::system_error(errno, std::generic_category(), what);
  return UniqueFd(fd);
}
}  // namespace

TimePoint monotonic_now() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return TimePoint(std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec));
}

Epoll::Epoll()
    : epoll_(checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      timer_(checked(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC), "timerfd_create")) {
  // Expiries are never read: re-arming a timerfd clears them, and edge-triggering keeps an old one from spinning.
  watch(timer_.get(), EPOLLIN | EPOLLET, [](std::uint32_t) {});
}

TimePoint Epoll::now() const { return read_ ? *read_ : monotonic_now(); }

void Epoll::read_clock_at_waits() { read_ = monotonic_now(); }

std::uint64_t Epoll::watch(int fd, std::uint32_t events, Callback callback) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  const bool known = watches_.contains(fd);
  if (epoll_ctl(epoll_.get(), known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) != 0) {
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
  }
  watches_[fd] = {++last_token_, std::make_shared<Callback>(std::move(callback))};
  return last_token_;
}

void Epoll::unwatch(int fd) {
  if (watches_.erase(fd) != 0) epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

void Epoll::unwatch(int fd, std::uint64_t token) {
  const auto found = watches_.find(fd);
  if (found != watches_.end() && found->second.token == token) unwatch(fd);
}

void Epoll::set_timer(std::optional<TimePoint> deadline) {
  if (deadline == armed_) return;
  itimerspec spec{};
  if (deadline) {
    const auto ns = std::max<std::int64_t>(1, deadline->time_since_epoch().count());
    spec.it_value.tv_sec = static_cast<time_t>(ns / 1'000'000'000);
    spec.it_value.tv_nsec = static_cast<long>(ns % 1'000'000'000);
  }
  timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &spec, nullptr);
  armed_ = deadline;
}

void Epoll::dispatch(int timeout_ms) {
  std::array<epoll_event, 64> events{};
  const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout_ms);
  if (read_) read_ = monotonic_now();
  for (int i = 0; i < count; i++) {
    const auto& event = events[static_cast<std::size_t>(i)];
    auto found = watches_.find(event.data.fd);
    if (found == watches_.end()) continue;   // an earlier callback of this round unwatched it
    auto callback = found->second.callback;  // keeps it alive if it unwatches itself
    (*callback)(event.events);
  }
}

bool Epoll::wait(std::optional<TimePoint> deadline) {
  if (deadline && *deadline <= now()) {
    poll();
    return true;
  }
  set_timer(deadline);
  dispatch(-1);
  if (armed_ && *armed_ <= now()) armed_.reset();  // it has fired: the same deadline must be armed again
  return true;
}

void Epoll::poll() { dispatch(0); }

}  // namespace finwait::engine
