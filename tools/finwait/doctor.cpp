#include <fmt/format.h>
#include <unistd.h>

#include <ctime>

#include "harness/engine/epoll.hpp"
#include "harness/engine/task.hpp"
#include "harness/target/local_kernel.hpp"
#include "harness/target/stack_process.hpp"
#include "tools/finwait/adapters.hpp"
#include "tools/finwait/commands.hpp"

namespace finwait::tool {

using namespace std::chrono_literals;

namespace {

void line(bool good, const std::string& what, const std::string& detail) {
  fmt::print("{:<8}{:<24}{}\n", good ? "ok" : "PROBLEM", what, detail);
}

// How late this machine wakes us: a handful of short sleeps.
Duration wake_up_lateness() {
  engine::Epoll epoll;
  engine::Loop loop(epoll);
  auto sleeper = [](engine::Loop& l) -> Task<> {
    for (int i = 0; i < 20; i++) co_await engine::sleep_for(l, 2ms);
  };
  Task<> task = sleeper(loop);
  task.start();
  loop.run([&] { return task.done(); });
  return loop.worst_lateness();
}

// They need nothing of this machine but to be there, and are no problem when they are not.
void tell_of_stacks() {
  for (const std::string& name : adapter_names()) {
    const auto command = *adapter_of(name);
    std::string detail = command ? "" : command.error();
    if (command) {
      engine::VirtualTime time;
      const auto target = target::StackProcess::start(time, *command);
      detail = target ? fmt::format("{}, --target {}", (*target)->version(), name) : target.error();
    }
    fmt::print("{:<8}{:<24}{}\n", command ? "ok" : "absent", "stack " + name, detail);
  }
}

}  // namespace

int doctor() {
  fmt::print("finwait {}, user {}\n", FINWAIT_VERSION, geteuid() == 0 ? "root" : "without root");
  tell_of_stacks();
  const auto namespaces = target::prepare_namespaces();
  line(namespaces.has_value(), "network namespaces", namespaces ? "can be made" : namespaces.error());
  if (!namespaces) return kEnvironment;
  engine::Aside aside;
  auto sandbox = target::Sandbox::make([] { return engine::monotonic_now(); }, aside, target::Stamps::kernel);
  line(sandbox.has_value(), "TUN device", sandbox ? "can be made and addressed" : sandbox.error());
  if (!sandbox) return kEnvironment;
  const bool ipv6 = (*sandbox)->has_ipv6();
  line(ipv6, "IPv6", ipv6 ? "works" : "is switched off in this kernel: IPv6 cases will be UNSUPPORTED");
  const std::string stamps = (*sandbox)->tun().wait_for_stamps();
  line(stamps.empty(), "kernel arrival stamps",
       stamps.empty() ? "work: arrival times are known to 1 us"
                      : stamps + ": arrival times are known only to how promptly finwait reads");
  engine::Epoll epoll;
  const target::LocalKernel kernel(epoll, aside, std::move(*sandbox));
  line(true, "kernel", fmt::format("{}, timer tick {} ms", kernel.version(), kernel.profile().tick / 1ms));
  const Duration late = wake_up_lateness();
  line(late < 10ms, "wake-up lateness",
       fmt::format("{:.3f} ms at most{}", seconds(late) * 1e3,
                   late < 10ms ? "" : ": the machine is busy; timing cases may have to be repeated"));
  return kAsExpected;
}

}  // namespace finwait::tool
