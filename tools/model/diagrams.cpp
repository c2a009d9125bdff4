#include "tools/model/diagrams.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "harness/model/rule.hpp"
#include "tools/model/names.hpp"

namespace finwait::docs {

namespace {

using model::Reply;
using model::Rule;
using model::Standing;
using model::State;
using model::Trigger;

constexpr std::string_view kHead =
    "// Made by tools/model from the table in harness/model/rules_*.cpp; do not edit: ci/docs writes it.\n";
constexpr std::string_view kStyle =
    "  graph [fontname=\"DejaVu Sans\", fontsize=10]\n"
    "  node [fontname=\"DejaVu Sans\", fontsize=12, shape=box, style=rounded]\n"
    "  edge [fontname=\"DejaVu Sans\", fontsize=9]\n";
constexpr std::string_view kLegend =
    "TRIGGER / what the target does. *: under a condition that docs/model.md names. Gray: resets, errors and "
    "timeouts.\\l"
    "Dashed: who issues a reset goes to TIME-WAIT by the letter of RFC 9293 3.5.2.\\l";

// "a, b," and so on, in lines that do not grow too long; each ends with \l, which aligns it to the left.
std::string wrapped(const std::vector<std::string>& words, std::string_view end, std::size_t width) {
  std::string text;
  std::size_t length = 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool last = i + 1 == words.size();
    const std::string word = words[i] + (last ? std::string(end) : ",");
    if (length > 0 && length + 1 + word.size() > width) {
      text += "\\l";
      length = 0;
    }
    text += (length > 0 ? " " : "") + word;
    length += word.size() + 1;
  }
  return text + "\\l";
}

// The triggers that do the same, in one place: "RST-EXACT, T-R2 / -".
class Labels {
 public:
  void add(std::string_view trigger, const std::string& does) {
    auto group = std::ranges::find(groups_, does, &Group::first);
    if (group == groups_.end()) group = groups_.insert(group, {does, {}});
    if (std::ranges::find(group->second, trigger) == group->second.end()) group->second.emplace_back(trigger);
  }
  [[nodiscard]] std::string text(std::size_t width) const {
    std::string all;
    for (const auto& [does, triggers] : groups_) all += wrapped(triggers, does, width);
    return all;
  }

 private:
  using Group = std::pair<std::string, std::vector<std::string>>;
  std::vector<Group> groups_;
};

std::string id(State state) {
  std::string text = file_name(state);
  std::ranges::replace(text, '-', '_');
  return text;
}

// Part of how a connection begins or ends in order, and not of how it breaks.
bool orderly(const Rule& rule) {
  switch (rule.reply) {
    case Reply::rst_for_ack:
    case Reply::rst_for_ack_or_now:
    case Reply::rst_now:
    case Reply::rst_any:
      return false;
    default:
      break;
  }
  switch (rule.trigger) {
    case Trigger::abort:
    case Trigger::rst_exact:
    case Trigger::rst_in_window:
    case Trigger::icmp_hard:
    case Trigger::timer_r2:
    case Trigger::timer_fin_wait_2:
    case Trigger::timer_keepalive_dead:
      return false;
    default:
      return true;
  }
}

}  // namespace

std::string overall_diagram() {
  struct Edge {
    Labels labels;
    bool breaks = true;
  };
  std::map<std::tuple<State, State, Standing>, Edge> edges;
  for (const Rule& rule : model::rules()) {
    if (rule.standing == Standing::deviation) continue;
    for (const State from : model::kAllStates) {
      if (!rule.states.contains(from) || !moves(rule, from)) continue;
      Edge& edge = edges[{from, *rule.next, rule.standing}];
      edge.labels.add(fmt::format("{}{}", to_string(rule.trigger), conditional(rule) ? "*" : ""),
                      fmt::format(" / {}", to_string(rule.reply)));
      if (orderly(rule)) edge.breaks = false;
    }
  }
  std::string dot = fmt::format("{}digraph states {{\n  rankdir=TB nodesep=0.5 ranksep=0.6\n{}", kHead, kStyle);
  dot += fmt::format("  label=\"{}\"\n", kLegend);
  for (const State state : model::kAllStates) {
    dot += fmt::format("  {} [label=\"{}\"]\n", id(state), to_string(state));
  }
  dot += "  end [label=\"CLOSED\"]\n";  // CLOSED a second time, below: the beginning and the end
  for (const auto& [ends, edge] : edges) {
    const auto& [from, to, standing] = ends;
    const bool closes = to == State::closed;
    dot += fmt::format("  {} -> {} [label=\"{}\"{}{}]\n", id(from), closes ? "end" : id(to),
                       edge.labels.text(closes ? 34 : 30), edge.breaks ? ", color=gray60, fontcolor=gray30" : "",
                       standing == Standing::flagged ? ", style=dashed" : "");
  }
  return dot + "}\n";
}

std::string state_diagram(State state) {
  std::map<State, Labels> ways;
  Labels stays;
  Labels judged;
  for (const Rule& rule : model::rules()) {
    if (!rule.states.contains(state) || rule.standing == Standing::deviation) continue;
    if (rule.reply == Reply::not_applicable) continue;
    const std::string when = condition(rule);
    const std::string does = fmt::format(" / {}{}", to_string(rule.reply), when.empty() ? "" : "  [" + when + "]");
    Labels& way = rule.reply == Reply::as_other ? judged : moves(rule, state) ? ways[*rule.next] : stays;
    way.add(to_string(rule.trigger), does);
  }
  std::string dot = fmt::format("{}digraph {} {{\n  rankdir=LR ranksep=1\n{}", kHead, id(state), kStyle);
  dot += fmt::format("  {} [label=\"{}\", penwidth=2]\n", id(state), to_string(state));
  dot += fmt::format(
      "  stays [label=\"stays in {}\\l\\l{}\\ljudged as another\\l\\l{}\", shape=note, style=\"\", fontsize=9]\n",
      to_string(state), stays.text(60), judged.text(60));
  dot += fmt::format("  stays -> {} [style=dotted, dir=none]\n", id(state));
  for (const auto& [next, labels] : ways) {
    dot += fmt::format("  {0} [label=\"{1}\"]\n  {2} -> {0} [label=\"{3}\"]\n", id(next), to_string(next), id(state),
                       labels.text(50));
  }
  return dot + "}\n";
}

}  // namespace finwait::docs
