#include "tools/model/markdown.hpp"

#include <fmt/format.h>

#include <span>

#include "harness/model/axes.hpp"
#include "harness/model/requirement.hpp"
#include "harness/model/rule.hpp"
#include "tools/model/names.hpp"

namespace finwait::docs {

namespace {

using model::Reply;
using model::Restart;
using model::Rule;
using model::State;

// A bar ends a cell, unless it is escaped.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string row(std::initializer_list<std::string_view> cells) {
  std::string line = "|";
  for (const std::string_view cell : cells) line += fmt::format(" {}{}|", escaped(cell), cell.empty() ? "" : " ");
  return line + "\n";
}

std::string replies() {
  std::string text = "## What the target does\n\n| code | meaning |\n|---|---|\n";
  for (const model::ReplyInfo& one : model::all_replies()) text += row({one.code, one.meaning});
  return text + "\n";
}

std::string axes() {
  std::string text =
      "## Where a stack may choose\n\n"
      "A profile says what a stack has chosen; what it leaves open is found out from behaviour.\n\n"
      "| axis | choice | meaning | the probe that tells |\n|---|---|---|---|\n";
  for (const model::AxisInfo& axis : model::all_axes()) {
    text += row({fmt::format("**{}**", axis.name), "", axis.question, axis.detect});
    for (const model::ChoiceInfo& one : model::all_choices()) {
      if (one.axis == axis.axis) text += row({"", one.name, one.meaning, ""});
    }
  }
  return text + "\n";
}

std::string triggers() {
  std::string text = "## What can happen\n\n| trigger | what it is | source |\n|---|---|---|\n";
  for (const model::TriggerInfo& one : model::all_triggers()) {
    text += row({fmt::format("**{}**", one.id), one.title, one.source});
  }
  return text + "\n";
}

// "[hardening=rfc5961] CHAL", "RSTn → CLOSED": all rows of one cell.
std::string cell(State state, model::Trigger trigger) {
  std::string text;
  for (const Rule* rule : model::rules_for(state, trigger)) {
    if (!text.empty()) text += "<br>";
    const std::string when = condition(*rule);
    if (!when.empty()) text += fmt::format("[{}] ", when);
    text += to_string(rule->reply);
    if (moves(*rule, state)) text += fmt::format(" → {}", short_name(*rule->next));
  }
  return text;
}

std::string matrix(std::string_view title, std::span<const State> states) {
  std::string head = "| |";
  std::string rule = "|---|";
  for (const State state : states) {
    head += fmt::format(" {} |", short_name(state));
    rule += "---|";
  }
  std::string text = fmt::format("## {}\n\n{}\n{}\n", title, head, rule);
  for (const model::TriggerInfo& one : model::all_triggers()) {
    std::string line = fmt::format("| **{}** |", one.id);
    bool any = false;
    for (const State state : states) {
      const std::string what = cell(state, one.trigger);
      any = any || !what.empty();
      line += fmt::format(" {}{}|", escaped(what), what.empty() ? "" : " ");
    }
    if (any) text += line + "\n";
  }
  return text + "\n";
}

std::string remarks(const Rule& rule) {
  std::string text(rule.note);
  if (rule.two_msl == Restart::no) return text;
  if (!text.empty()) text += "; ";
  return text + (rule.two_msl == Restart::must ? "the 2 MSL start anew" : "the 2 MSL may start anew");
}

std::string table_of(State state) {
  std::string text = "| trigger | the target does | and is in | if | requirement | |\n|---|---|---|---|---|---|\n";
  for (const model::TriggerInfo& one : model::all_triggers()) {
    bool first = true;
    for (const Rule* rule : model::rules_for(state, one.trigger)) {
      const model::Requirement* requirement = model::find_requirement(rule->requirement);
      const std::string level(requirement == nullptr ? "?" : to_string(requirement->level));
      const bool leads = moves(*rule, state) || rule->reply == Reply::as_other;
      text += row({first ? fmt::format("**{}**", one.id) : "", to_string(rule->reply),
                   leads ? next_state(*rule, state) : "", condition(*rule),
                   fmt::format("{} ({})", rule->requirement, level), remarks(*rule)});
      first = false;
    }
  }
  return text + "\n";
}

std::string state_by_state() {
  std::string text =
      "## State by state\n\n"
      "Where the second column stands alone the state stays. In brackets the requirement's level.\n\n";
  for (const State state : model::kAllStates) {
    text += fmt::format("### {}\n\n", to_string(state));
    if (model::kSynchronized.contains(state)) {
      text += fmt::format("![what leads out of {0}](model/{1}.svg)\n\n", to_string(state), file_name(state));
    }
    text += table_of(state);
  }
  return text;
}

}  // namespace

std::string model_page(std::string_view preface) {
  std::string text =
      "<!-- Made by tools/model from harness/model/rules_*.cpp and docs/model/preface.md; do not edit: ci/docs writes "
      "it. "
      "-->\n";
  text += preface;
  text += replies() + triggers() + axes();
  text +=
      "## From state to state\n\n![all states and what leads from one to another](model/states.svg)\n\n"
      "In the matrices below each line of a cell is one thing that is allowed, if what stands in brackets is so. Where "
      "there is "
      "no arrow the state stays; where there is nothing the trigger cannot come.\n\n";
  text += matrix("The synchronized half", kSynchronizedStates);
  text += matrix("The other states", kOtherStates);
  text += state_by_state();
  text.pop_back();  // one newline at the end, not two
  return text;
}

}  // namespace finwait::docs
