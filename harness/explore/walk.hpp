// Random walks: random actions from a fresh connection on, judged by the model. A walk is made before it is played and
// from its seed alone, so that the same seed is the same walk on every target and every clock.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/explore/script.hpp"
#include "harness/explore/shrink.hpp"
#include "harness/run/runner.hpp"

namespace finwait::explore {

/// Which walk: the same three numbers, the same actions. Of two that differ only in `steps` one is the other's
/// beginning.
struct WalkId {
  std::uint64_t seed = 1;
  std::size_t steps = 20;
  std::size_t number = 0;
  bool operator==(const WalkId&) const = default;
};
/// "walk/7/20/12".
std::string to_string(const WalkId& id);
/// The other way round, also with a family at its end; nullopt when it is something else.
std::optional<WalkId> parse_walk_id(std::string_view text);

Script random_script(const WalkId& id);
/// A script as a case that is judged by the model alone.
run::Case walk_case(Script script, std::string id);

/// What came of a script.
struct Outcome {
  run::Verdict verdict = run::Verdict::error;
  std::string requirement;  ///< what it breaks
  std::string summary;
  bool operator==(const Outcome&) const = default;
  /// The model does not explain it.
  [[nodiscard]] bool violated() const { return verdict == run::Verdict::fail || verdict == run::Verdict::deviation; }
};

/// Plays scripts side by side, each on a connection of its own, under one id and so with the same numbers. Fewer come
/// back than were asked for when it was interrupted, or could not be done at all.
std::vector<Outcome> play_all(target::Lab& lab, const std::vector<Script>& scripts, const std::string& id,
                              const run::RunOptions& options, const std::vector<run::Observer*>& observers = {});

/// One thing that the model does not explain, and the walks that have shown it.
struct WalkFinding {
  Outcome outcome;
  std::vector<WalkId> walks;
};
/// By what they break and how; those that most walks have shown first.
std::vector<WalkFinding> group_findings(const std::vector<std::pair<WalkId, Outcome>>& failed);

/// The least that breaks the same requirement as this walk does, found by playing it over and over. nullopt when it
/// does not fail again by itself. `tell` is called with how often it has been played, before it is played again.
std::optional<Shrunk> shrink_walk(
    target::Lab& lab, const WalkId& id, const Outcome& outcome, const run::RunOptions& options,
    const std::function<void(std::size_t played)>& tell = [](std::size_t) {});

}  // namespace finwait::explore
