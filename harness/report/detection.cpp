#include "harness/report/detection.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace finwait::report {

using model::Choices;
using Value = nlohmann::ordered_json;

namespace {

constexpr std::array<std::string_view, 4> kStates{"ok", "DIFFERS", "unsupported", "unknown"};

std::string in_words(Choices choices, model::Axis axis) {
  if (choices == Choices::of(axis)) return "nothing";
  return choices.empty() ? "none there is" : fmt::format("{}", fmt::join(choices.names(), " or "));
}

// As a profile has it: one word or a list.
std::string toml(Choices choices) {
  const auto names = choices.names();
  if (names.size() == 1) return fmt::format("\"{}\"", names.front());
  return fmt::format("[\"{}\"]", fmt::join(names, "\", \""));
}

}  // namespace

void Detection::run_started(const run::RunInfo& info) {
  target_ = info.target + ":" + info.target_version;
  finwait_ = info.finwait_version;
  profile_ = info.profile->name;
  declared_ = info.profile->choices;
}

void Detection::case_finished(run::CaseResult& result) {
  const std::string& id = result.instance->definition->id;
  const auto axis = model::find_axis(id.substr(id.find('/') + 1));
  if (!axis) return;
  Found found;
  found.verdict = result.verdict;
  found.family = result.instance->family == wire::Family::ipv4 ? "IPv4" : "IPv6";
  found.detected = result.detected.has_value();
  if (result.detected) {
    found.behaves = result.detected->choices;
    found.seen = result.detected->seen;
  } else if (result.finding) {
    found.seen = result.finding->summary;
  }
  auto& all = found_[*axis];
  all.insert(std::ranges::upper_bound(all, found.family, {}, &Found::family), std::move(found));
  probes_[*axis] = result.instance->definition->title;
}

Detection::Row Detection::row(const model::AxisInfo& axis) const {
  const auto known = found_.find(axis.axis);
  Row row;
  row.declared = declared_ & Choices::of(axis.axis);
  if (known == found_.end()) return row;
  row.probe = probes_.at(axis.axis);
  // Usually both families say the same. Where they do not, both can be read, and either can contradict.
  std::vector<std::string> seen;
  bool good = true, unsupported = true;
  for (const Found& one : known->second) {
    unsupported = unsupported && one.verdict == run::Verdict::unsupported;
    if (one.verdict == run::Verdict::unsupported && known->second.size() > 1) continue;
    const std::string text = one.family + ": " + one.seen;
    if (seen.empty() || seen.back().substr(seen.back().find(':')) != text.substr(text.find(':'))) seen.push_back(text);
    if (!one.detected) continue;
    row.state = State::agrees;
    row.behaves = row.behaves | one.behaves;
    good = good && !(one.behaves & row.declared).empty();
  }
  row.seen = fmt::format("{}", fmt::join(seen, "; "));
  if (seen.size() == 1) row.seen = row.seen.substr(row.seen.find(": ") + 2);
  if (row.state == State::agrees && !good) row.state = State::contradicts;
  if (row.state == State::unknown && unsupported) row.state = State::unsupported;
  return row;
}

std::string Detection::text() const {
  std::string out =
      fmt::format("finwait {}: what {} has chosen, and what its profile {} declares\n", finwait_, target_, profile_);
  std::string axes = "\n[axes]\n";
  for (const auto& axis : model::all_axes()) {
    const Row r = row(axis);
    const bool detected = r.state == State::agrees || r.state == State::contradicts;
    out += fmt::format("{:<13}{:<20}declared {}, {}\n", kStates.at(static_cast<std::size_t>(r.state)), axis.name,
                       in_words(r.declared, axis.axis),
                       detected ? "behaves " + in_words(r.behaves, axis.axis) : std::string("not found out"));
    out += fmt::format("  {}\n  {}: {}\n", axis.question, r.probe, r.seen);
    if (detected && !r.behaves.empty()) axes += fmt::format("{} = {}\n", axis.name, toml(r.behaves));
  }
  return out + axes;
}

std::string Detection::json() const {
  Value axes = Value::object();
  for (const auto& axis : model::all_axes()) {
    const Row r = row(axis);
    axes[std::string(axis.name)] = {{"state", kStates.at(static_cast<std::size_t>(r.state))},
                                    {"declared", r.declared.names()},
                                    {"behaves", r.behaves.names()},
                                    {"probe", r.probe},
                                    {"seen", r.seen}};
  }
  return Value{{"format", 1}, {"finwait_version", finwait_}, {"target", target_}, {"profile", profile_}, {"axes", axes}}
             .dump(1) +
         "\n";
}

int Detection::count(State state) const {
  return static_cast<int>(
      std::ranges::count_if(model::all_axes(), [&](const auto& axis) { return row(axis).state == state; }));
}
int Detection::contradictions() const { return count(State::contradicts); }
int Detection::unknown() const { return count(State::unknown); }
Choices Detection::found(model::Axis axis) const { return row(model::info(axis)).behaves; }

}  // namespace finwait::report
