// Verdicts and what stands behind one that is not PASS.
#pragma once

#include <cstdint>
#include <exception>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/model/profile.hpp"

namespace finwait::run {

enum class Verdict : std::uint8_t {
  pass,
  fail,          ///< something a standard prescribes was not so
  deviation,     ///< a SHOULD or MAY was not followed
  xfail,         ///< failed or deviated as an expectation file says, for the reason it says
  xpass,         ///< an expectation file says it fails, and it passed
  unsupported,   ///< the target or this machine lacks a capability
  inconclusive,  ///< the harness or the machine was too late to judge
  error,         ///< the case, the harness or the environment broke
};
/// "PASS", "FAIL", ... as reports write it.
std::string_view to_string(Verdict verdict);
/// The other way; nullopt when there is none of this name.
std::optional<Verdict> verdict_of(std::string_view name);

/// One thing the target could have done instead.
struct Alternative {
  std::string what;         ///< "F. seq 1 ack 1 len 0"
  std::string when;         ///< "within 0.100 s" ; may be empty
  std::string requirement;  ///< an id
};

/// Why a case did not pass.
struct Finding {
  enum class Kind : std::uint8_t { violation, inconclusive, error, unsupported };
  Kind kind = Kind::violation;
  std::string summary;  ///< one sentence
  std::vector<Alternative> allowed;
  std::string seen;
  std::string detail;    ///< more lines: a field-by-field comparison
  std::string violated;  ///< the requirement that the observed behaviour breaks; empty unless a violation
  const model::Figure* figure = nullptr;  ///< the profile's value by which it was judged; nullptr: by none
};

/// What a case of detection has found out about one axis.
struct Detected {
  model::Choices choices;
  std::string seen;  ///< one line
};

/// How long timers really took, by the value of the profile that they have.
using Measurements = std::map<const model::Figure*, std::vector<Duration>>;

/// Which of the two questions a violation answers.
enum class Basis : std::uint8_t {
  standard,    ///< the target does not follow the standard
  documented,  ///< it does not do what it documents, or the profile it is judged by
};
std::string_view to_string(Basis basis);
/// An RFC's requirement is the standard's, unless it was judged by a value of the profile that is not the standard's.
/// All others (POSIX, Linux, de facto) are what a stack says of its own API and settings.
Basis basis_of(const Finding& finding, const model::Profile& profile);

/// Thrown inside a case by what it awaits; unwinds the coroutine, which releases all it holds.
class CaseEnded : public std::exception {
 public:
  explicit CaseEnded(Finding finding) : finding_(std::move(finding)) {}
  [[nodiscard]] const Finding& finding() const { return finding_; }
  [[nodiscard]] const char* what() const noexcept override { return finding_.summary.c_str(); }

 private:
  Finding finding_;
};

}  // namespace finwait::run
