// finwait lab: kernels in virtual time.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <ctime>

#include "harness/engine/epoll.hpp"
#include "harness/lab/build.hpp"
#include "tools/finwait/commands.hpp"

namespace finwait::tool {

using namespace std::chrono_literals;

namespace {

/// One line that grows on a terminal; elsewhere a line for each step.
class Progress : public lab::BuildObserver {
 public:
  void step(const std::string& what) override {
    clear();
    fmt::print(stderr, "finwait lab: {}\n", what);
    step_ = what;
    files_ = 0;
    begun_ = engine::monotonic_now();
  }
  void line(const std::string& text) override {
    if (!text.starts_with("  ")) return;  // "  CC      net/ipv4/tcp.o"
    files_++;
    const auto now = engine::monotonic_now();
    if (!terminal_ || now - shown_ < 100ms) return;
    shown_ = now;
    fmt::print(stderr, "\r\033[K{}: {} files, {:.0f} s", step_, files_, seconds(now - begun_));
    std::fflush(stderr);
  }
  void clear() {
    if (terminal_ && shown_ != TimePoint{}) fmt::print(stderr, "\r\033[K");
    shown_ = {};
  }

 private:
  bool terminal_ = isatty(STDERR_FILENO) != 0;
  std::string step_;
  int files_ = 0;
  TimePoint begun_, shown_;
};

tl::expected<lab::Kernel, lab::BuildFailure> build(const LabArguments& arguments) {
  Progress progress;
  auto kernel = lab::build({.source = arguments.source, .hz = arguments.hz, .name = arguments.name}, progress);
  progress.clear();
  return kernel;
}

}  // namespace

int lab_build(const LabArguments& arguments) {
  const TimePoint begun = engine::monotonic_now();
  const auto kernel = build(arguments);
  if (!kernel) {
    const bool usage = kernel.error().kind == lab::BuildFailure::Kind::usage;
    return complain(usage ? kUsage : kEnvironment, kernel.error().what);
  }
  fmt::print("lab:{} is ready: Linux {} from {}, HZ {}, in {} ({:.1f} s)\n", kernel->name, kernel->release,
             kernel->source, kernel->hz, kernel->folder.string(), seconds(engine::monotonic_now() - begun));
  return kAsExpected;
}

int lab_test(const LabTestArguments& arguments) {
  const auto kernel = build(arguments.kernel);
  if (!kernel) {
    const bool source = kernel.error().kind == lab::BuildFailure::Kind::source;
    return complain(source ? kCannotBeTested : kGiveUp, kernel.error().what);
  }
  RunArguments cases = arguments.run;
  cases.target = "lab:" + kernel->name;
  switch (const int code = run(cases); code) {
    case kAsExpected:
    case kNotAsExpected:
      return code;
    case kUsage:
      return kGiveUp;
    default:
      return kCannotBeTested;
  }
}

int lab_list() {
  const auto all = lab::kernels(lab::cache_folder());
  if (all.empty()) return complain(kEnvironment, lab::find_kernel(lab::cache_folder(), "").error());
  for (const auto& kernel : all) {
    fmt::print("lab:{:<24} Linux {:<12} HZ {:<5} {}\n", kernel.name, kernel.release, kernel.hz, kernel.source);
  }
  return kAsExpected;
}

}  // namespace finwait::tool
