// The oracle on conversations written down by hand: what it explains, what it refuses, and what it says then.
#include "harness/testing/talk.hpp"

namespace finwait::model {
namespace {

// --- what it explains

TEST(Oracle, ExplainsTheFourSegmentsOfARelease) {
  Talk t;
  t.time_wait();
  EXPECT_EQ(t.oracle.states(), StateSet{State::time_wait});
  EXPECT_EQ(t.end(1s), "");
}

TEST(Oracle, SequenceNumbersMayWrapAround) {
  for (const std::uint32_t iss : {0xfffffffeU, 0xffffffffU, 0U, 0x7fffffffU}) {
    Talk t(iss, iss - 1, {}, wire::Family::ipv6);
    t.open().peer(kAck | kPsh, 1, 1, "hello").target(kAck, 1, 6).call(Call::Kind::recv, "hello");
    t.call(Call::Kind::send, "world").target(kAck | kPsh, 1, 6, "world").peer(kAck, 6, 6);
    t.peer(kFin | kAck, 6, 6).target(kAck, 6, 7).shutdown(How::wr).target(kFin | kAck, 6, 7).peer(kAck, 7, 7);
    EXPECT_EQ(t.end(), "") << iss;
    EXPECT_EQ(t.oracle.states(), StateSet{State::listen});
  }
}

TEST(Oracle, AnAckMayBeDelayedOrRideOnText) {
  Talk delayed;
  delayed.open().peer(kAck, 1, 1, "a").wait(450ms).target(kAck, 1, 2);
  EXPECT_EQ(delayed.end(), "");
  Talk riding;
  riding.open().peer(kAck, 1, 1, "a").call(Call::Kind::send, "b").target(kAck | kPsh, 1, 2, "b").peer(kAck, 2, 2);
  EXPECT_EQ(riding.end(1s), "");
  Talk one_for_two;
  one_for_two.open().peer(kAck, 1, 1, "a").peer(kAck, 2, 1, "b").target(kAck, 1, 3);
  EXPECT_EQ(one_for_two.end(1s), "");
  Talk late;
  late.open().peer(kAck, 1, 1, "a").wait(600ms).target(kAck, 1, 2);
  EXPECT_EQ(late.end(), "RFC9293-MUST-40");
}

TEST(Oracle, TheOrderOfReadingDoesNotMatter) {
  // Two segments are sent before the answer to the first is read: with times known only roughly, both orders are tried.
  Talk t;
  t.open();
  wire::Segment s;
  s.flags = kAck;
  s.seq = SeqNum(1001);
  s.ack = SeqNum(5001);
  s.window = 65535;
  s.payload = wire::to_bytes("a");
  const TimePoint t1{2s};
  t.oracle.sent(s, {t1, t1}, 10);
  s.seq = SeqNum(1002);
  t.oracle.sent(s, {t1 + 1us, t1 + 1us}, 11);
  wire::Segment ack;
  ack.flags = kAck;
  ack.seq = SeqNum(5001);
  ack.ack = SeqNum(1002);
  ack.window = 60000;
  t.oracle.received(ack, {t1, t1 + 1ms}, 12);
  ack.ack = SeqNum(1003);
  t.oracle.received(ack, {t1, t1 + 1ms}, 13);
  t.oracle.finish(TimePoint{4s});
  EXPECT_FALSE(t.oracle.violation()) << t.oracle.violation()->summary;
}

TEST(Oracle, AChallengeMayBeThrottledAfterTheFirst) {
  Talk t;
  t.open().peer(kRst, 10, 0).target(kAck, 1, 1).wait(100ms).peer(kRst, 20, 0);
  EXPECT_EQ(t.end(2s), "");
  Talk spaced;
  spaced.open().peer(kRst, 10, 0).target(kAck, 1, 1).wait(1s).peer(kRst, 20, 0);
  EXPECT_EQ(spaced.end(2s), "RFC5961-3.2-INWIN");
}

TEST(Oracle, RetransmissionBacksOff) {
  Talk t;
  t.open().shutdown(How::wr).target(kFin | kAck, 1, 1).wait(1s).target(kFin | kAck, 1, 1);
  t.wait(2s).target(kFin | kAck, 1, 1).wait(4s).target(kFin | kAck, 1, 1).peer(kAck, 1, 2);
  EXPECT_EQ(t.end(20s), "");
  EXPECT_EQ(t.oracle.states(), StateSet{State::fin_wait_2});
  Talk same;
  same.open().shutdown(How::wr).target(kFin | kAck, 1, 1).wait(1s).target(kFin | kAck, 1, 1).wait(1s);
  same.target(kFin | kAck, 1, 1);
  EXPECT_EQ(same.end(), "RFC9293-MUST-19");
  Talk never;
  never.open().shutdown(How::wr).target(kFin | kAck, 1, 1);
  EXPECT_EQ(never.end(10s), "RFC9293-3.6-FIN-RETX");
}

TEST(Oracle, ThreeDuplicateAcksMayDrawARetransmissionAtOnce) {
  Talk t;
  t.open().call(Call::Kind::send, "abc").target(kAck | kPsh, 1, 1, "abc");
  t.peer(kAck, 1, 1).peer(kAck, 1, 1).peer(kAck, 1, 1).target(kAck | kPsh, 1, 1, "abc").peer(kAck, 1, 4);
  EXPECT_EQ(t.end(1s), "");
  Talk early;
  early.open().call(Call::Kind::send, "abc").target(kAck | kPsh, 1, 1, "abc").target(kAck | kPsh, 1, 1, "abc");
  EXPECT_EQ(early.end(), "RFC6298-2.4");
}

TEST(Oracle, SynAckIsSentAgainAndASynCookieNeedsNoState) {
  Talk t;
  t.peer(kSyn, 0, 0).target(kSyn | kAck, 0, 1).wait(1s).target(kSyn | kAck, 0, 1).peer(kAck, 1, 1);
  EXPECT_EQ(t.end(1s), "");
  EXPECT_EQ(t.oracle.states(), StateSet{State::established});
  Talk duplicate;
  duplicate.peer(kSyn, 0, 0).target(kSyn | kAck, 0, 1).wait(300ms).peer(kSyn, 0, 0).target(kSyn | kAck, 0, 1);
  EXPECT_EQ(duplicate.end(), "");
  Talk silent;
  silent.peer(kSyn, 0, 0);
  EXPECT_NE(silent.end(2s), "");
}

TEST(Oracle, AClosedWindowIsProbed) {
  Talk t;
  t.open();
  t.peer_window = 0;
  t.peer(kAck, 1, 1).call(Call::Kind::send, "abc").wait(1s).target(kAck, 0, 1).peer(kAck, 1, 1);
  t.wait(2s).target(kAck, 0, 1);
  t.peer_window = 1000;
  t.peer(kAck, 1, 1).target(kAck | kPsh, 1, 1, "abc").peer(kAck, 1, 4);
  EXPECT_EQ(t.end(1s), "");
  Talk unprobed;
  unprobed.open();
  unprobed.peer_window = 0;
  unprobed.peer(kAck, 1, 1).call(Call::Kind::send, "abc");
  EXPECT_EQ(unprobed.end(10s), "RFC9293-MUST-36");
}

TEST(Oracle, TextAboveAGapIsKeptAndItsFinWaits) {
  Talk t;
  t.open().peer(kFin | kAck, 4, 1, "def").target(kAck, 1, 1).peer(kAck, 1, 1, "abc").target(kAck, 1, 8);
  t.call(Call::Kind::recv, "abcdef").call(Call::Kind::recv);
  EXPECT_EQ(t.end(1s), "");
  EXPECT_EQ(t.oracle.states(), StateSet{State::close_wait});
  Talk taken;
  taken.open().peer(kFin | kAck, 4, 1, "def").target(kAck, 1, 8);
  EXPECT_EQ(taken.end(), "RFC9293-SHLD-31");
}

TEST(Oracle, TimestampsAndPaws) {
  const auto stamp = [](std::uint32_t value) { return wire::OptionList().timestamps(value, 700); };
  const auto own = [](std::uint32_t value, std::uint32_t echo) { return wire::OptionList().timestamps(value, echo); };
  Talk t;
  t.open(wire::OptionList().timestamps(100, 0));
  t.peer(kAck, 1, 1, "a", stamp(110)).target(kAck, 1, 2, {}, own(710, 110));
  t.wait(1s).peer(kFin | kAck, 2, 1, {}, stamp(90)).target(kAck, 1, 2, {}, own(720, 110));  // PAWS: not taken
  t.peer(kFin | kAck, 2, 1, {}, stamp(120)).target(kAck, 1, 3, {}, own(730, 120));
  EXPECT_EQ(t.end(), "");
  Talk taken;
  taken.open(wire::OptionList().timestamps(100, 0));
  taken.peer(kFin | kAck, 1, 1, {}, stamp(90)).target(kAck, 1, 2, {}, own(720, 101));
  EXPECT_EQ(taken.end(), "RFC7323-5.3-R1");
  Talk without;
  without.open(wire::OptionList().timestamps(100, 0));
  without.peer(kAck, 1, 1, "a", stamp(110)).target(kAck, 1, 2);
  EXPECT_EQ(without.end(), "RFC7323-3.2-EVERY");
}

TEST(Oracle, KeepaliveIsFollowed) {
  Talk t;
  t.open().set(SocketOption::keepalive_idle_s, 10).set(SocketOption::keepalive_interval_s, 2);
  t.set(SocketOption::keepalive_count, 2).set(SocketOption::keepalive, 1);
  t.wait(10s).target(kAck, 0, 1).peer(kAck, 1, 1).wait(10s).target(kAck, 0, 1).wait(2s).target(kAck, 0, 1);
  t.wait(2s).target(kRst | kAck, 1, 1);
  EXPECT_EQ(t.end(), "");
  Talk off;
  off.open().wait(7200s).target(kAck, 0, 1);
  EXPECT_EQ(off.end(), "RFC9293-MUST-25");
  Talk silent;
  silent.open().set(SocketOption::keepalive_idle_s, 10).set(SocketOption::keepalive, 1);
  EXPECT_EQ(silent.end(20s), "RFC9293-MUST-27");
}

// --- what it refuses, and what it says then

TEST(Oracle, JudgesAConnectionOfWhichNobodyExpectsAnything) {
  Talk t;
  t.open().target(kFin | kAck, 1, 1);
  EXPECT_EQ(t.end(), "RFC9293-3.6-NOFIN-UNTIL-CLOSE");
}

TEST(Oracle, NamesStatesWhatWasAllowedAndWhatWasSeen) {
  Talk t;
  t.time_wait().peer(kFin | kAck, 1, 2).target(kAck, 2, 3);
  EXPECT_EQ(t.end(), "RFC9293-3.10.7.4-TW-FIN-ACK");
  const Violation& v = *t.oracle.violation();
  EXPECT_EQ(v.states, std::vector<std::string>{"TIME-WAIT"});
  ASSERT_FALSE(v.allowed.empty());
  EXPECT_EQ(v.allowed.front().what, ". seq 2 ack 2 len 0");
  EXPECT_EQ(v.allowed.front().requirement, "RFC9293-3.10.7.4-TW-FIN-ACK");
  EXPECT_EQ(v.seen.substr(0, 9), ". 2 ack 3");
  EXPECT_EQ(v.tag, 9U);
  EXPECT_FALSE(v.silence);
}

TEST(Oracle, FindsTheMistakeBehindALaterAnswer) {
  Talk short_wait;  // what shows is a reset to an old segment; what is wrong is that TIME-WAIT is over
  short_wait.time_wait().wait(100s).peer(kAck, 1, 2).target(kRst, 2, 0);
  EXPECT_EQ(short_wait.end(), "RFC9293-MUST-13");
  EXPECT_NE(short_wait.oracle.violation()->diagnosis.find("TIME-WAIT"), std::string::npos);
  Talk by_syn;  // <SEQ=0><CTL=RST,ACK>: so a SYN is answered where there is no connection
  by_syn.call(Call::Kind::connect).target(kSyn, 0, 0).peer(kSyn | kAck, 0, 1).target(kAck, 1, 1);
  by_syn.shutdown(How::wr).target(kFin | kAck, 1, 1).peer(kFin | kAck, 1, 2).target(kAck, 2, 2);
  by_syn.wait(100s).peer(kSyn, 0U - 999, 0).target(kRst | kAck, 0U - 5000, 0U - 998);
  EXPECT_EQ(by_syn.end(), "RFC9293-MUST-13");
  Talk ignored;  // what shows is an ACK; what is wrong is that a reset was ignored
  ignored.open().peer(kRst, 1, 0).wait(1s).peer(kAck, 0, 1).target(kAck, 1, 1);
  EXPECT_EQ(ignored.end(), "RFC9293-3.10.7.4-RST-EXACT-EST");
  EXPECT_NE(ignored.oracle.violation()->diagnosis.find("ignored RST-EXACT"), std::string::npos);
  Talk taken;  // what shows is a reset; what is wrong is that a reset outside the window was believed
  taken.open().peer(kRst, 0, 0).wait(1s).peer(kAck, 0, 1).target(kRst, 1, 0);
  EXPECT_EQ(taken.end(), "RFC9293-3.10.7.4-RST-OTW");
}

TEST(Oracle, OtherChoicesAreOtherRows) {
  const auto run = [](Choices choices) {
    Talk t(1000, 5000, choices);
    t.open().peer(kRst, 5, 0).wait(1s).peer(kAck, 0, 1).target(kRst, 1, 0);
    return t.end();
  };
  EXPECT_EQ(run({Choice::rfc793}), "");
  EXPECT_EQ(run({Choice::rfc5961}), "RFC5961-3.2-INWIN");
  // What is left open is found out, and holds from then on.
  Talk open(1000, 5000, Choices::all());
  open.profile.choices = Choices::all();
  Oracle fresh(open.profile, {});
  EXPECT_TRUE(fresh.choices().contains(Choice::rfc793));
}

TEST(Oracle, TheApplicationIsJudgedToo) {
  Talk wrong_text;
  wrong_text.open().peer(kAck, 1, 1, "abc").target(kAck, 1, 4).call(Call::Kind::recv, "abd");
  EXPECT_EQ(wrong_text.end(), "RFC9293-3.6-RELIABLE");
  Talk no_end;
  no_end.open().peer(kFin | kAck, 1, 1).target(kAck, 1, 2).call(Call::Kind::recv, {}, ETIME);
  EXPECT_EQ(no_end.end(), "RFC9293-3.6-SIGNAL");
  Talk not_told;
  not_told.open().peer(kRst, 1, 0).call(Call::Kind::recv);
  EXPECT_EQ(not_told.end(), "RFC9293-MUST-12");
  Talk after_close;
  after_close.fin_wait_2().call(Call::Kind::send, "x");
  EXPECT_EQ(after_close.end(), "POSIX-SEND-EPIPE");
}

TEST(Oracle, TimeWaitIsNeitherShorterNorLonger) {
  Talk long_enough;
  long_enough.time_wait()
      .wait(239s)
      .peer(kFin | kAck, 1, 2)
      .target(kAck, 2, 2)
      .wait(239s)
      .peer(kAck, 1, 2)
      .target(kAck, 2, 2);
  EXPECT_EQ(long_enough.end(), "");
  Talk over;
  over.time_wait().wait(241s).peer(kAck, 1, 2).target(kRst, 2, 0);
  EXPECT_EQ(over.end(), "");
  Talk too_long;
  too_long.time_wait().wait(245s).peer(kAck, 1, 2).target(kAck, 2, 2);
  EXPECT_EQ(too_long.end(), "RFC9293-3.10.8-TWTO");
}

TEST(Oracle, ManyOpenQuestionsAreFollowedWithinBounds) {
  Talk t(1000, 5000, Choices::all());
  t.open();
  for (std::uint32_t i = 0; i < 200; i++) t.peer(kAck, 1 + 2 * i, 1, "x").wait(1ms);
  EXPECT_EQ(t.end(), "");  // which also asks that it is not lost
  EXPECT_EQ(t.oracle.states(), StateSet{State::established});
}

}  // namespace
}  // namespace finwait::model
