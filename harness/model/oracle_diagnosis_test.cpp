// What a diagnosis makes of a target's mistakes: which one is named, and by which requirement.
#include <gmock/gmock.h>

#include "harness/testing/talk.hpp"

namespace finwait::model {
namespace {

std::string diagnosis(const Talk& t) { return t.oracle.violation() ? t.oracle.violation()->diagnosis : ""; }

TEST(OracleDiagnosis, AResetThatHadNoRightToEndItIsNamed) {
  // Below the window, in CLOSE-WAIT: then nothing is sent again, a write fails, a SYN opens anew.
  const auto run = [](const auto& after) {
    Talk t;
    t.open().peer(kFin | kAck, 1, 1).target(kAck, 1, 2).peer(kRst, 1, 0);
    after(t);
    std::string requirement = t.end(30s);
    EXPECT_NE(diagnosis(t).find("deleted the connection at RST-OTW"), std::string::npos) << diagnosis(t);
    return requirement;
  };
  const char* outside = "RFC9293-3.10.7.4-RST-OTW";
  EXPECT_EQ(run([](Talk& t) { t.call(Call::Kind::send, {}, EPIPE); }), outside);
  EXPECT_EQ(run([](Talk& t) { t.peer(kSyn, 2, 0).target(kSyn | kAck, 70000, 3); }), outside);
}

TEST(OracleDiagnosis, AWindowThatIsOneOctetTooWideIsNamed) {
  Talk t;
  t.open().shutdown(How::wr).target(kFin | kAck, 1, 1).peer(kAck, 60001, 2, "x").target(kAck, 2, 1);
  EXPECT_EQ(t.end(30s), "RFC9293-3.10.7.4-OTW-ACK");
  EXPECT_NE(diagnosis(t).find("took for inside its window"), std::string::npos) << diagnosis(t);
}

// A reset inside the window of TIME-WAIT that draws nothing: that is all there is to it.
TEST(OracleDiagnosis, AnUnansweredResetTellsNothingAboutTwoMsl) {
  Talk t;
  t.time_wait().wait(1s).peer(kRst, 10, 0);
  EXPECT_EQ(t.end(2s), "RFC5961-3.2-INWIN");
}

// What was due before has to come, whatever the mistake.
TEST(OracleDiagnosis, AMistakeExcusesOnlyWhatItTouches) {
  Talk t;
  t.open().peer(kAck, 60010, 1, "x").shutdown(How::rd).wait(10ms).peer(kAck, 1, 1);
  EXPECT_EQ(t.end(2s), "RFC9293-3.10.7.4-OTW-ACK");
  EXPECT_EQ(diagnosis(t), "");
}

// 3.10.7.4: what lies outside the window is cut off, and the rest is taken. The window is 3 octets.
TEST(OracleDiagnosis, TextOverTheEdgeIsCutAndNothingElse) {
  const auto run = [](std::uint32_t seq, std::uint32_t ack) {
    Talk t;
    t.target_window = 3;
    t.open().peer(kAck | kPsh, seq, 1, "abcdef");
    if (seq > 1) t.target(kAck, 1, 1).peer(kAck | kPsh, 1, 1, "xy");
    t.target_window = 0;
    t.target(kAck, 1, ack);
    return t.end(1s) + (diagnosis(t).empty() ? "" : ": " + diagnosis(t));
  };
  const std::string taken =
      "RFC9293-3.10.7.4-TRIM: all that was seen is explained if text that ends beyond the window is not cut to it";
  const std::string dropped =
      "RFC9293-3.10.7.4-TRIM: all that was seen is explained if a segment that ends beyond the window is dropped whole";
  EXPECT_EQ(run(1, 4), "");
  EXPECT_EQ(run(1, 7), taken);
  EXPECT_EQ(run(1, 1), dropped);
  EXPECT_EQ(run(3, 4), "") << "kept above a gap";
  EXPECT_EQ(run(3, 3), "") << "or not kept";
  EXPECT_EQ(run(3, 9), taken);
}

// Linux takes a segment whose last octet is the one before RCV.NXT for acceptable: its ACK counts.
TEST(OracleDiagnosis, AnAckFromJustBelowTheWindowIsNamed) {
  const auto run = [](bool counts) {
    Talk t;
    t.open().shutdown(How::wr).target(kFin | kAck, 1, 1);
    t.peer(kFin | kAck, 0, 2).target(kAck, 2, 1);
    if (!counts) t.wait(1s).target(kFin | kAck, 1, 1).peer(kAck, 1, 2);
    return t.end(10s);
  };
  EXPECT_EQ(run(false), "");
  EXPECT_EQ(run(true), "RFC9293-3.10.7.4-OTW-ACK");
  Talk silent;
  silent.open().peer(kFin, 0, 0);
  EXPECT_EQ(silent.end(1s), "RFC9293-3.10.7.4-OTW-ACK");
  EXPECT_THAT(diagnosis(silent), ::testing::HasSubstr("took for inside its window"));
}

TEST(OracleDiagnosis, AnAckAtTheEdgeOfAShrunkWindowIsNamed) {
  Talk t;
  t.open().call(Call::Kind::send, "abc").target(kAck | kPsh, 1, 1, "abc");
  t.peer_window = 0;
  t.peer(kAck, 1, 2).peer(kAck | kPsh, 9, 2, "x").target(kAck, 2, 1);
  EXPECT_EQ(t.end(), "RFC9293-3.5.2-G3");
  EXPECT_EQ(t.oracle.violation()->summary,
            "the acknowledgment carries the right edge of the peer's window for SEQ, and not SND.NXT beyond it");
}

TEST(OracleDiagnosis, SilenceToAnOldTimestampIsAboutTimestamps) {
  const auto stamp = [](std::uint32_t value) { return wire::OptionList().timestamps(value, 700); };
  Talk t;
  t.open(wire::OptionList().timestamps(100, 0)).shutdown(How::wr);
  t.target(kFin | kAck, 1, 1, {}, wire::OptionList().timestamps(700, 101));
  EXPECT_EQ(t.peer(kAck, 1, 2, {}, stamp(200)).peer(kAck, 1, 2, {}, stamp(190)).end(1s), "RFC7323-5.3-R1");
  EXPECT_EQ(diagnosis(t), "");
}

}  // namespace
}  // namespace finwait::model
