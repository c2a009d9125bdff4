#include "harness/run/verdict.hpp"

#include <algorithm>
#include <array>

#include "harness/model/requirement.hpp"

namespace finwait::run {

namespace {
constexpr std::array<std::string_view, 8> kNames{"PASS",  "FAIL",        "DEVIATION",    "XFAIL",
                                                 "XPASS", "UNSUPPORTED", "INCONCLUSIVE", "ERROR"};
}  // namespace

std::string_view to_string(Verdict verdict) { return kNames.at(static_cast<std::size_t>(verdict)); }

std::optional<Verdict> verdict_of(std::string_view name) {
  const auto* const found = std::ranges::find(kNames, name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Verdict>(found - kNames.begin());
}

std::string_view to_string(Basis basis) { return basis == Basis::standard ? "standard" : "documented"; }

Basis basis_of(const Finding& finding, const model::Profile& profile) {
  const auto* requirement = model::find_requirement(finding.violated);
  if (requirement != nullptr && !requirement->standard.starts_with("RFC")) return Basis::documented;
  const bool own = finding.figure != nullptr && !model::is_the_standards(profile, *finding.figure);
  return own ? Basis::documented : Basis::standard;
}

}  // namespace finwait::run
