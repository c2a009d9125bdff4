// Is the target one stack? Each connection tells, through the oracle, what the target can have chosen on the axes where
// standards leave it a choice. All connections of a run must go together with one profile.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/model/axes.hpp"
#include "harness/run/observer.hpp"

namespace finwait::report {

class Consistency {
 public:
  /// One thing that some connections told about an axis.
  struct Told {
    model::Choices choices;  ///< of the axis
    int connections = 0;
    std::string example;  ///< the first case
  };
  struct Contradiction {
    model::Axis axis{};
    std::vector<Told> told;  ///< no choice is in all of them
  };

  /// What is asked of every connection alike; left out are those of cases that change the target's settings.
  void add(const run::CaseResult& result);

  /// What no connection speaks against, on each axis; none where they contradict each other.
  [[nodiscard]] model::Choices common() const { return common_; }
  /// Axes on which no single choice explains all connections.
  [[nodiscard]] std::vector<Contradiction> contradictions() const;
  /// The contradictions as lines of text, each with its end; empty when there is none.
  [[nodiscard]] std::string text() const;

 private:
  model::Choices common_ = model::Choices::all();
  std::map<model::Axis, std::vector<Told>> told_;
};

}  // namespace finwait::report
