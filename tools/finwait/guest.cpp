// What the first process of a lab kernel does: the cases it was started for, and then it ends the kernel.
#include "harness/lab/guest.hpp"

#include <fmt/format.h>

#include <exception>
#include <fstream>
#include <map>
#include <sstream>

#include "harness/lab/request.hpp"
#include "harness/run/record.hpp"
#include "harness/run/runner.hpp"
#include "harness/target/local_kernel.hpp"
#include "tools/finwait/commands.hpp"

namespace finwait::tool {

namespace {

tl::expected<void, std::string> run_request(const std::string& file) {
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  const auto request = lab::parse_request(text.str());
  if (!request) return tl::unexpected(request.error());
  std::map<std::string, run::Instance> all;
  for (auto& instance : selectable(request->cases)) all.emplace(instance.id, std::move(instance));
  std::vector<run::Instance> plan;
  for (const auto& id : request->cases) {
    const auto found = all.find(id);
    if (found == all.end()) return tl::unexpected("there is no case " + id);
    plan.push_back(found->second);
  }
  run::RunOptions options;
  options.seed = request->seed;
  options.jobs = request->jobs;
  options.repeat = request->repeat;
  if (!request->profile.empty()) {
    auto profile = load_profile(request->profile);
    if (!profile) return tl::unexpected(profile.error());
    options.profile = std::move(*profile);
  }
  allow_many_descriptors();
  lab::settle(request->seed);
  const lab::Handover records;
  run::Recorder recorder([&](std::string_view octets) { records.append(octets); });
  target::LocalLab here(target::Stamps::reader);
  run::Runner runner(here, {}, {&recorder}, options);
  const auto totals = runner.run(plan, describe_run());
  if (!totals) return tl::unexpected(totals.error());
  return {};
}

}  // namespace

int guest() {
  const auto request = lab::become_init();
  if (!request) return complain(kUsage, request.error());
  try {
    if (const auto done = run_request(*request); !done) complain(kBroken, done.error());
  } catch (const std::exception& error) {
    complain(kBroken, error.what());
  }
  lab::power_off();
}

}  // namespace finwait::tool
