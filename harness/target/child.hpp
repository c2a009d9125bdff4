// Child: a program that finwait starts, and that never outlives it.
#pragma once

#include <sys/types.h>

#include <string>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "harness/unique_fd.hpp"

namespace finwait::target {

struct Program {
  std::vector<std::string> arguments;                            ///< the program first, looked for on PATH
  std::vector<std::pair<std::string, std::string>> environment;  ///< beside our own
  std::string folder;                                            ///< where it runs; empty: where we do
  int input = -1;                                                ///< a descriptor for its standard input; -1: none
  int output = -1;                                               ///< for its standard output; -1: nowhere
  int errors = -1;  ///< for its standard error; -1: where its standard output goes
};

/// In a process group of its own. It is killed, with its group, when this object or finwait ends, also
/// when finwait is killed.
class Child {
 public:
  static tl::expected<Child, std::string> start(const Program& program);
  Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, -1)), pidfd_(std::move(other.pidfd_)) {}
  Child& operator=(Child&&) = delete;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Readable once it has ended.
  [[nodiscard]] int fd() const { return pidfd_.get(); }
  /// Blocks until it has ended. How it did: its exit code, or 128 + the signal that ended it.
  int wait();
  /// The whole group.
  void kill() const;
  /// Asks it to end: SIGINT, as Ctrl-C in its own terminal would.
  void interrupt() const;

 private:
  Child(pid_t pid, UniqueFd pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}

  pid_t pid_ = -1;
  UniqueFd pidfd_;
  int status_ = -1;
};

}  // namespace finwait::target
