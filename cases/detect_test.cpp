// Detection sees what a target has chosen, and sees when it has chosen otherwise: against the fake target, whose
// choices its defects change.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cases/catalogue.hpp"
#include "harness/report/detection.hpp"
#include "harness/run/runner.hpp"
#include "harness/testing/fake_target.hpp"

namespace finwait {
namespace {

using model::Axis;
using model::Choice;
using model::Choices;
using testing::Defect;
using testing::Defects;
using ::testing::HasSubstr;

report::Detection detect(const Defects& defects, std::optional<model::Profile> declared = {}) {
  testing::FakeLab lab(defects);
  report::Detection detection;
  run::RunOptions options;
  options.profile = std::move(declared);
  run::Runner runner(lab, {}, {&detection}, options);
  EXPECT_TRUE(runner.run(run::instances({&cases::detection()}), {}));
  EXPECT_EQ(detection.unknown(), 0) << detection.text();
  return detection;
}

model::Profile declaring(std::initializer_list<Choice> choices) {
  model::Profile p = testing::fake_profile();
  for (const Choice choice : choices) p.choices = p.choices.with(choice);
  return p;
}

TEST(Detect, HasACaseForEachAxis) {
  std::set<std::string> wanted, there;
  for (const auto& axis : model::all_axes()) wanted.insert("detect/" + std::string(axis.name));
  for (const auto& one : cases::detection()) there.insert(one.id);
  EXPECT_EQ(there, wanted);
}

TEST(Detect, WhatTheFakeTargetHasChosen) {
  const auto detection = detect({});
  const Choices all = detection.found(Axis::hardening) | detection.found(Axis::ack_range) |
                      detection.found(Axis::rst_in_time_wait) | detection.found(Axis::close) |
                      detection.found(Axis::keepalive) | detection.found(Axis::orphan_fin_wait_2);
  EXPECT_EQ(all, (Choices{Choice::rfc5961, Choice::rfc5961_ack, Choice::tw_rst_deletes, Choice::half_duplex_close,
                          Choice::keepalive_off, Choice::orphan_timer}))
      << detection.text();
}

struct Other {
  Defect defect;
  Choice declared;
  Choices behaves;
};
class DetectOther : public ::testing::TestWithParam<Other> {};

TEST_P(DetectOther, IsSeenAndContradictsTheDeclaration) {
  const Other& other = GetParam();
  const auto& axis = info(info(other.declared).axis);
  const std::string name(axis.name);
  const auto right = detect({}, declaring({other.declared}));
  EXPECT_EQ(right.found(axis.axis), Choices{other.declared}) << right.text();
  EXPECT_THAT(right.text(), HasSubstr("ok           " + name));
  const auto wrong = detect(Defects{other.defect}, declaring({other.declared}));
  EXPECT_EQ(wrong.found(axis.axis), other.behaves) << wrong.text();
  EXPECT_GE(wrong.contradictions(), 1) << wrong.text();
  EXPECT_THAT(wrong.text(), HasSubstr("DIFFERS      " + name));
}

INSTANTIATE_TEST_SUITE_P(
    All, DetectOther,
    ::testing::Values(Other{Defect::rst_in_window_taken, Choice::rfc5961, {Choice::rfc793}},
                      Other{Defect::rst_in_window_silent, Choice::rfc5961, {}},
                      Other{Defect::rst_exact_ignored_late, Choice::tw_rst_deletes, {Choice::tw_rst_ignored}},
                      Other{Defect::missing_timestamp_taken, Choice::ts_strict, {Choice::ts_lenient}},
                      Other{Defect::data_after_close_acked, Choice::half_duplex_close, {Choice::simplex_close}},
                      Other{Defect::data_after_close_silent, Choice::half_duplex_close, {}},
                      Other{Defect::keepalive_on_by_default, Choice::keepalive_off, {Choice::keepalive_on}}));

TEST(Detect, OnlyWhatIsDeclaredCanBeContradicted) {
  model::Profile open = testing::fake_profile();
  open.choices = Choices::all();
  const auto detection = detect({Defect::rst_in_window_taken}, open);
  EXPECT_EQ(detection.contradictions(), 0) << detection.text();
  EXPECT_THAT(detection.text(), HasSubstr("hardening           declared nothing, behaves rfc793"));
}

TEST(Detect, PrintsAxesThatCanBePastedIntoAProfile) {
  const std::string text = detect({}).text();
  const std::string pasted = "title = \"pasted\"\n" + text.substr(text.find("[axes]"));
  const auto profile = model::parse_profile(pasted, "pasted.toml");
  ASSERT_TRUE(profile) << profile.error() << "\n" << pasted;
  EXPECT_THAT(profile->choices.to_string(), HasSubstr("hardening=rfc5961 "));
  EXPECT_EQ(detect({}, *profile).contradictions(), 0);
}

TEST(Detect, Json) {
  const auto document = nlohmann::json::parse(detect({}, declaring({Choice::rfc793})).json());
  const auto& hardening = document["axes"]["hardening"];
  EXPECT_EQ(hardening["state"], "DIFFERS");
  EXPECT_EQ(hardening["declared"], nlohmann::json::array({"rfc793"}));
  EXPECT_EQ(hardening["behaves"], nlohmann::json::array({"rfc5961"}));
}

}  // namespace
}  // namespace finwait
