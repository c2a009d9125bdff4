#include "harness/run/runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "harness/model/requirement.hpp"

namespace finwait::run {

using namespace std::chrono_literals;

namespace {

// After a case's last line its connections are watched on: a segment that nothing asked for is a failure. At least so
// long, and, while other cases still run, long enough for a delayed ACK or a first retransmission to show.
constexpr Duration kTrailing = 20ms;
constexpr Duration kTrailingBesideOthers = 300ms;
// After a failure until the model, too, can say that something did not come.
constexpr Duration kTrailingAfterFailure = model::kPrompt + 100ms;
// A case that takes so much longer than it says is stopped.
constexpr int kBudgetFactor = 2;
constexpr Duration kBudgetExtra = 10s;
constexpr Duration kBudgetOfVirtualTime = 1h;  // it costs nothing: a stack may be slower than a case expects

// So many cases start before the link is drained again: ten thousand at once would overflow its queue.
constexpr int kBurst = 32;
constexpr std::size_t kTogether = 1000;
constexpr Duration kPace = 10ms;

constexpr std::uint16_t kFirstClosedPort = 2000;
constexpr std::uint16_t kClosedPorts = 28000;  // below the ephemeral ports of every stack we know

// What a case draws its numbers from: the same on every machine.
std::uint64_t mixed(std::uint64_t seed, const std::string& id) {
  std::uint64_t h = 14695981039346656037U ^ seed;  // FNV-1a
  for (const char c : id) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return h;
}

// Whatever goes wrong in a case to which the harness reacted late may be the harness's doing: a target whose FIN is
// acknowledged too late rightly sends it again. The case is run again, and judged when the machine lets it.
constexpr Duration kPromptEnough = 100ms;  // under every timer of a stack that a late reaction could set off
void doubt(Finding& finding, Duration lateness) {
  if (lateness <= kPromptEnough || finding.kind == Finding::Kind::inconclusive) return;
  finding.kind = Finding::Kind::inconclusive;
  finding.summary += fmt::format("; but the harness was up to {:.0f} ms late in this case", seconds(lateness) * 1e3);
  finding.violated.clear();
}

Finding error_finding(const std::string& what) {
  Finding finding;
  finding.kind = Finding::Kind::error;
  finding.summary = what;
  return finding;
}

Verdict verdict_of(const std::optional<Finding>& finding) {
  if (!finding) return Verdict::pass;
  if (finding->kind == Finding::Kind::inconclusive) return Verdict::inconclusive;
  if (finding->kind == Finding::Kind::error) return Verdict::error;
  if (finding->kind == Finding::Kind::unsupported) return Verdict::unsupported;
  const auto* requirement = model::find_requirement(finding->violated);
  const bool strict = requirement == nullptr || requirement->level == model::Level::must;
  return strict ? Verdict::fail : Verdict::deviation;
}

}  // namespace

bool as_expected(Verdict verdict) {
  return verdict == Verdict::pass || verdict == Verdict::xfail || verdict == Verdict::xpass ||
         verdict == Verdict::unsupported;
}

struct Runner::Sandbox {
  std::unique_ptr<target::Target> target;
  model::Profile profile;  // what it is judged by
  std::string broken;
  std::unique_ptr<Switchboard> switchboard;
  std::vector<std::unique_ptr<Door>> doors;  // by family
  std::uint32_t next = 0;
};

struct Runner::Slot {
  const Instance* instance = nullptr;
  int repetition = 0;
  int attempt = 1;
  std::uint64_t seed = 0;
  std::unique_ptr<Sandbox> own;  ///< where targets are fresh
  Sandbox* place = nullptr;
  std::unique_ptr<Scenario> scenario;
  Task<> root;
  TimePoint started{};
  bool ended = false;
};

Runner::Runner(target::Lab& lab, std::vector<Expectation> expectations, std::vector<Observer*> observers,
               RunOptions options)
    : lab_(lab),
      expectations_(std::move(expectations)),
      observers_(std::move(observers)),
      options_(std::move(options)) {}

Runner::~Runner() = default;

tl::expected<Totals, std::string> Runner::run(const std::vector<Instance>& plan, RunInfo info) {
  auto sandbox = make_sandbox({});
  if (!sandbox) return tl::unexpected(sandbox.error());
  shared_ = (sandboxes_[{}] = std::move(*sandbox)).get();
  if (lab_.fresh()) {
    options_.jobs = 1;
  } else {
    make_sandboxes(plan);
  }
  info.target = shared_->target->name();
  info.target_version = version_ = shared_->target->version();
  info.profile = &shared_->profile;
  info.own_profile = !options_.profile;
  info.seed = options_.seed;
  info.repeat = options_.repeat;
  begin_ = info.started = lab_.loop().now();
  const TimePoint real_begin = options_.real_clock ? options_.real_clock() : begin_;
  for (const Instance& instance : plan) {
    info.plan.push_back(&instance);
    info.longest = std::max(info.longest, instance.definition->takes(shared_->profile.two_msl));
  }
  for (Observer* observer : observers_) observer->run_started(info);
  Task<> ticking;
  if (options_.progress > Duration{0}) {
    ticking = ticker();
    ticking.start();
  }
  do {
    enqueue_round(plan);
    lab_.loop().run([this] {
      reap();
      if (interrupted()) interrupt();
      start_queued();
      return done();
    });
  } while (options_.until_fail && unexpected_ == 0 && !interrupted());
  totals_.elapsed = lab_.loop().now() - begin_;
  totals_.real = options_.real_clock ? options_.real_clock() - real_begin : totals_.elapsed;
  totals_.worst_lateness = lab_.loop().worst_lateness();
  totals_.interrupted = interrupted();
  for (Observer* observer : observers_) observer->run_finished(totals_);
  return totals_;
}

void Runner::enqueue_round(const std::vector<Instance>& plan) {
  for (int i = 0; i < options_.repeat; i++) {
    const int repetition = next_repetition_++;
    for (const Instance& instance : plan) {
      auto slot = std::make_unique<Slot>();
      slot->instance = &instance;
      slot->repetition = repetition;
      queued_.push_back(std::move(slot));
    }
  }
  total_ += queued_.size();
  paced_ = queued_.size() > kTogether && !lab_.fresh();
  pacing_ = pacer();
  if (paced_) pacing_.start();
}

// Cases that begin together go on in step, and when thousands act in one instant most of them act late. So a large run
// begins bit by bit.
Task<> Runner::pacer() {
  while (!queued_.empty()) co_await engine::sleep_for(lab_.loop(), kPace);
}

void Runner::start_queued() {
  if (paced_ && !queued_.empty()) {
    if (lab_.loop().now() < next_start_) return;
    next_start_ = lab_.loop().now() + kPace;
  }
  int started = 0;
  while (!queued_.empty() && (options_.jobs == 0 || running_.size() < options_.jobs)) {
    if (++started > kBurst && paced_) return;
    if (started > kBurst) return lab_.loop().come_back();
    auto slot = std::move(queued_.front());
    queued_.pop_front();
    start(std::move(slot));
  }
}

tl::expected<std::unique_ptr<Runner::Sandbox>, std::string> Runner::make_sandbox(
    const std::map<std::string, std::string>& sysctls) {
  auto target = lab_.make_target();
  if (!target) return tl::unexpected(target.error());
  auto sandbox = std::make_unique<Sandbox>();
  sandbox->target = std::move(*target);
  sandbox->target->link().set_tap(options_.tap);
  for (const auto family : {wire::Family::ipv4, wire::Family::ipv6}) {
    sandbox->doors.push_back(std::make_unique<Door>(*sandbox->target, family));
  }
  for (const auto& [name, value] : sysctls) {
    const auto set = sandbox->target->set_sysctl(name, value);
    if (!set) return tl::unexpected(fmt::format("cannot set {} = {}: {}", name, value, set.error().name()));
  }
  sandbox->profile = sandbox->target->profile();
  if (options_.profile) {
    sandbox->profile = options_.profile->with_timers_of(sandbox->profile);
    for (const auto& [name, value] : sysctls) sandbox->profile.apply_setting(name, value);
  }
  sandbox->switchboard = std::make_unique<Switchboard>(
      lab_.loop(), sandbox->target->link(),
      [raw = sandbox.get()](const std::string& why) { raw->broken = "the link is broken: " + why; });
  return sandbox;
}

void Runner::make_sandboxes(const std::vector<Instance>& plan) {
  if (!shared_->target->capabilities().contains(target::Capability::sysctls)) return;
  for (const Instance& instance : plan) {
    auto& place = sandboxes_[instance.definition->sysctls];
    if (place) continue;
    auto made = make_sandbox(instance.definition->sysctls);
    if (made) {
      place = std::move(*made);
    } else {
      place = std::make_unique<Sandbox>();
      place->broken = "no sandbox: " + made.error();
    }
  }
}

std::optional<std::string> Runner::missing_capability(const Instance& instance) const {
  target::Capabilities needs = instance.definition->needs;
  needs.insert(instance.family == wire::Family::ipv4 ? target::Capability::ipv4 : target::Capability::ipv6);
  if (!instance.definition->sysctls.empty()) needs.insert(target::Capability::sysctls);
  for (const auto need : needs) {
    if (!shared_->target->capabilities().contains(need)) {
      return "the target lacks a capability: " + std::string(to_string(need));
    }
  }
  for (const auto choice : instance.definition->declared) {
    const model::ChoiceInfo& one = model::info(choice);
    const auto possible = shared_->profile.choices & model::Choices::of(one.axis);
    if (possible != model::Choices{choice}) {
      return fmt::format("the profile does not say {} = {} (finwait detect finds it out)", model::info(one.axis).name,
                         one.name);
    }
  }
  return std::nullopt;
}

void Runner::start(std::unique_ptr<Slot> owned) {
  running_.push_back(std::move(owned));
  Slot& slot = *running_.back();
  const Case& c = *slot.instance->definition;
  slot.started = lab_.loop().now();
  // The first run of each case has the run's own seed; with the seed that a report names, any later one can be had
  // again.
  slot.seed = options_.seed + static_cast<std::uint64_t>(slot.repetition * options_.attempts + slot.attempt - 1);
  for (Observer* observer : observers_) observer->case_started(*slot.instance);
  if (const auto missing = missing_capability(*slot.instance)) {
    return report(slot, Verdict::unsupported, error_finding(*missing));
  }
  if (lab_.fresh()) {
    lab_.draw_from(mixed(slot.seed, slot.instance->id) >> 33U);  // 31 bits: every language has those
    auto own = make_sandbox(c.sysctls);
    if (!own) return finish(slot, error_finding(own.error()));
    slot.own = std::move(*own);
  }
  Sandbox& place = slot.own ? *slot.own : *sandboxes_.at(c.sysctls);
  slot.place = &place;
  if (!place.broken.empty()) return finish(slot, error_finding(place.broken));

  const std::uint32_t index = place.next++;
  const auto address =
      place.target->first_peer_address(slot.instance->family).plus(index % place.target->peer_address_count());
  const wire::Port closed_port{static_cast<std::uint16_t>(kFirstClosedPort + index % kClosedPorts)};
  Door& door = *place.doors.at(static_cast<std::size_t>(slot.instance->family));
  slot.scenario = std::make_unique<Scenario>(
      c, Scenario::Place{lab_.loop(), *place.target, place.profile, *place.switchboard, slot.instance->family, address,
                         door, closed_port, mixed(slot.seed, slot.instance->id), options_.judge});
  slot.root = drive(slot);
  slot.root.start();
}

Task<> Runner::watchdog(Duration budget) { co_await engine::sleep_for(lab_.loop(), budget); }

Task<> Runner::ticker() {
  for (;;) {
    co_await engine::sleep_for(lab_.loop(), options_.progress);
    for (Observer* observer : observers_) observer->progress(lab_.loop().now() - begin_, finished_, total_);
  }
}

Task<> Runner::drive(Slot& slot) {
  std::optional<Finding> finding;
  Scenario& scenario = *slot.scenario;
  const Case& c = scenario.definition();
  engine::Loop& loop = lab_.loop();
  try {
    const Duration takes = c.takes(slot.place->profile.two_msl);
    const Duration extra = lab_.fresh() ? kBudgetOfVirtualTime : kBudgetExtra;
    auto race = any_of(c.body(scenario), watchdog(takes * kBudgetFactor + extra));
    const auto winner = co_await race;
    if (winner.index() == 1) {
      finding = error_finding(fmt::format("the case did not end: it says it lasts {:.1f} s", seconds(takes)));
    }
  } catch (const CaseEnded& ended) {
    finding = ended.finding();
  } catch (const std::exception& error) {
    finding = error_finding(fmt::format("the case threw: {}", error.what()));
  }
  // Also after a failure: what comes late belongs into the conversation that the report shows.
  trailing_++;
  const bool failed = finding && finding->kind == Finding::Kind::violation;
  for (const TimePoint end = loop.now() + (failed ? kTrailingAfterFailure : kTrailingBesideOthers); loop.now() < end;) {
    co_await engine::sleep_for(loop, kTrailing);
    if (!failed && queued_.empty() && running_.size() == trailing_) break;
  }
  trailing_--;
  // The model judges every connection, whatever the script has looked at. Of one failure it knows more than the script.
  if (auto judged = scenario.judged(); judged && (!finding || failed)) {
    if (finding) judged->detail += "\nthe script says: " + finding->summary;
    if (finding && finding->violated == judged->violated && judged->figure == nullptr) judged->figure = finding->figure;
    finding = std::move(judged);
  }
  if (!finding) finding = scenario.not_judged();
  try {
    scenario.land();
    if (!finding && c.scripted) scenario.refuse_leftovers();
  } catch (const CaseEnded& ended) {
    finding = ended.finding();
  }
  if (finding && finding->kind == Finding::Kind::violation && scenario.stray()) finding = scenario.stray();
  if (!slot.place->broken.empty()) finding = error_finding(slot.place->broken);
  if (finding) doubt(*finding, loop.lateness_since(slot.started));
  finish(slot, std::move(finding));
}

void Runner::finish(Slot& slot, std::optional<Finding> finding) {
  if (finding && finding->kind == Finding::Kind::inconclusive && slot.attempt < options_.attempts && !interrupted()) {
    auto again = std::make_unique<Slot>();
    again->instance = slot.instance;
    again->repetition = slot.repetition;
    again->attempt = slot.attempt + 1;
    queued_.push_front(std::move(again));
    return end(slot);
  }
  const Verdict verdict = verdict_of(finding);
  report(slot, verdict, std::move(finding));
}

void Runner::report(Slot& slot, Verdict verdict, std::optional<Finding> finding) {
  CaseResult result;
  result.instance = slot.instance;
  const Expected as = expected(expectations_, *slot.instance, version_, verdict, finding.value_or(Finding{}));
  result.verdict = as.verdict;
  if (as.by != nullptr) result.reason = as.by->reason;
  if (finding && slot.place != nullptr) {
    result.basis = basis_of(*finding, slot.place->profile);
    if (finding->figure != nullptr) result.citation = model::citation(slot.place->profile, *finding->figure);
  }
  result.finding = std::move(finding);
  result.started = slot.started;
  result.duration = lab_.loop().now() - slot.started;
  result.seed = slot.seed;
  result.repetition = slot.repetition;
  result.attempts = slot.attempt;
  if (slot.scenario) {
    result.figures = slot.scenario->figures();
    result.detected = slot.scenario->detection();
    result.choices = slot.scenario->choices();
    result.measured = slot.scenario->measurements();
  }
  result.transcript = slot.scenario ? &slot.scenario->transcript() : nullptr;
  for (Observer* observer : observers_) observer->case_finished(result);
  totals_.by_verdict[static_cast<std::size_t>(result.verdict)]++;
  if (!as_expected(result.verdict)) unexpected_++;
  finished_++;
  end(slot);
}

void Runner::end(Slot& slot) {
  slot.ended = any_ended_ = true;
  lab_.loop().come_back();  // to reap it and to start the next, whoever else is waiting for what
}

// A slot is destroyed here and not where it ends: there its own coroutine is still on the stack.
void Runner::reap() {
  if (!std::exchange(any_ended_, false)) return;
  running_.remove_if([](const std::unique_ptr<Slot>& slot) { return slot->ended; });
}

void Runner::interrupt() {
  queued_.clear();
  for (auto& slot : running_) {
    if (slot->ended) continue;
    slot->root.reset();
    Finding finding;
    finding.kind = Finding::Kind::inconclusive;
    finding.summary = "interrupted";
    finish(*slot, std::move(finding));
  }
  reap();
}

}  // namespace finwait::run
