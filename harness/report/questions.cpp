#include "harness/report/questions.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace finwait::report {

namespace {

// "1 case", "2 cases"
std::string counted(int count) { return fmt::format("{} case{}", count, count == 1 ? "" : "s"); }

}  // namespace

void Questions::started(const run::RunInfo& info) {
  if (info.profile == nullptr) return;
  profile_ = info.profile->name;
  own_ = info.own_profile;
  values_ = model::compare(*info.profile);
}

void Questions::add(const run::CaseResult& result) {
  consistency_.add(result);
  // Another number than a textbook's breaks neither the standard nor what the target documents.
  const auto textbook = [](std::string_view id) { return id.starts_with("TEXTBOOK-"); };
  const bool violation = result.finding && !result.finding->violated.empty() && !textbook(result.finding->violated);
  const bool about_values = violation && result.finding->figure != nullptr;
  const bool documented = violation && (about_values || result.basis == run::Basis::documented);
  for (const auto* figure : result.figures) figures_.insert(figure->name);
  if (!result.figures.empty() || documented) on_documented_++;
  if (documented) {
    against_documented_++;
    against_documented_ids_.insert(about_values ? std::string(result.finding->figure->name) : result.finding->violated);
  }
  if (violation && result.basis == run::Basis::standard) {
    against_standard_++;
    broken_.insert(result.finding->violated);
  }
}

std::vector<std::string> Questions::broken(model::Level level) const {
  std::vector<std::string> ids;
  for (const auto& id : broken_) {
    const auto* requirement = model::find_requirement(id);
    if ((requirement == nullptr ? model::Level::must : requirement->level) == level) ids.push_back(id);
  }
  return ids;
}

std::string Questions::standard_text() const {
  std::vector<std::string> parts;
  for (const auto level : {model::Level::must, model::Level::should, model::Level::may}) {
    const auto ids = broken(level);
    if (!ids.empty()) {
      parts.push_back(fmt::format("{} {} not followed ({})", ids.size(), to_string(level), fmt::join(ids, ", ")));
    }
  }
  if (parts.empty()) return "standard: no violation seen\n";
  return fmt::format("standard: {}, in {}\n", fmt::join(parts, ", "), counted(against_standard_));
}

std::string Questions::differing_text() const {
  std::vector<std::string> parts;
  for (const auto& one : values_) {
    if (one.conformity != model::Conformity::differs) continue;
    parts.push_back(fmt::format("{} {} (standard: {})", one.figure->name, one.value, one.asked));
  }
  if (parts.empty()) return {};
  return fmt::format("  documented otherwise by {}: {}\n", profile_, fmt::join(parts, ", "));
}

std::string Questions::documented_text() const {
  const std::string whose = own_ ? "own documented values" : "values of the profile " + profile_;
  if (on_documented_ == 0) return whose + ": no case here rests on one\n";
  const std::string what = figures_.empty() ? "" : fmt::format(" ({})", fmt::join(figures_, ", "));
  const std::string rest =
      fmt::format("{}: {} rest{} on them{}", whose, counted(on_documented_), on_documented_ == 1 ? "s" : "", what);
  if (against_documented_ == 0) return rest + ", all kept\n";
  return fmt::format("{}, {} not kept: {}\n", rest, against_documented_, fmt::join(against_documented_ids_, ", "));
}

std::string Questions::text() const {
  return standard_text() + differing_text() + documented_text() + consistency_.text();
}

}  // namespace finwait::report
