// A catalogue of one own case, run against this machine's kernel.
#include <cstdio>
#include <string>

#include "cases/catalogue.hpp"
#include "cases/steps.hpp"
#include "harness/run/runner.hpp"
#include "harness/target/local_kernel.hpp"

namespace finwait {

FINWAIT_CHAPTER(own)

CASE(release, "own/release", "a connection is released by the target first", Covers{{"RFC9293-3.10.7.4-FIN-FW2"}}) {
  auto [peer, app] = co_await s.established();
  co_await time_wait(peer, app);
}

}  // namespace finwait

namespace {

using namespace finwait;

struct Printer : run::Observer {
  int good = 0;
  void case_finished(run::CaseResult& result) override {
    const std::string verdict(run::to_string(result.verdict));
    std::printf("%s %s\n", verdict.c_str(), result.instance->id.c_str());
    if (result.finding) std::printf("  %s\n", result.finding->summary.c_str());
    if (result.verdict == run::Verdict::pass) good++;
  }
};

}  // namespace

int main() {
  if (cases::catalogue().empty()) return std::puts("finwait's own catalogue is empty"), 1;
  const run::Catalogue mine{&own_chapter()};
  const auto plan = run::select(run::instances(mine), {"own/**"}, {});
  if (!plan) return std::puts(plan.error().c_str()), 2;

  target::LocalLab lab(target::Stamps::none);
  Printer printer;
  run::Runner runner(lab, {}, {&printer}, {});
  const auto totals = runner.run(*plan, {});
  if (!totals) return std::puts(totals.error().c_str()), 3;
  return printer.good == static_cast<int>(plan->size()) ? 0 : 1;
}
