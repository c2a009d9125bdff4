// The same release as floor.cpp, segment for segment, through Segment, libtins, the engine, the transcript and
// expectations: what finwait adds to the bare cost.
//
//   finwait-bench-release 20000
//   finwait-bench-release 20000 unjudged    without the oracle
#include <fmt/format.h>

#include <cstdlib>
#include <ctime>

#include "cases/steps.hpp"
#include "harness/run/runner.hpp"
#include "harness/target/local_kernel.hpp"

namespace finwait {
namespace {

int count = 20000;
Duration spent{};

Task<> releases(Scenario& s) {
  const TimePoint begin = s.loop().now();
  for (int i = 0; i < count; i++) {
    Peer& peer = s.new_peer();
    peer.send(syn());
    co_await peer.expect(syn_ack(), within(1s));
    peer.send(ack());
    auto accepting = s.accept(peer);
    auto [same, app] = co_await accepting;
    app.close();
    co_await peer.expect(fin(), within(1s));
    peer.send(ack());
    peer.send(fin());
    co_await peer.expect(ack(), within(1s));
  }
  spent = s.loop().now() - begin;
}

int main_with(int argc, char** argv) {
  if (argc > 1) count = std::atoi(argv[1]);
  run::Chapter chapter(1);
  chapter[0].id = "bench/release";
  chapter[0].body = releases;
  chapter[0].families = {wire::Family::ipv4};
  chapter[0].lasts = 10min;
  const auto plan = run::instances({&chapter});
  target::LocalLab lab(target::Stamps::kernel);
  run::RunOptions options;
  options.attempts = 1;
  options.judge = argc <= 2;
  run::Runner runner(lab, {}, {}, options);
  const auto totals = runner.run(plan, {});
  if (!totals) {
    fmt::print(stderr, "{}\n", totals.error());
    return 3;
  }
  if (totals->count(run::Verdict::pass) != 1) {
    fmt::print(stderr, "the releases did not pass\n");
    return 1;
  }
  fmt::print("{} releases in {:.3f} s: {:.0f} per second, {:.2f} us each\n", count, seconds(spent),
             count / seconds(spent), seconds(spent) / count * 1e6);
  return 0;
}

}  // namespace
}  // namespace finwait

int main(int argc, char** argv) { return finwait::main_with(argc, argv); }
