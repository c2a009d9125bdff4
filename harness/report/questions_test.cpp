// The answers to the two questions, for results made by hand.
#include "harness/report/questions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace finwait::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class TheQuestions : public ::testing::Test {
 protected:
  /// Judged by this profile; is it the target's own?
  void judged_by(const char* profile, bool own) {
    run::RunInfo info;
    info.profile = model::find_profile(profile);
    info.own_profile = own;
    questions_.started(info);
  }
  /// A case that rests on this value of the profile (or on none), and breaks that requirement (or none).
  void result(const char* figure, const char* violated) {
    run::CaseResult result;
    if (*figure != '\0') result.figures.push_back(model::find_figure(figure));
    if (*violated != '\0') {
      result.finding.emplace();
      result.finding->violated = violated;
      if (*figure != '\0') result.finding->figure = model::find_figure(figure);
      result.basis = run::basis_of(*result.finding, *model::find_profile("linux"));
    }
    questions_.add(result);
  }
  Questions questions_;
};

TEST_F(TheQuestions, WhereNothingIsWrongDocumentedValuesMayStillDiffer) {
  judged_by("linux", true);
  result("time-wait", "");
  result("", "");
  EXPECT_EQ(
      questions_.text(),
      "standard: no violation seen\n"
      "  documented otherwise by linux: time-wait 60 s (standard: 240 s), fin-wait-2-orphan 60 s (standard: never "
      "ends), r2-syn 127 s (standard: at least 180 s), r2-syn-ack 63 s (standard: at least 180 s), rto-min 200 ms "
      "(standard: at least 1 s)\n"
      "own documented values: 1 case rests on them (time-wait), all kept\n");
}

TEST_F(TheQuestions, AreAnsweredApart) {
  judged_by("linux", true);
  result("", "RFC9293-MUST-25");
  result("", "RFC9293-MUST-25");
  result("", "RFC6298-2.4");
  result("time-wait", "RFC9293-MUST-13");
  result("", "POSIX-RECV-EOF");
  EXPECT_THAT(
      questions_.text(),
      HasSubstr("standard: 1 MUST not followed (RFC9293-MUST-25), 1 SHOULD not followed (RFC6298-2.4), in 3 cases\n"));
  EXPECT_THAT(questions_.text(), HasSubstr("own documented values: 2 cases rest on them (time-wait), 2 not kept: "
                                           "POSIX-RECV-EOF, time-wait\n"));
}

TEST_F(TheQuestions, TheValueOfADocumentThatIsTheStandardsCountsForBoth) {
  judged_by("linux", true);
  result("keepalive-idle", "RFC9293-MUST-27");
  EXPECT_THAT(questions_.text(), HasSubstr("standard: 1 MUST not followed (RFC9293-MUST-27), in 1 case\n"));
  EXPECT_THAT(questions_.text(), HasSubstr("1 case rests on them (keepalive-idle), 1 not kept: keepalive-idle\n"));
}

TEST_F(TheQuestions, NameTheProfileThatWasAskedFor) {
  judged_by("textbook", false);
  EXPECT_THAT(questions_.text(), Not(HasSubstr("documented otherwise")));
  EXPECT_THAT(questions_.text(), HasSubstr("values of the profile textbook: no case here rests on one\n"));
}

}  // namespace
}  // namespace finwait::report
