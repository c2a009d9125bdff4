#include "tools/finwait/signals.hpp"

#include <sys/epoll.h>
#include <sys/signalfd.h>

#include <csignal>

namespace finwait::tool {

namespace {

sigset_t ending_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
  return set;
}

}  // namespace

Signals::Signals(engine::Epoll& epoll) : epoll_(epoll) {
  const sigset_t set = ending_signals();
  sigprocmask(SIG_BLOCK, &set, nullptr);
  fd_ = UniqueFd(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  epoll_.watch(fd_.get(), EPOLLIN, [this, set](std::uint32_t) {
    interrupted_ = true;
    signalfd_siginfo info{};
    while (read(fd_.get(), &info, sizeof info) > 0) {
    }
    sigprocmask(SIG_UNBLOCK, &set, nullptr);
  });
}

Signals::~Signals() {
  epoll_.unwatch(fd_.get());
  const sigset_t set = ending_signals();
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace finwait::tool
