// What the reports write, held against golden files: harness/report/golden/. After a wanted change:
//   FINWAIT_UPDATE_GOLDEN=1 finwait_unit_tests --gtest_filter='Report.*'
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "cases/steps.hpp"
#include "harness/report/captures.hpp"
#include "harness/report/console.hpp"
#include "harness/report/json.hpp"
#include "harness/report/ladder.hpp"
#include "harness/run/runner.hpp"
#include "harness/testing/fake_target.hpp"

namespace finwait::report {
namespace {

using ::testing::HasSubstr;

std::string read(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

void expect_golden(const std::string& name, const std::string& actual) {
  const auto file = std::filesystem::path(__FILE__).parent_path() / "golden" / name;
  if (std::getenv("FINWAIT_UPDATE_GOLDEN") != nullptr) std::ofstream(file) << actual;
  EXPECT_EQ(read(file), actual) << "see the head of " << __FILE__;
}

run::Case make(const char* id, const char* title, const char* requirement, Task<> (*body)(Scenario&)) {
  run::Case c;
  c.id = id;
  c.title = title;
  c.covers = {requirement};
  c.families = {wire::Family::ipv4};
  c.body = body;
  return c;
}

/// One case for each kind of report line: passes, wrong segment, silence, known deviation, missing capability, error.
run::Chapter chapter() {
  run::Chapter cases{
      make("test/passes", "a release by the peer", "RFC9293-3.10.7.4-LA-ACKFIN",
           [](Scenario& s) -> Task<> {
             auto [peer, app] = co_await s.established();
             co_await last_ack(peer, app);
             peer.send(ack());
             for (const Duration took : {75s, 77s, 76s}) {
               s.measured(model::find_figure("keepalive-interval"), {took, took + 2ms});
             }
           }),
      make("test/wrong-segment", "a FIN where a reset is asked for", "RFC9293-3.10.5-ABORT-SYNC",
           [](Scenario& s) -> Task<> {
             auto [peer, app] = co_await s.established();
             app.close();
             co_await peer.expect(rst(), within(kAtOnce));
           }),
      make("test/silence", "a probe that does not come", "RFC9293-MUST-27",
           [](Scenario& s) -> Task<> {
             auto [peer, app] = co_await s.established();
             co_await peer.expect(ack().seq(peer.rcv_nxt() - 1), s.timer(2s));
           }),
      make("test/known", "a deviation that is known", "RFC6298-2.4",
           [](Scenario& s) -> Task<> {
             [[maybe_unused]] const auto connection = co_await s.established();
             s.fail("the timer is short", "at least 1 s", "0.2 s");
           }),
      make("test/unsupported", "needs what the target cannot", "RFC9293-MUST-13",
           [](Scenario&) -> Task<> { co_return; }),
      make("test/error", "a bug in a case", "RFC9293-MUST-13",
           [](Scenario& s) -> Task<> {
             co_await s.pause(1s);
             throw std::logic_error("oh");
           }),
  };
  return cases;
}

/// A fake target that cannot abort.
class LesserTarget : public testing::FakeTarget {
 public:
  explicit LesserTarget(engine::VirtualTime& time) : FakeTarget(time), less_(FakeTarget::capabilities()) {
    less_.erase(target::Capability::abort);
  }
  [[nodiscard]] const target::Capabilities& capabilities() const override { return less_; }

 private:
  target::Capabilities less_;
};
class LesserLab : public target::Lab {
 public:
  engine::Loop& loop() override { return loop_; }
  tl::expected<std::unique_ptr<target::Target>, std::string> make_target() override {
    return std::make_unique<LesserTarget>(time_);
  }

 private:
  engine::VirtualTime time_;
  engine::Loop loop_{time_};
};

class Report : public ::testing::Test {
 protected:
  void run(const std::vector<run::Observer*>& observers) {
    run::Chapter cases = chapter();
    cases[4].needs.insert(target::Capability::abort);
    LesserLab lab;
    const auto expectations = run::parse_expectations(R"([[expect]]
cases = "test/known"
verdict = "DEVIATION"
requirement = "RFC6298-2.4"
reason = "it has always been so")",
                                                      "test.toml");
    const auto plan = run::instances({&cases});
    run::RunInfo info;
    info.finwait_version = "0.0.0";
    info.machine = "Test 1 x";
    run::Runner runner(lab, *expectations, observers, {.seed = 7});
    ASSERT_TRUE(runner.run(plan, info));
  }
  std::string console(Console::Style style) {
    char* text = nullptr;
    std::size_t size = 0;
    std::FILE* out = open_memstream(&text, &size);
    Console observer(out, style);
    run({&observer});
    std::fclose(out);
    std::string result(text, size);
    std::free(text);
    return result;
  }
  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("finwait-report-" + std::to_string(getpid()));
  void TearDown() override { std::filesystem::remove_all(folder_); }
};

TEST_F(Report, Console) { expect_golden("console.txt", console({})); }

TEST_F(Report, ConsoleInColourAndVerbose) {
  const std::string text = console({.colour = true, .verbose = true});
  EXPECT_THAT(text, HasSubstr("\033[32mPASS\033[0m"));
  EXPECT_THAT(text, HasSubstr("\033[31mFAIL\033[0m"));
  EXPECT_THAT(text, HasSubstr("app: close() = ok")) << "the conversation of the case that passes";
}

TEST_F(Report, Json) {
  std::filesystem::create_directories(folder_);
  Json json(folder_ / "results.json");
  run({&json});
  EXPECT_EQ(json.problem(), "");
  const std::string text = read(folder_ / "results.json");
  EXPECT_EQ(text, json.text());
  expect_golden("results.json", text);
}

TEST_F(Report, JsonSaysWhyItCannotBeWritten) {
  Json json("/no/such/folder/results.json");
  run({&json});
  EXPECT_EQ(json.problem(), "the results cannot be written to /no/such/folder/results.json: No such file or directory");
}

std::string tshark(const std::string& arguments) {
  std::FILE* pipe = popen(("tshark " + arguments + " 2>/dev/null").c_str(), "r");
  std::string out;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) out += static_cast<char>(c);
  pclose(pipe);
  return out;
}

TEST_F(Report, CapturesAreReadByTsharkWithTheCommentOnThePacket) {
  Captures captures(folder_);
  run({&captures});
  EXPECT_EQ(captures.problem(), "");
  const std::string file = folder_ / "test-wrong-segment-ipv4.pcapng";
  EXPECT_EQ(tshark("-r " + file + " -T fields -e tcp.flags.str -e frame.comment | tr -d '·'"),
            "S\t\nAS\t\nA\t\nAF\tnot explained: the target sent another segment than it had to "
            "(RFC9293-3.10.5-ABORT-SYNC)\n");
}

TEST(Ladder, LeavesOutTheMiddleOfALongConversation) {
  run::Transcript transcript;
  for (int i = 0; i < 200; i++) transcript.note({}, "note " + std::to_string(i));
  const std::string text = ladder(transcript, TimePoint{}, 0);
  EXPECT_THAT(text, HasSubstr("140 more lines"));
  EXPECT_THAT(text, HasSubstr("note 29\n"));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("note 30\n")));
  EXPECT_THAT(text, HasSubstr("note 170\n"));
}

TEST(Transcript, KeepsNoMoreThanItsLimitOfAFloodAndSaysSo) {
  run::Transcript transcript;
  transcript.add_connection({});
  const wire::Bytes packet(60000);
  for (int i = 0; i < 1200; i++) transcript.packet(link::Direction::from_target, 0, {}, packet);
  EXPECT_LT(transcript.entries().size() * packet.size(), run::Transcript::kMostOctets);
  EXPECT_GT(transcript.dropped(), 0U);
  transcript.mark_unexplained(transcript.packet(link::Direction::from_target, 0, {}, packet));
  EXPECT_THAT(ladder(transcript, TimePoint{}, 0), HasSubstr("packets that were too many to keep"));
}

}  // namespace
}  // namespace finwait::report
