// Ctrl-C, SIGTERM and SIGHUP as an orderly end: the run stops and reports what it has.
#pragma once

#include "harness/engine/epoll.hpp"
#include "harness/unique_fd.hpp"

namespace finwait::tool {

/// While it lives, the first of these signals sets interrupted(); a second one kills as usual.
class Signals {
 public:
  explicit Signals(engine::Epoll& epoll);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  [[nodiscard]] const bool& interrupted() const { return interrupted_; }

 private:
  engine::Epoll& epoll_;
  UniqueFd fd_;
  bool interrupted_ = false;
};

}  // namespace finwait::tool
