// finwait explain: what the model says about a requirement, a state, a trigger or a case, with sections.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "cases/catalogue.hpp"
#include "harness/model/requirement.hpp"
#include "harness/model/rule.hpp"
#include "tools/finwait/commands.hpp"

namespace finwait::tool {

namespace {

std::string cite(std::string_view id) {
  const auto* requirement = model::find_requirement(id);
  if (requirement == nullptr) return std::string(id);
  const std::string where = requirement->section.empty() ? "" : fmt::format(" {}", requirement->section);
  return fmt::format("{} ({}, {}{})", id, to_string(requirement->level), requirement->standard, where);
}

/// The codes of replies that were printed, to be said in words at the end.
class Codes {
 public:
  std::string_view use(model::Reply reply) {
    used_.insert(reply);
    return to_string(reply);
  }
  void explain() const {
    if (used_.empty()) return;
    fmt::print("\nthe replies:\n");
    for (const auto& reply : model::all_replies()) {
      if (needed(reply)) fmt::print("  {:<18}  {}\n", reply.code, reply.meaning);
    }
    fmt::print("A1 to A16 are places where the standard can be read in more than one way: docs/model.md\n");
  }

 private:
  // Used, or named by the words for one that is.
  [[nodiscard]] bool needed(const model::ReplyInfo& reply) const {
    if (used_.contains(reply.reply)) return true;
    return reply.code.size() > 3 && std::ranges::any_of(used_, [&](model::Reply used) {
             return model::all_replies()[static_cast<std::size_t>(used)].meaning.find(reply.code) != std::string::npos;
           });
  }
  std::set<model::Reply> used_;
};
Codes codes;

void print_row(const model::Rule& rule, model::State state) {
  const std::string when = model::condition(rule);
  fmt::print("    {}{} -> {}\n", when.empty() ? "" : "[" + when + "] ", codes.use(rule.reply),
             model::next_state(rule, state));
  fmt::print("      {}\n", cite(rule.requirement));
  if (!rule.note.empty()) fmt::print("      {}\n", rule.note);
  if (rule.standing == model::Standing::deviation) fmt::print("      seen in the field, and not allowed\n");
  if (rule.standing == model::Standing::flagged)
    fmt::print("      tolerated: the letter of a text, or a reading of it\n");
}

void print_cell(model::State state, const model::TriggerInfo& trigger) {
  const auto rows = model::rules_for(state, trigger.trigger);
  if (rows.empty()) return;
  fmt::print("  {}: {}\n", trigger.id, trigger.title);
  for (const model::Rule* rule : rows) print_row(*rule, state);
}

void explain_state(model::State state) {
  fmt::print("{}: what a target may do, at each trigger (reply -> next state)\n", to_string(state));
  for (const auto& trigger : model::all_triggers()) print_cell(state, trigger);
}

void explain_trigger(const model::TriggerInfo& trigger) {
  fmt::print("{}: {}\n  {}\n", trigger.id, trigger.title, trigger.source);
  for (const model::State state : model::kAllStates) {
    const auto rows = model::rules_for(state, trigger.trigger);
    if (rows.empty()) continue;
    fmt::print("  {}\n", to_string(state));
    for (const model::Rule* rule : rows) print_row(*rule, state);
  }
}

// Where the model rests on it.
void print_cells_of(std::string_view requirement) {
  for (const model::State state : model::kAllStates) {
    for (const auto& trigger : model::all_triggers()) {
      for (const model::Rule* rule : model::rules_for(state, trigger.trigger)) {
        if (rule->requirement != requirement) continue;
        const std::string when = model::condition(*rule);
        fmt::print("    {}, {}: {}{} -> {}\n", to_string(state), trigger.id, when.empty() ? "" : "[" + when + "] ",
                   codes.use(rule->reply), model::next_state(*rule, state));
      }
    }
  }
}

void explain_requirement(const model::Requirement& requirement, const std::vector<run::Instance>& all) {
  fmt::print("{}: {}, {} section {}\n  {}\n", requirement.id, to_string(requirement.level), requirement.standard,
             requirement.section, requirement.statement);
  fmt::print("  the model (state, trigger: reply -> next state):\n");
  print_cells_of(requirement.id);
  std::set<std::string> cases;
  for (const auto& instance : all) {
    const auto& covers = instance.definition->covers;
    if (std::ranges::find(covers, requirement.id) != covers.end()) cases.insert(instance.definition->id);
  }
  fmt::print("  cases{}\n", cases.empty() ? ": none yet" : ":");
  for (const auto& id : cases) fmt::print("    {}\n", id);
}

void explain_case(const run::Case& c) {
  fmt::print("{}\n  {}\n  {}:{}\n", c.id, c.title, c.file, c.line);
  for (const auto& id : c.covers) {
    const auto* requirement = model::find_requirement(id);
    fmt::print("  {}\n", cite(id));
    if (requirement != nullptr) fmt::print("    {}\n", requirement->statement);
    print_cells_of(id);
  }
}

}  // namespace

int explain(const ExplainArguments& arguments) {
  const std::string& what = arguments.what;
  const auto done = [] { return codes.explain(), kAsExpected; };
  if (const auto state = model::find_state(what)) return explain_state(*state), done();
  if (const auto trigger = model::find_trigger(what)) return explain_trigger(model::info(*trigger)), done();
  const auto all = run::instances(cases::catalogue());
  const auto requirements = model::requirements();
  const auto upper = [](std::string text) {
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return text;
  };
  for (const auto& requirement : requirements) {
    if (upper(std::string(requirement.id)) == upper(what)) return explain_requirement(requirement, all), done();
  }
  const auto chosen = run::select(all, {what}, {});
  if (!chosen) {
    return complain(kUsage, fmt::format("'{}' is no state (fin-wait-2), no trigger (rst-inwin), no requirement "
                                        "(RFC9293-MUST-13; 'finwait list --requirements') and selects no case",
                                        what));
  }
  const run::Case* last = nullptr;
  for (const auto& instance : *chosen) {
    if (instance.definition == last) continue;
    if (last != nullptr) fmt::print("\n");
    explain_case(*(last = instance.definition));
  }
  return done();
}

}  // namespace finwait::tool
