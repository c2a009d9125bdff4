// Case: one scripted scenario with a stable id, and how cases are written down.
#pragma once

#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/engine/task.hpp"
#include "harness/target/target.hpp"
#include "harness/time.hpp"

namespace finwait::run {

class Scenario;

struct Case {
  std::string id;     ///< "release/active/four-segments"; the family is added for each instance
  std::string title;  ///< one line: what has to be so
  std::vector<std::string> covers;
  target::Capabilities needs{target::Capability::passive};
  std::vector<model::Choice> declared;         ///< what the profile has to say that the target has chosen
  Duration lasts = std::chrono::seconds(1);    ///< how long it takes; a case that runs far over it is stopped
  double time_waits = 0;                       ///< and so many times the target's TIME-WAIT
  std::map<std::string, std::string> sysctls;  ///< not empty: a sandbox of its own with these settings
  std::vector<wire::Family> families{wire::Family::ipv4, wire::Family::ipv6};
  std::function<Task<>(Scenario&)> body;
  bool crowded = false;  ///< it opens hundreds of connections
  bool scripted = true;  ///< false: it expects nothing itself; what comes is judged by the model alone
  const char* file = "";
  int line = 0;

  /// For a target whose TIME-WAIT lasts so long; on Linux a minute.
  [[nodiscard]] Duration takes(Duration two_msl = std::chrono::minutes(1)) const {
    return lasts + std::chrono::duration_cast<Duration>(two_msl * time_waits);
  }
  /// For virtual time: a run in real time leaves it out unless it is asked for.
  [[nodiscard]] bool slow() const { return crowded || takes() > std::chrono::minutes(3); }
};

// The words of a CASE's head, in any order.
struct Covers {
  std::vector<std::string> ids;
  void apply(Case& c) const { c.covers = ids; }
};
struct Needs {
  std::vector<target::Capability> what;
  void apply(Case& c) const { c.needs.insert(what.begin(), what.end()); }
};
/// It is about a target that has chosen so, by its profile; of another one nothing is asked.
struct Declared {
  std::vector<model::Choice> choices;
  void apply(Case& c) const { c.declared = choices; }
};
struct Lasts {
  Duration duration;
  double time_waits = 0;  ///< and so many times the target's TIME-WAIT
  void apply(Case& c) const { c.lasts = duration, c.time_waits = time_waits; }
};
struct OwnSandbox {
  std::map<std::string, std::string> sysctls;
  void apply(Case& c) const { c.sysctls = sysctls; }
};
/// It opens hundreds of connections.
struct Crowded {
  void apply(Case& c) const { c.crowded = true; }
};
/// There is no such thing in IPv6.
struct Ipv4Only {
  void apply(Case& c) const { c.families = {wire::Family::ipv4}; }
};
/// The model alone judges: what nothing has asked for is no failure by itself.
struct Unscripted {
  void apply(Case& c) const { c.scripted = false; }
};

template <class... Word>
Case make_case(Task<> (*body)(Scenario&), const char* file, int line, std::string id, std::string title,
               const Word&... words) {
  Case c;
  c.id = std::move(id);
  c.title = std::move(title);
  c.body = body;
  c.file = file;
  c.line = line;
  (words.apply(c), ...);
  return c;
}

/// The cases of one file. `FINWAIT_CHAPTER(release)` defines the function `release_chapter()` that returns them.
using Chapter = std::vector<Case>;
struct ChapterEntry {
  ChapterEntry(Chapter& chapter, Case c) { chapter.push_back(std::move(c)); }
};

}  // namespace finwait::run

#define FINWAIT_CHAPTER(name)                \
  static finwait::run::Chapter& chapter_() { \
    static finwait::run::Chapter cases;      \
    return cases;                            \
  }                                          \
  const finwait::run::Chapter& name##_chapter() { return chapter_(); }

/// CASE(name, "chapter/id", "title", Covers{{"RFC9293-MUST-13"}}, Needs{{...}}, Lasts{5s}) { ... co_await ...; }
#define CASE(name, id, title, ...)                                                             \
  static finwait::Task<> name(finwait::run::Scenario& s);                                      \
  static const finwait::run::ChapterEntry name##_entry_(                                       \
      chapter_(), finwait::run::make_case(&name, __FILE__, __LINE__, id, title, __VA_ARGS__)); \
  static finwait::Task<> name([[maybe_unused]] finwait::run::Scenario& s)
