// What detection has found out: axis by axis what the target declares, what it does, and whether that agrees.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/run/observer.hpp"

namespace finwait::report {

class Detection : public run::Observer {
 public:
  void run_started(const run::RunInfo& info) override;
  /// A case of detection is named after its axis: "detect/hardening".
  void case_finished(run::CaseResult& result) override;

  /// A block for each axis, and the [axes] of a profile.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::string json() const;

  /// Axes that contradict the declaration, or on which the target behaves like nothing there is.
  [[nodiscard]] int contradictions() const;
  /// Axes that could not be found out although the target can be asked.
  [[nodiscard]] int unknown() const;
  /// On this axis; empty when it was not found out.
  [[nodiscard]] model::Choices found(model::Axis axis) const;

 private:
  enum class State : std::uint8_t { agrees, contradicts, unsupported, unknown };
  struct Found {
    run::Verdict verdict{};
    std::string family;
    model::Choices behaves;
    std::string seen;  ///< or why there is nothing to say
    bool detected = false;
  };
  struct Row {
    State state = State::unknown;
    model::Choices declared, behaves;
    std::string probe, seen;
  };
  [[nodiscard]] Row row(const model::AxisInfo& axis) const;
  [[nodiscard]] int count(State state) const;

  std::string target_, finwait_, profile_;
  model::Choices declared_;
  std::map<model::Axis, std::vector<Found>> found_;  // by family
  std::map<model::Axis, std::string> probes_;
};

}  // namespace finwait::report
