// Machine: one guest, seen from the host. It is started with a request, its records come as they are written, and its
// end is told once.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "harness/engine/epoll.hpp"
#include "harness/lab/boot.hpp"
#include "harness/lab/folder.hpp"
#include "harness/run/record.hpp"
#include "harness/target/child.hpp"

namespace finwait::lab {

class Machine {
 public:
  struct Events {
    std::function<void(run::Recorded)> record;
    /// It is over; `why` is empty when it said so itself. The machine may be destroyed later, but not in this call.
    std::function<void(const std::string& why)> ended;
  };

  /// Whether it runs at once, or stops before the kernel's first instruction until a debugger lets it go on.
  enum class Begin : bool { at_once, stopped };

  /// Starts it: the program `finwait` runs in it, as the verb `lab-guest`.
  static tl::expected<std::unique_ptr<Machine>, std::string> start(engine::Epoll& epoll, const Bootable& kernel,
                                                                   const Request& request, Begin begin,
                                                                   run::RecordReader::Lookup lookup, Events events);
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  /// Ends it from outside; `why` is told.
  void stop(const std::string& why);
  /// When something last came from it.
  [[nodiscard]] TimePoint heard() const { return heard_; }
  [[nodiscard]] pid_t pid() const { return child_->pid(); }

 private:
  Machine(engine::Epoll& epoll, run::RecordReader::Lookup lookup, Events events);
  tl::expected<void, std::string> boot(const Bootable& kernel, const Request& request, Begin begin);
  void read_records();
  void over();
  [[nodiscard]] std::string last_words(int code) const;

  engine::Epoll& epoll_;
  Events events_;
  run::RecordReader reader_;
  std::unique_ptr<Folder> folder_;
  UniqueFd records_, console_, news_;
  std::unique_ptr<Child> child_;
  TimePoint heard_;
  bool finished_ = false, ended_ = false;
  std::string stopped_;
};

}  // namespace finwait::lab
