#include "harness/explore/walk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <random>
#include <span>
#include <utility>

namespace finwait::explore {

using namespace std::chrono_literals;

namespace {

template <class T>
struct Weighted {
  int weight = 0;
  T what{};
};

// clang-format off
constexpr std::array kOpenings = std::to_array<Weighted<Opening>>({
    {65, Opening::passive}, {19, Opening::active}, {7, Opening::listening}, {6, Opening::calling}, {3, Opening::closed_port}});

// What ends a connection is rare, or walks would be short.
constexpr std::array kKinds = std::to_array<Weighted<Kind>>({
    {22, Kind::ack}, {22, Kind::text}, {4, Kind::octet}, {12, Kind::fin}, {6, Kind::text_fin}, {5, Kind::rst},
    {3, Kind::rst_ack}, {1, Kind::rst_text}, {5, Kind::syn}, {4, Kind::syn_ack}, {2, Kind::bare}, {3, Kind::bare_text},
    {3, Kind::bare_fin}, {3, Kind::urgent}});
constexpr std::array kSeqs = std::to_array<Weighted<SeqAt>>({
    {52, SeqAt::left}, {10, SeqAt::below}, {5, SeqAt::far_below}, {12, SeqAt::inside}, {6, SeqAt::last},
    {8, SeqAt::right}, {5, SeqAt::beyond}});
constexpr std::array kResetSeqs = std::to_array<Weighted<SeqAt>>({
    {15, SeqAt::left}, {20, SeqAt::below}, {10, SeqAt::far_below}, {20, SeqAt::inside}, {15, SeqAt::last},
    {15, SeqAt::right}, {5, SeqAt::beyond}});
constexpr std::array kAcks = std::to_array<Weighted<AckAt>>({
    {55, AckAt::all}, {18, AckAt::una}, {6, AckAt::part}, {5, AckAt::old}, {3, AckAt::range_edge}, {4, AckAt::too_old},
    {2, AckAt::far_old}, {5, AckAt::future}, {2, AckAt::far_future}});
constexpr std::array kStamps = std::to_array<Weighted<StampAt>>({
    {88, StampAt::usual}, {3, StampAt::older}, {1, StampAt::barely}, {3, StampAt::equal}, {3, StampAt::missing}, {2, StampAt::offered}});

constexpr std::array kCalls = std::to_array<Weighted<AppCall>>({
    {28, AppCall::send}, {25, AppCall::recv}, {12, AppCall::shut_wr}, {12, AppCall::close}, {3, AppCall::shut_rd},
    {2, AppCall::shut_rdwr}, {2, AppCall::abort}, {5, AppCall::keepalive}, {1, AppCall::linger_zero},
    {2, AppCall::user_timeout}, {5, AppCall::state}, {3, AppCall::error}});
constexpr std::array kErrors = std::to_array<Weighted<Icmp>>({
    {4, Icmp::soft}, {3, Icmp::hard}, {3, Icmp::source_quench}});
constexpr std::array kWaits = std::to_array<Weighted<Wait>>({
    {30, Wait::moment}, {35, Wait::throttle}, {20, Wait::segment}, {8, Wait::keepalive}, {4, Wait::silence},
    {3, Wait::two_msl}});

enum class Group : std::uint8_t { send, call, wait, icmp, fill };
constexpr std::array kGroups = std::to_array<Weighted<Group>>({
    {60, Group::send}, {22, Group::call}, {15, Group::wait}, {2, Group::icmp}, {1, Group::fill}});
// clang-format on

class Dice {
 public:
  explicit Dice(const WalkId& id) : random_(mixed(id)) {}

  bool one_in(int n) { return below(n) == 0; }
  bool percent(int p) { return below(100) < p; }
  template <class T, std::size_t N>
  T pick(const std::array<Weighted<T>, N>& table) {
    int sum = 0;
    for (const auto& row : table) sum += row.weight;
    int at = below(sum);
    for (const auto& row : table) {
      at -= row.weight;
      if (at < 0) return row.what;
    }
    return table.back().what;
  }

 private:
  // The distributions of the standard library differ between implementations; the engine does not.
  int below(int n) { return static_cast<int>(random_() % static_cast<std::uint64_t>(n)); }
  static std::uint64_t mixed(const WalkId& id) {
    std::uint64_t h = id.seed + 0x9e3779b97f4a7c15U * (id.number + 1);  // splitmix64
    h = (h ^ (h >> 30U)) * 0xbf58476d1ce4e5b9U;
    h = (h ^ (h >> 27U)) * 0x94d049bb133111ebU;
    return h ^ (h >> 31U);
  }

  std::mt19937_64 random_;
};

/// What is known of the connection before it exists: what has been done to it.
struct Known {
  bool socket = false;  ///< the application holds one
  bool waited = false;  ///< for the end of TIME-WAIT; once is enough, it is long
};

Send random_send(Dice& dice) {
  Send send;
  send.kind = dice.pick(kKinds);
  const bool reset = send.kind == Kind::rst || send.kind == Kind::rst_ack || send.kind == Kind::rst_text;
  send.seq = reset ? dice.pick(kResetSeqs) : dice.pick(kSeqs);
  send.ack = has_ack(send.kind) ? dice.pick(kAcks) : AckAt::all;
  send.stamp = dice.pick(kStamps);
  send.zero_window = dice.percent(6);
  return send;
}

Action random_action(Dice& dice, Known& known) {
  Group group = dice.pick(kGroups);
  if (group == Group::call && !known.socket) group = Group::send;
  switch (group) {
    case Group::send:
      return random_send(dice);
    case Group::icmp:
      return dice.pick(kErrors);
    case Group::fill:
      return Fill{dice.one_in(2) ? 0U : 5U};
    case Group::call: {
      const AppCall call = dice.pick(kCalls);
      known.socket = call != AppCall::close && call != AppCall::abort;
      return call;
    }
    case Group::wait:
      break;
  }
  const Wait wait = dice.pick(kWaits);
  if (wait == Wait::two_msl && std::exchange(known.waited, true)) return Wait::throttle;
  return wait;
}

std::optional<std::uint64_t> number_at(std::string_view& text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

class Collector : public run::Observer {
 public:
  explicit Collector(std::size_t size) : outcomes_(size) {}
  void run_started(const run::RunInfo& info) override { plan_ = info.plan; }
  void case_finished(run::CaseResult& result) override {
    const auto found = std::ranges::find(plan_, result.instance);
    if (found == plan_.end() || (result.finding && result.finding->summary == "interrupted")) return;
    const run::Finding finding = result.finding.value_or(run::Finding{});
    outcomes_.at(static_cast<std::size_t>(found - plan_.begin())) = {result.verdict, finding.violated, finding.summary};
    done_++;
  }
  [[nodiscard]] bool whole() const { return done_ == outcomes_.size(); }
  std::vector<Outcome> take() { return std::move(outcomes_); }

 private:
  std::vector<const run::Instance*> plan_;
  std::vector<Outcome> outcomes_;
  std::size_t done_ = 0;
};

}  // namespace

std::string to_string(const WalkId& id) { return fmt::format("walk/{}/{}/{}", id.seed, id.steps, id.number); }

std::optional<WalkId> parse_walk_id(std::string_view text) {
  constexpr std::string_view kPrefix = "walk";
  if (!text.starts_with(kPrefix)) return std::nullopt;
  text.remove_prefix(kPrefix.size());
  std::array<std::uint64_t, 3> numbers{};
  for (auto& number : numbers) {
    if (!text.starts_with('/')) return std::nullopt;
    text.remove_prefix(1);
    const auto value = number_at(text);
    if (!value) return std::nullopt;
    number = *value;
  }
  if (!text.empty() && text != "/ipv4" && text != "/ipv6") return std::nullopt;
  return WalkId{numbers[0], numbers[1], numbers[2]};
}

Script random_script(const WalkId& id) {
  Dice dice(id);
  Script script;
  script.start.opening = dice.pick(kOpenings);
  script.start.timestamps = dice.percent(35);
  script.start.family = dice.one_in(2) ? wire::Family::ipv4 : wire::Family::ipv6;
  Known known;
  known.socket = script.start.opening == Opening::passive || script.start.opening == Opening::active;
  const bool calling = script.start.opening == Opening::calling;
  const bool opens = (calling || script.start.opening == Opening::listening) && dice.percent(80);
  known.socket = known.socket || (calling && opens);  // in SYN-SENT each API does something else
  for (std::size_t i = 0; i < id.steps; i++) {
    if (i == 0 && opens) {
      const auto stamp = script.start.timestamps ? StampAt::offered : StampAt::usual;
      const Kind kind = calling && dice.one_in(2) ? Kind::syn_ack : Kind::syn;
      script.steps.push_back({Send{.kind = kind, .stamp = stamp}, true});
      continue;
    }
    const Action action = random_action(dice, known);
    script.steps.push_back({action, dice.percent(25)});
  }
  return script;
}

run::Case walk_case(Script script, std::string id) {
  run::Case c;
  c.id = std::move(id);
  c.title = fmt::format("{} random actions on {}", script.steps.size(), describe(script.start));
  c.needs = needs_of(script);
  c.lasts = length_of(script, 0s) + 1s;
  c.time_waits = static_cast<double>(
      std::ranges::count_if(script.steps, [](const Step& step) { return step.action == Action(Wait::two_msl); }));
  c.families = {script.start.family};
  c.scripted = false;
  c.file = __FILE__;
  auto shared = std::make_shared<const Script>(std::move(script));
  c.body = [shared](run::Scenario& scenario) { return play(scenario, *shared); };
  return c;
}

std::vector<Outcome> play_all(target::Lab& lab, const std::vector<Script>& scripts, const std::string& id,
                              const run::RunOptions& options, const std::vector<run::Observer*>& observers) {
  run::Chapter chapter;
  for (const Script& script : scripts) chapter.push_back(walk_case(script, id));
  Collector collector(scripts.size());
  std::vector<run::Observer*> all{&collector};
  all.insert(all.end(), observers.begin(), observers.end());
  run::Runner runner(lab, {}, all, options);
  const auto plan = run::instances({&chapter});
  if (!runner.run(plan, {}) || !collector.whole()) return {};
  return collector.take();
}

std::vector<WalkFinding> group_findings(const std::vector<std::pair<WalkId, Outcome>>& failed) {
  std::vector<WalkFinding> all;
  for (const auto& [id, outcome] : failed) {
    auto found = std::ranges::find(all, outcome, &WalkFinding::outcome);
    if (found == all.end()) found = all.insert(all.end(), {outcome, {}});
    found->walks.push_back(id);
  }
  std::ranges::stable_sort(all, std::ranges::greater{}, [](const WalkFinding& f) { return f.walks.size(); });
  return all;
}

std::optional<Shrunk> shrink_walk(target::Lab& lab, const WalkId& id, const Outcome& outcome,
                                  const run::RunOptions& options, const std::function<void(std::size_t played)>& tell) {
  std::size_t played = 0;
  const StillFails still_fails = [&](const std::vector<Script>& scripts) {
    tell(played);
    played += scripts.size();
    std::vector<bool> fails;
    for (const Outcome& one : play_all(lab, scripts, to_string(id), options)) {
      fails.push_back(one.violated() && one.requirement == outcome.requirement);
    }
    return fails;
  };
  Script script = random_script(id);
  const auto again = still_fails({script});
  if (again.empty() || !again.front()) return std::nullopt;
  return shrink(std::move(script), still_fails);
}

}  // namespace finwait::explore
