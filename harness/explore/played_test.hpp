// For the tests of this folder: one body of a case on the fake target, and what became of it.
#pragma once

#include <utility>

#include "harness/run/runner.hpp"
#include "harness/testing/fake_target.hpp"
#include "harness/wire/codec.hpp"

namespace finwait::explore {

struct Played {
  run::Verdict verdict = run::Verdict::error;
  run::Finding finding;
  std::vector<wire::Bytes> sent;  ///< packets to the target
  Duration duration{};
};

class Watch : public run::Observer {
 public:
  void case_finished(run::CaseResult& result) override {
    Played played{result.verdict, result.finding.value_or(run::Finding{}), {}, result.duration};
    for (const run::Entry& entry : result.transcript->entries()) {
      if (entry.kind != run::Entry::Kind::sent) continue;
      const auto octets = result.transcript->octets(entry);
      played.sent.emplace_back(octets.begin(), octets.end());
    }
    all.push_back(std::move(played));
  }
  std::vector<Played> all;
};

/// Every one of them has the same id, and so the same numbers.
inline Played play_body(std::function<Task<>(run::Scenario&)> body, const testing::Defects& defects = {},
                        wire::Family family = wire::Family::ipv4) {
  testing::FakeLab lab(defects);
  run::Case c;
  c.id = "test/body";
  c.covers = {"RFC9293-MUST-13"};
  c.families = {family};
  c.scripted = false;
  c.lasts = std::chrono::minutes(5);
  c.body = std::move(body);
  const run::Chapter chapter{c};
  Watch watch;
  run::Runner runner(lab, {}, {&watch}, {});
  (void)runner.run(run::instances({&chapter}), {});
  return watch.all.empty() ? Played{} : std::move(watch.all.front());
}

}  // namespace finwait::explore
