#include "harness/model/rule.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "harness/model/requirement.hpp"

namespace finwait::model {
namespace {

using testing::IsEmpty;

// --- The table against the one that was drawn up from the RFCs -----------------------------------------------------

constexpr StateSet kConnected{State::established, State::fin_wait_1, State::fin_wait_2,
                              State::close_wait,  State::closing,    State::last_ack};

// Rows that the table does not have, and why there are.
struct Extra {
  std::string_view trigger;
  StateSet states;
  std::string_view condition, reply, next;  ///< next empty: the same state
};
// clang-format off
const std::vector<Extra> kBeyondTheTable{
    // The trigger is ours.
    {"NEW-ACK", {State::syn_received}, "ACK completes the handshake", "-", "ESTABLISHED"},
    {"NEW-ACK", {State::established, State::fin_wait_1, State::close_wait, State::closing, State::last_ack}, "-", "-", ""},
    // How a connection begins; the table is of how it ends.
    {"OPEN", {State::closed}, "passive", "-", "LISTEN"},
    {"OPEN", {State::closed}, "active", "SYN", "SYN-SENT"},
    // SO_LINGER {1, 0} is an abort wherever an abort sends something.
    {"CLOSE", {State::syn_received, State::fin_wait_1, State::fin_wait_2, State::close_wait}, "linger 0", "RSTn", "CLOSED"},
    {"CLOSE", {State::syn_received, State::fin_wait_1, State::fin_wait_2, State::close_wait}, "linger 0, flagged", "RSTn", "TIME-WAIT"},
    // Text that an orphan refuses need not be in order.
    {"OOO",      {State::fin_wait_1, State::fin_wait_2}, "close=half-duplex, orphan", "RSTa-or-RSTn", "CLOSED"},
    {"FIN-OOO",  {State::fin_wait_1, State::fin_wait_2}, "close=half-duplex, orphan", "RSTa-or-RSTn", "CLOSED"},
    {"FIN-EDGE", {State::fin_wait_1, State::fin_wait_2}, "close=half-duplex, orphan", "RSTa-or-RSTn", "CLOSED"},
    // RFC9293-3.10.7.4-FIN-LA names it.
    {"DUPFIN", {State::last_ack}, "-", "RTX", ""},
    // A probe is outside the window in SYN-RECEIVED, too.
    {"KAPROBE", {State::syn_received}, "-", "ACKn", ""},
    // 3.5.2 group 2 looks at the ACK, 3.10.7.4 at the SEQ first; both can be read there.
    {"OTW",     {State::syn_received}, "no ACK or an unacceptable one, flagged", "RSTa", ""},
    {"KAPROBE", {State::syn_received}, "no ACK or an unacceptable one, flagged", "RSTa", ""},
    // Linux since 6.8 refuses the ACK of what was never sent, however little below SND.UNA.
    {"TOOOLD-ACK", kConnected, "ack-range=sent", "CHAL", ""},
    // Simultaneous open (RFC 9293 3.5, figure 7), and a SYN in SYN-RECEIVED.
    {"SYN-INWIN",   {State::syn_sent},     "-", "S|A", "SYN-RECEIVED"},
    {"SYN-INWIN",   {State::syn_received}, "hardening=rfc793, active", "RST", "CLOSED"},
    {"SYN-OTW-LOW", {State::syn_received}, "-", "S|A RTX", ""},
    {"SYNACK",      {State::syn_received}, "ACK completes the handshake", "-/ACKn", "ESTABLISHED"},
    {"SYNACK",      {State::syn_received}, "-", "CHAL", ""},
    // A second close() of the application, as in FIN-WAIT: unread text is lost there, too (SHLD-3).
    {"CLOSE", {State::closing, State::last_ack}, "close=half-duplex, unread text", "RSTn", "CLOSED"},
    // The FIN waits behind text that the peer's window holds back: the peer still has something to learn.
    {"ABORT", {State::closing, State::last_ack}, "FIN queued", "RSTn", "CLOSED"},
    // Timestamps change nothing for a stack without RFC 5961.
    {"SYN-TS-NEWER",      kConnected, "hardening=rfc793", "as other", "as judged"},
    {"SYN-TS-EQUAL",      kConnected, "hardening=rfc793", "as other", "as judged"},
    {"SYN-NOTS-AFTER-TS", kConnected, "hardening=rfc793", "as other", "as judged"},
    {"SYN-TS-AFTER-NOTS", kConnected, "hardening=rfc793", "as other", "as judged"},
    // Who goes by the sequence number goes by it without timestamps, too.
    {"SYN-NOTS-AFTER-TS", {State::time_wait}, "syn-in-time-wait=by-seq, SEQ > last", "S|A (ISN>old S)", "SYN-RECEIVED"},
    // The axis has two values.
    {"T-FW2", {State::fin_wait_2}, "orphan-fin-wait-2=none, orphan", "must not fire", ""},
};
// clang-format on

std::string line(std::string_view trigger, State state, std::string_view condition, std::string_view reply,
                 std::string_view next) {
  std::string text;
  for (const auto part : {trigger, to_string(state), condition.empty() ? "-" : condition, reply}) {
    text += part;
    text += '\t';
  }
  return text += next.empty() ? to_string(state) : next;
}

std::multiset<std::string> our_lines() {
  std::multiset<std::string> lines;
  for (const Rule& rule : rules()) {
    for (const State state : kAllStates) {
      if (!rule.states.contains(state)) continue;
      lines.insert(
          line(to_string(rule.trigger), state, condition(rule), to_string(rule.reply), next_state(rule, state)));
    }
  }
  return lines;
}

std::multiset<std::string> table_lines() {
  std::ifstream file(FINWAIT_SOURCE_DIR "/harness/model/testdata/cells.tsv");
  std::multiset<std::string> lines;
  for (std::string text; std::getline(file, text);) {
    if (!text.empty() && text.front() != '#') lines.insert(text);
  }
  return lines;
}

std::multiset<std::string> extra_lines() {
  std::multiset<std::string> lines;
  for (const Extra& extra : kBeyondTheTable) {
    for (const State state : kAllStates) {
      if (extra.states.contains(state))
        lines.insert(line(extra.trigger, state, extra.condition, extra.reply, extra.next));
    }
  }
  return lines;
}

std::vector<std::string> without(const std::multiset<std::string>& some, const std::multiset<std::string>& others) {
  std::vector<std::string> left;
  std::ranges::set_difference(some, others, std::back_inserter(left));
  return left;
}

TEST(Rules, AreTheTableDrawnUpFromTheStandardsAndTheRowsListedHere) {
  const auto ours = our_lines();
  auto theirs = table_lines();
  ASSERT_GT(theirs.size(), 500U) << "testdata/cells.tsv is not there, or not all of it";
  theirs.merge(extra_lines());
  EXPECT_THAT(without(theirs, ours), IsEmpty()) << "rows that are missing";
  EXPECT_THAT(without(ours, theirs), IsEmpty()) << "rows that are neither in cells.tsv nor listed here";
}

TEST(Rules, AreNeverTheSameTwiceInOneCell) {
  const auto lines = our_lines();
  for (const std::string& text : lines) EXPECT_EQ(lines.count(text), 1U) << text;
}

TEST(Rules, HaveRowsForEveryTriggerAndPossibleCellAndNoOthers) {
  std::set<std::pair<std::string, std::string>> possible;
  for (const auto& lines : {table_lines(), extra_lines()}) {
    for (const std::string& text : lines) {
      const auto first = text.find('\t');
      possible.emplace(text.substr(0, first), text.substr(first + 1, text.find('\t', first + 1) - first - 1));
    }
  }
  std::set<Trigger> with_rows;
  for (const TriggerInfo& one : all_triggers()) {
    for (const State state : kAllStates) {
      const auto cell = rules_for(state, one.trigger);
      EXPECT_EQ(!cell.empty(), possible.contains({std::string(one.id), std::string(to_string(state))}))
          << one.id << " in " << to_string(state);
      if (!cell.empty()) with_rows.insert(one.trigger);
      for (const Rule* rule : cell) {
        EXPECT_EQ(rule->trigger, one.trigger);
        EXPECT_TRUE(rule->states.contains(state));
      }
    }
  }
  EXPECT_EQ(with_rows.size(), kTriggerCount);
}

TEST(Rules, NameRequirementsThatExist) {
  for (const Rule& rule : rules()) {
    EXPECT_NE(find_requirement(rule.requirement), nullptr) << to_string(rule.trigger) << ": " << rule.requirement;
  }
}

TEST(Rules, RestartTwoMslInTimeWaitOnlyAndHaveToForTheFinOnly) {
  for (const Rule& rule : rules()) {
    if (rule.two_msl == Restart::no) continue;
    EXPECT_EQ(rule.states, StateSet{State::time_wait}) << to_string(rule.trigger);
    EXPECT_FALSE(rule.next.has_value()) << to_string(rule.trigger);
    EXPECT_EQ(rule.two_msl == Restart::must, rule.trigger == Trigger::dup_fin) << to_string(rule.trigger);
  }
}

// --- Every cell says something, whatever the stack has chosen and however the connection stands ---------------------

// How a connection stands, as far as rows ask.
enum Fact : unsigned {
  queued = 1U << 0U,
  unread = 1U << 1U,
  linger = 1U << 2U,
  nobody = 1U << 3U,
  opened = 1U << 4U,
  completes = 1U << 5U,
  acceptable = 1U << 6U,
  covers = 1U << 7U,
  after = 1U << 8U,
  inside = 1U << 9U,
  aged = 1U << 10U,
  reopened = 1U << 11U,
  closing_waits = 1U << 12U,
};

struct Asked {
  unsigned facts, values;
};

// What a situation asks about, and what it has to be.
Asked asked(Situation situation) {
  switch (situation) {
    case Situation::always:
      return {0, 0};
    case Situation::nothing_queued:
      return {queued, 0};
    case Situation::text_queued:
      return {queued, queued};
    case Situation::fin_queued:
      return {closing_waits, closing_waits};
    case Situation::unread_text:
      return {unread | linger, unread};
    case Situation::no_unread_text:
      return {unread | linger, 0};
    case Situation::linger_zero:
      return {linger, linger};
    case Situation::orphan:
      return {nobody, nobody};
    case Situation::held:
      return {nobody, 0};
    case Situation::passive:
      return {opened, 0};
    case Situation::active:
      return {opened, opened};
    case Situation::completes_handshake:
      return {completes, completes};
    case Situation::ack_acceptable:
      return {acceptable, acceptable};
    case Situation::ack_unacceptable:
      return {acceptable, 0};
    case Situation::acks_fin:
      return {covers, covers};
    case Situation::acks_no_fin:
      return {covers, 0};
    case Situation::held_acks_fin:
      return {nobody | covers, covers};
    case Situation::held_acks_no_fin:
      return {nobody | covers, 0};
    case Situation::after_last_seq:
      return {after, after};
    case Situation::not_after_last_seq:
      return {after, 0};
    case Situation::in_window:
      return {inside, inside};
    case Situation::outside_window:
      return {inside, 0};
    case Situation::young:
      return {aged, 0};
    case Situation::old:
      return {aged, aged};
    case Situation::from_time_wait:
      return {reopened, reopened};
  }
  return {0, 0};
}

// Facts that the trigger itself settles: otherwise the segment would be of another class.
Asked settled(State state, Trigger trigger) {
  if (trigger == Trigger::syn_in_window) return {after | inside, after | inside};
  if (trigger == Trigger::syn_above) return {after | inside, after};
  if (trigger == Trigger::syn_below) return {after | inside, 0};
  if (trigger == Trigger::syn_old_duplicate) return {reopened, reopened};
  if (state == State::syn_received && trigger != Trigger::syn_ack) return {completes, completes};
  if (state == State::syn_sent && trigger == Trigger::syn_ack) return {acceptable, acceptable};
  return {0, 0};
}

// These cannot come where timestamps are not negotiated.
constexpr std::array kWithTimestamps{Trigger::missing_ts, Trigger::syn_ts_newer, Trigger::syn_ts_equal,
                                     Trigger::syn_ts_older, Trigger::syn_no_ts};

// All full assignments of the axes that these rows ask about; on the others everything is open.
std::vector<Choices> assignments(std::span<const Rule* const> cell) {
  std::vector<Choices> all{Choices::all()};
  for (const AxisInfo& axis : all_axes()) {
    const Choices mask = Choices::of(axis.axis);
    if (std::ranges::none_of(cell, [&](const Rule* rule) { return !(rule->choice & mask).empty(); })) continue;
    std::vector<Choices> finer;
    for (const Choices some : all) {
      for (const ChoiceInfo& one : all_choices()) {
        if (one.axis == axis.axis) finer.push_back(*some.narrowed({one.choice}));
      }
    }
    all = std::move(finer);
  }
  return all;
}

bool applies(const Rule& rule, Choices choices, unsigned facts) {
  const Asked what = asked(rule.situation);
  return choices.narrowed(rule.choice) && (facts & what.facts) == what.values;
}

// Calls `visit` for each combination of facts that these rows can tell apart and the trigger can come with.
void for_each_situation(State state, Trigger trigger, const std::function<void(unsigned)>& visit) {
  unsigned relevant = 0;
  for (const Rule* rule : rules_for(state, trigger)) relevant |= asked(rule->situation).facts;
  const Asked fixed = settled(state, trigger);
  for (unsigned facts = 0; facts <= relevant; ++facts) {
    if ((facts & ~relevant) == 0 && ((facts ^ fixed.values) & fixed.facts & relevant) == 0) visit(facts);
  }
}

TEST(Rules, AllowSomethingWhateverTheChoicesAndTheSituation) {
  for (const TriggerInfo& one : all_triggers()) {
    for (const State state : kAllStates) {
      const auto cell = rules_for(state, one.trigger);
      if (cell.empty()) continue;
      for (const Choices choices : assignments(cell)) {
        const bool without = !choices.narrowed({Choice::ts_strict, Choice::ts_lenient}).has_value();
        if (without && std::ranges::find(kWithTimestamps, one.trigger) != kWithTimestamps.end()) continue;
        for_each_situation(state, one.trigger, [&](unsigned facts) {
          EXPECT_TRUE(std::ranges::any_of(cell,
                                          [&](const Rule* rule) {
                                            return rule->standing != Standing::deviation &&
                                                   applies(*rule, choices, facts);
                                          }))
              << one.id << " in " << to_string(state) << " with " << choices.to_string() << ", facts " << facts;
        });
      }
    }
  }
}

// The replies that are allowed.
std::set<Reply> replies(State state, Trigger trigger, Choice choice, unsigned facts) {
  std::set<Reply> all;
  for (const Rule* rule : rules_for(state, trigger)) {
    if (applies(*rule, *Choices::all().narrowed({choice}), facts)) all.insert(rule->reply);
  }
  return all;
}

TEST(Rules, LetExactlyHalfDuplexCloseRefuseTextForAnOrphan) {
  using testing::ElementsAre;
  for (const State state : {State::fin_wait_1, State::fin_wait_2}) {
    for (const Trigger trigger : {Trigger::data, Trigger::data_fin}) {
      const Reply taken = trigger == Trigger::data ? Reply::ack_soon : Reply::ack_at_once;
      EXPECT_THAT(replies(state, trigger, Choice::half_duplex_close, nobody), ElementsAre(Reply::rst_for_ack_or_now));
      EXPECT_THAT(replies(state, trigger, Choice::simplex_close, nobody), ElementsAre(taken));
      EXPECT_THAT(replies(state, trigger, Choice::half_duplex_close, 0), ElementsAre(taken));
    }
  }
  for (const State state : {State::established, State::close_wait}) {
    EXPECT_THAT(replies(state, Trigger::close, Choice::half_duplex_close, unread), ElementsAre(Reply::rst_now));
    EXPECT_THAT(replies(state, Trigger::close, Choice::simplex_close, unread), ElementsAre(Reply::fin));
    EXPECT_THAT(replies(state, Trigger::close, Choice::half_duplex_close, 0), ElementsAre(Reply::fin));
  }
}

// --- Names
// ------------------------------------------------------------------------------------------------------------

TEST(Triggers, AreFoundByIdInUpperAndLowerCase) {
  for (const TriggerInfo& one : all_triggers()) EXPECT_EQ(find_trigger(one.id), one.trigger);
  EXPECT_EQ(find_trigger("rst-exact"), Trigger::rst_exact);
  EXPECT_EQ(find_trigger("rst"), std::nullopt);
}

TEST(Rules, AreWrittenAsTheDocumentationHasThem) {
  const Rule rule{Trigger::rst_in_window, {State::time_wait}, {Choice::rfc793, Choice::tw_rst_deletes}, Situation::old};
  EXPECT_EQ(condition(rule), "hardening=rfc793, rst-in-time-wait=delete, TIME-WAIT >= 2 s");
  EXPECT_EQ(condition(Rule{}), "");
  EXPECT_EQ(to_string(Reply::ignore), "ignore");
  EXPECT_EQ(to_string(Reply::as_other), "as other");
  EXPECT_EQ(to_string(Situation::from_time_wait), "entered from TIME-WAIT");
}

}  // namespace
}  // namespace finwait::model
