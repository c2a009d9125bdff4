#include "harness/lab/crew.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <thread>
#include <utility>

namespace finwait::lab {

using namespace std::chrono_literals;

namespace {

// A guest costs its start, some hundredths of a second.
constexpr std::size_t kCasesPerGuest = 64;
constexpr std::size_t kMostGuests = 32;

}  // namespace

struct Crew::Shard {
  std::vector<const run::Instance*> cases;
  std::multiset<const run::Instance*> open;  // not finished yet; with --repeat several times
  std::unique_ptr<Machine> machine;
  std::deque<run::RecordedResult> early;  // before the run could be announced
  bool over = false;
};

Crew::Crew(engine::Epoll& epoll, const Bootable& kernel, std::vector<run::Expectation> expectations,
           std::vector<run::Observer*> observers, CrewOptions options)
    : epoll_(epoll),
      loop_(epoll),
      kernel_(kernel),
      expectations_(std::move(expectations)),
      observers_(std::move(observers)),
      options_(std::move(options)) {
  if (options_.guests == 0) options_.guests = std::max(1U, std::thread::hardware_concurrency());
}

Crew::~Crew() = default;

void Crew::split(const std::vector<run::Instance>& plan) {
  const std::size_t count =
      std::clamp<std::size_t>((plan.size() + kCasesPerGuest - 1) / kCasesPerGuest, 1, kMostGuests);
  for (std::size_t i = 0; i < count; i++) shards_.push_back(std::make_unique<Shard>());
  for (std::size_t i = 0; i < plan.size(); i++) {
    Shard& shard = *shards_[i % count];
    shard.cases.push_back(&plan[i]);
    for (int k = 0; k < options_.repeat; k++) shard.open.insert(&plan[i]);
    by_id_[plan[i].id] = &plan[i];
  }
  total_ = plan.size() * static_cast<std::size_t>(options_.repeat);
}

tl::expected<run::Totals, std::string> Crew::run(const std::vector<run::Instance>& plan, run::RunInfo info) {
  info_ = std::move(info);
  info_.target_argument = kernel_.target();
  info_.virtual_time = true;
  const TimePoint begun = loop_.now();
  for (const run::Instance& instance : plan) info_.plan.push_back(&instance);
  split(plan);
  Task<> ticking = ticker();
  ticking.start();
  loop_.run([this] {
    look_after();
    while (broken_.empty() && !interrupted() && running_ < options_.guests && next_ < shards_.size()) {
      start(*shards_[next_++]);
    }
    return running_ == 0 && (next_ == shards_.size() || interrupted() || !broken_.empty());
  });
  if (!begun_) return tl::unexpected(broken_.empty() ? "interrupted before anything had begun" : broken_);
  // What was never started, or was stopped.
  for (auto& shard : shards_) give_up(*shard, interrupted() ? "interrupted" : broken_);
  totals_.elapsed = latest_ - info_.started;
  totals_.real = loop_.now() - begun;
  totals_.interrupted = interrupted();
  for (run::Observer* observer : observers_) observer->run_finished(totals_);
  return totals_;
}

Task<> Crew::ticker() {
  for (;;) {
    co_await engine::sleep_for(loop_, 1s);
    if (!begun_) continue;
    for (run::Observer* observer : observers_) observer->progress(latest_ - info_.started, finished_, total_);
  }
}

void Crew::look_after() {
  for (auto& shard : shards_) {
    if (!shard->machine || shard->over) continue;
    if (interrupted()) {
      shard->machine->stop("interrupted");
    } else if (loop_.now() - shard->machine->heard() > options_.patience) {
      shard->machine->stop(
          fmt::format("nothing came from the guest for {:.0f} s: it hangs, and was ended", seconds(options_.patience)));
    }
  }
  for (auto& shard : shards_) {
    if (shard->over) shard->machine.reset();
  }
}

void Crew::start(Shard& shard) {
  Request request{.cases = {},
                  .seed = options_.seed,
                  .jobs = options_.jobs,
                  .repeat = options_.repeat,
                  .profile = options_.profile_argument};
  for (const auto* instance : shard.cases) request.cases.push_back(instance->id);
  const auto lookup = [this](const std::string& id) -> const run::Instance* {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : found->second;
  };
  const auto begin = options_.debug ? Machine::Begin::stopped : Machine::Begin::at_once;
  auto machine = Machine::start(epoll_, kernel_, request, begin, lookup,
                                {.record = [this, &shard](run::Recorded one) { take(shard, std::move(one)); },
                                 .ended = [this, &shard](const std::string& why) { ended(shard, why); }});
  if (!machine) {
    broken_ = machine.error();
    return;
  }
  shard.machine = std::move(*machine);
  running_++;
  if (options_.debug) options_.debug(shard.machine->pid());
}

// All guests are alike: what the first one says of its target is so for all.
void Crew::started(const run::RecordedStart& start) {
  profile_ = model::linux_profile(start.tick);
  if (options_.profile) profile_ = options_.profile->with_timers_of(profile_);
  info_.target = start.target;
  info_.target_version = start.target_version;
  info_.machine = start.machine;
  info_.epoch_ns = start.epoch_ns;
  info_.started = latest_ = start.started;
  info_.profile = &profile_;
  info_.own_profile = !options_.profile;
  info_.seed = options_.seed;
  info_.repeat = options_.repeat;
  for (const auto* instance : info_.plan) {
    info_.longest = std::max(info_.longest, instance->definition->takes(profile_.two_msl));
  }
  begun_ = true;
  for (run::Observer* observer : observers_) observer->run_started(info_);
  for (auto& shard : shards_) {
    for (auto& early : shard->early) report(std::move(early.result), &early.transcript);
    shard->early.clear();
  }
}

void Crew::take(Shard& shard, run::Recorded record) {
  if (const auto* start = std::get_if<run::RecordedStart>(&record)) {
    if (&shard == shards_.front().get()) started(*start);
    return;
  }
  if (const auto* totals = std::get_if<run::Totals>(&record)) {
    totals_.worst_lateness = std::max(totals_.worst_lateness, totals->worst_lateness);
    return;
  }
  auto& one = std::get<run::RecordedResult>(record);
  const auto found = shard.open.find(one.result.instance);
  if (found == shard.open.end()) return shard.machine->stop("the guest told a result twice");
  shard.open.erase(found);
  if (!begun_) return shard.early.push_back(std::move(one));
  report(std::move(one.result), &one.transcript);
}

void Crew::report(run::CaseResult result, const run::Transcript* transcript) {
  const auto as = run::expected(expectations_, *result.instance, info_.target_version, result.verdict,
                                result.finding.value_or(run::Finding{}));
  result.verdict = as.verdict;
  if (as.by != nullptr) result.reason = as.by->reason;
  result.transcript = transcript;
  latest_ = std::max(latest_, result.started + result.duration);
  for (run::Observer* observer : observers_) {
    observer->case_started(*result.instance);
    observer->case_finished(result);
  }
  totals_.by_verdict[static_cast<std::size_t>(result.verdict)]++;
  finished_++;
}

void Crew::ended(Shard& shard, const std::string& why) {
  shard.over = true;
  running_--;
  loop_.come_back();
  if (!why.empty() && !begun_) broken_ = why;
  if (begun_) give_up(shard, why.empty() ? "the guest ended without a word about this case" : why);
}

void Crew::give_up(Shard& shard, const std::string& why) {
  for (const auto* instance : std::exchange(shard.open, {})) {
    run::CaseResult result;
    result.instance = instance;
    result.verdict = interrupted() ? run::Verdict::inconclusive : run::Verdict::error;
    result.finding = run::Finding{};
    result.finding->kind = interrupted() ? run::Finding::Kind::inconclusive : run::Finding::Kind::error;
    result.finding->summary = interrupted() ? "interrupted" : why;
    result.started = latest_;
    result.seed = options_.seed;
    report(std::move(result), nullptr);
  }
}

}  // namespace finwait::lab
