// Every case can fail, and every defect of the fake TCP is found and named rightly: what is reported as broken is the
// requirement that the defect breaks. Three tables say so, made here and compared with what was found: docs/killers.md,
// who finds which defect, and docs/proof.md and proof-sweep.md, which defects each case finds. FINWAIT_UPDATE_GOLDEN=1
// writes them anew.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <span>
#include <sstream>

#include "cases/catalogue.hpp"
#include "harness/explore/sweep.hpp"
#include "harness/run/runner.hpp"
#include "harness/testing/fake_target.hpp"

namespace finwait {
namespace {

using run::Verdict;

/// The cases that fail, by what they say is broken.
class Finds : public run::Observer {
 public:
  void case_finished(run::CaseResult& result) override {
    const bool found = result.verdict == Verdict::fail || result.verdict == Verdict::deviation;
    if (found) by_requirement[result.finding->violated].insert(result.instance->id);
    if (found) cases.insert(result.instance->definition->id);
    // A target so broken that it cannot open a connection gives ERROR: no verdict on what the case is about.
    const bool opened = !result.finding || !result.finding->summary.starts_with("the connection could not be opened");
    const bool told = found || result.verdict == Verdict::pass || result.verdict == Verdict::unsupported;
    if (!told && opened) strange.push_back(result.instance->id + " is " + std::string(to_string(result.verdict)));
  }
  std::map<std::string, std::set<std::string>> by_requirement;
  std::set<std::string> cases;
  std::vector<std::string> strange;
};

void play(const run::Catalogue& catalogue, testing::Defect defect, Finds& finds, bool slow_ones = false) {
  testing::FakeLab lab(testing::Defects{defect});
  run::Runner runner(lab, {}, {&finds}, {});
  auto plan = run::instances(catalogue);
  std::erase_if(plan, [&](const auto& instance) { return instance.definition->slow() != slow_ones; });
  ASSERT_TRUE(runner.run(plan, {}));
}

/// What the slow cases are proven by; those with 200 connections take their time.
const std::set<std::string_view> kOfSlowCases{
    "fin-never-gives-up", "fin-gives-up-early",   "syn-gives-up-early",
    "data-no-backoff",    "time-wait-half",       "keepalive-default-too-short",
    "probe-missing",      "orphan-leaves-early",  "ts-recent-never-outdated",
    "probe-extra",        "zero-window-gives-up", "time-wait-not-restarted",
};

/// The file says what was found, or is written anew.
void keep(const std::string& name, const std::string& text) {
  const std::string file = FINWAIT_SOURCE_DIR "/docs/" + name;
  if (std::getenv("FINWAIT_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(file) << text;
    return;
  }
  std::stringstream kept;
  kept << std::ifstream(file).rdbuf();
  EXPECT_EQ(kept.str(), text) << "docs/" << name << " is not fresh";
}

std::string proof_of(const std::map<std::string, std::vector<std::string_view>>& proven) {
  constexpr std::size_t kShown = 4;
  std::string table =
      "<!-- Made by finwait_killers with FINWAIT_UPDATE_GOLDEN=1 -->\n"
      "# Which defects each case finds\n\n"
      "Every case of the catalogue has failed on each of these defects of the fake TCP (docs/killers.md says what they "
      "are):\nnone is here that cannot fail. For the sweep's, see proof-sweep.md.\n\n"
      "| case | found | such as |\n|---|---|---|\n";
  for (const run::Chapter* chapter : cases::catalogue()) {
    for (const run::Case& c : *chapter) {
      const auto found = proven.find(c.id);
      EXPECT_NE(found, proven.end()) << c.id << " fails on no defect";
      if (found == proven.end()) continue;
      const auto& all = found->second;
      const auto some = std::span(all).first(std::min(all.size(), kShown));
      table += fmt::format("| {} | {} | {} |\n", c.id, all.size(), fmt::join(some, ", "));
    }
  }
  return table;
}

TEST(Killers, EveryDefectIsFoundAndNamedAndEveryCaseFindsOne) {
  std::string table =
      "<!-- Made by finwait_killers with FINWAIT_UPDATE_GOLDEN=1 -->\n"
      "# What finds which defect\n\n"
      "Each defect of the fake TCP (harness/testing/fake_defects.cpp), what it breaks, and a case that fails on it and "
      "says "
      "so.\nFound counts the instances that do, in the catalogue or, where that has none, in the sweep.\n\n"
      "| defect | it breaks | found | by |\n|---|---|---|---|\n";
  std::map<std::string, std::vector<std::string_view>> proven;
  for (const auto& defect : testing::all_defects()) {
    Finds finds;
    play(cases::catalogue(), defect.defect, finds);
    const std::string wanted(defect.requirement);
    const bool of_slow = kOfSlowCases.contains(defect.name);
    if (of_slow) play(cases::catalogue(), defect.defect, finds, true);
    for (const auto& id : finds.cases) proven[id].push_back(defect.name);
    EXPECT_TRUE(finds.strange.empty()) << defect.name << ": " << fmt::format("{}", fmt::join(finds.strange, ", "));
    if (!finds.by_requirement.contains(wanted)) play({&explore::sweep_chapter()}, defect.defect, finds);
    if (!finds.by_requirement.contains(wanted) && !of_slow) play(cases::catalogue(), defect.defect, finds, true);
    EXPECT_TRUE(finds.by_requirement.contains(wanted))
        << defect.name << ": " << defect.description << "; what was named: " << fmt::format("{}", finds.by_requirement);
    const auto& by = finds.by_requirement[wanted];
    table += fmt::format("| {}: {} | {} | {} | {} |\n", defect.name, defect.description, wanted, by.size(),
                         by.empty() ? "nothing yet" : "`" + *by.begin() + "`");
  }
  keep("killers.md", table);
  keep("proof.md", proof_of(proven));
}

// Enough to make each cell of the sweep fail: as many as can be that break few cells, and the last two for the rest.
const std::set<std::string_view> kOfSweep{"syn-silent",
                                          "first-rto-tripled",
                                          "half-close-recv-eof",
                                          "time-wait-missing-after-closing",
                                          "fin-retransmitted-after-ack",
                                          "rst-answered-with-rst",
                                          "closed-silent",
                                          "last-ack-ended-by-any-ack",
                                          "rst-outside-acked",
                                          "too-old-ack-silent",
                                          "data-after-close-acked",
                                          "future-ack-silent",
                                          "time-wait-reopens-low-iss",
                                          "text-after-fin-delivered",
                                          "fin-without-ack-taken",
                                          "paws-silent",
                                          "rst-in-window-silent",
                                          "abort-rst-wrong-ack",
                                          "data-ack-late",
                                          "text-beyond-window-taken",
                                          "dup-fin-time-wait-advances",
                                          "fin-above-gap-taken",
                                          "missing-timestamp-resets",
                                          "close-wait-cannot-send",
                                          "fin-with-ack-goes-to-closing",
                                          "abort-late-sends-rst",
                                          "interval-doubled",
                                          "time-wait-ends-with-segment",
                                          "icmp-soft-aborts",
                                          "icmp-source-quench-resets",
                                          "text-above-gap-taken",
                                          "dup-fin-last-ack-advances",
                                          "eof-before-data",
                                          "time-wait-reopens-any-seq",
                                          "time-wait-reopens-older-timestamp",
                                          "dup-fin-close-wait-advances",
                                          "peer-probe-octet-delivered",
                                          "second-fin-after-close",
                                          "syn-received-bad-ack-silent",
                                          "syn-received-bare-fin-taken",
                                          "syn-received-syn-resets",
                                          "fin-before-queued-data",
                                          "send-after-shutdown",
                                          "shutdown-rd-sends-fin",
                                          "simultaneous-open-broken",
                                          "listen-answers-bare-fin",
                                          "listen-answers-rst",
                                          "fin-beyond-window-taken",
                                          "icmp-hard-ignored",
                                          "syn-ack-not-retransmitted",
                                          "syn-received-fin-lost",
                                          "fin-ack-off-by-one",
                                          "closed-rst-with-ack"};

/// "sweep/STATE/TRIGGER"
std::string row_of(const std::string& id) {
  const auto state = id.find('/'), trigger = id.find('/', state + 1);
  return id.substr(0, id.find('/', trigger + 1));
}

TEST(Killers, EveryCellOfTheSweepFindsADefect) {
  std::map<std::string, std::set<std::string_view>> proven;
  for (const auto& defect : testing::all_defects()) {
    if (!kOfSweep.contains(defect.name)) continue;
    Finds finds;
    play({&explore::sweep_chapter()}, defect.defect, finds);
    for (const auto& id : finds.cases) proven[id].insert(defect.name);
  }
  struct Row {
    int cells = 0;
    std::set<std::string_view> defects;
  };
  std::map<std::string, Row> rows;
  for (const run::Case& c : explore::sweep_chapter()) {
    EXPECT_TRUE(proven.contains(c.id)) << c.id << " fails on no defect";
    Row& row = rows[row_of(c.id)];
    row.cells++;
    row.defects.insert(proven[c.id].begin(), proven[c.id].end());
  }
  std::string table = fmt::format(
      "<!-- Made by finwait_killers with FINWAIT_UPDATE_GOLDEN=1 -->\n"
      "# Which defects the sweep's cells find\n\n"
      "Each of the sweep's {} cells has failed on at least one of {} defects of the fake TCP: none is there that "
      "cannot "
      "fail. By\nstate and trigger, how many cells there are, and some of the defects that they find.\n\n"
      "| state and trigger | cells | such as |\n|---|---|---|\n",
      explore::sweep_chapter().size(), kOfSweep.size());
  constexpr std::size_t kShown = 3;
  for (const auto& [name, row] : rows) {
    std::vector<std::string_view> some(row.defects.begin(), row.defects.end());
    some.resize(std::min(some.size(), kShown));
    table += fmt::format("| {} | {} | {} |\n", name, row.cells, fmt::join(some, ", "));
  }
  keep("proof-sweep.md", table);
}

}  // namespace
}  // namespace finwait
