#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>

#include "harness/target/adapter_check.hpp"
#include "tools/finwait/adapters.hpp"
#include "tools/finwait/commands.hpp"

namespace finwait::tool {

int check_adapter(const CheckAdapterArguments& arguments) {
  using Outcome = target::AdapterCheck::Outcome;
  std::vector<std::string> command = arguments.command;
  if (command.size() == 1) {
    if (const auto known = adapter_of(command.front())) {
      if (!*known) return complain(kEnvironment, known->error());
      command = **known;
    }
  }
  const target::Rpc::Limits limits{.patience = std::chrono::seconds(arguments.patience)};
  const auto all = target::check_adapter(command, limits);
  for (const auto& one : all) {
    fmt::print("{:<8} {}{}{}\n", to_string(one.outcome), one.what, one.seen.empty() ? "" : ": ", one.seen);
  }
  if (all.size() == 1 && all.front().what == "it starts") return kEnvironment;
  const auto broken = std::ranges::count(all, Outcome::broken, &target::AdapterCheck::outcome);
  if (broken == 0) {
    fmt::print("it keeps to docs/stack-protocol.md, as far as this shows\n");
    return kAsExpected;
  }
  fmt::print("{} not as docs/stack-protocol.md has it\n", broken);
  return kNotAsExpected;
}

}  // namespace finwait::tool
