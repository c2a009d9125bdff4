// What real stacks do beyond the event processing of RFC 9293 3.10.
#include <cerrno>

#include "harness/testing/talk.hpp"

namespace finwait::model {
namespace {

Talk keepalive() {
  Talk t;
  t.open().set(SocketOption::keepalive_idle_s, 10).set(SocketOption::keepalive_interval_s, 5);
  t.set(SocketOption::keepalive_count, 2).set(SocketOption::keepalive, 1);
  return t;
}

TEST(OracleStacks, AfterAnIcmpErrorTheTimerMayForgetADoubling) {
  const auto run = [](bool icmp) {
    Talk t;
    t.open().shutdown(How::wr).target(kFin | kAck, 1, 1).wait(1s).target(kFin | kAck, 1, 1);
    if (icmp) t.icmp(wire::IcmpError::host_unreachable, 1);
    t.wait(1s).target(kFin | kAck, 1, 1).peer(kAck, 1, 2);
    return t.end();
  };
  EXPECT_EQ(run(true), "");  // RFC 6069
  EXPECT_EQ(run(false), "RFC9293-MUST-19");
  // What is overdue by the shorter timer leaves at once, and the next interval is twice that timer.
  Talk overdue;
  overdue.open().shutdown(How::wr).target(kFin | kAck, 1, 1).wait(1s).target(kFin | kAck, 1, 1);
  overdue.wait(1500ms).icmp(wire::IcmpError::host_unreachable, 1).target(kFin | kAck, 1, 1);
  overdue.wait(2s).target(kFin | kAck, 1, 1).peer(kAck, 1, 2);
  EXPECT_EQ(overdue.end(), "");
}

TEST(OracleStacks, ASoftErrorMayBeToldWithoutAnEnd) {
  Talk told;
  told.open().call(Call::Kind::send, "a").target(kAck | kPsh, 1, 1, "a");
  told.icmp(wire::IcmpError::host_unreachable, 1).peer(kAck, 1, 2).take_error(EHOSTUNREACH);
  EXPECT_EQ(told.end(), "");
  Talk twice;
  twice.open().call(Call::Kind::send, "a").target(kAck | kPsh, 1, 1, "a");
  twice.icmp(wire::IcmpError::host_unreachable, 1).peer(kAck, 1, 2).take_error(EHOSTUNREACH).take_error(EHOSTUNREACH);
  EXPECT_EQ(twice.end(), "RFC9293-MUST-54");
  Talk without;
  without.open().take_error(EHOSTUNREACH);
  EXPECT_EQ(without.end(), "RFC9293-MUST-54");
}

// BSD and Linux tell the soft error in place of the timeout that it announced.
TEST(OracleStacks, ATimeoutMayBeToldAsTheSoftErrorBefore) {
  const auto run = [](bool icmp) {
    Talk t = keepalive();
    t.wait(10s).target(kAck, 0, 1).wait(5s).target(kAck, 0, 1);
    if (icmp) t.icmp(wire::IcmpError::host_unreachable, 1);
    t.wait(5s).target(kRst | kAck, 1, 1).call(Call::Kind::recv, {}, EHOSTUNREACH);
    return t.end();
  };
  EXPECT_EQ(run(true), "");
  EXPECT_EQ(run(false), "POSIX-RECV-ETIMEDOUT");
}

// While a connection is being opened, an error that is told is its end.
TEST(OracleStacks, ASoftErrorMayNotEndAnOpen) {
  Talk t;
  t.call(Call::Kind::connect).target(kSyn, 0, 0).icmp(wire::IcmpError::host_unreachable, 0).take_error(EHOSTUNREACH);
  EXPECT_EQ(t.end(), "RFC9293-MUST-56");
}

// The peer has been silent for the idle time when keepalive is set once more: the next probe may come at once.
TEST(OracleStacks, KeepaliveSetAgainMayLookAtOnceOrAfterAnotherIdleTime) {
  Talk at_once = keepalive();
  at_once.wait(10s).target(kAck, 0, 1).wait(2s).set(SocketOption::keepalive_idle_s, 10).target(kAck, 0, 1);
  at_once.peer(kAck, 1, 1);
  EXPECT_EQ(at_once.end(), "");
  Talk later = keepalive();
  later.wait(10s).target(kAck, 0, 1).wait(2s).set(SocketOption::keepalive_idle_s, 10);
  later.wait(10s).target(kAck, 0, 1).peer(kAck, 1, 1);
  EXPECT_EQ(later.end(), "");
  Talk early = keepalive();
  early.wait(5s).set(SocketOption::keepalive_idle_s, 10).wait(1s).target(kAck, 0, 1);
  EXPECT_EQ(early.end(), "RFC9293-MUST-26-IDLE");
}

TEST(OracleStacks, KeepaliveSwitchedOnAgainMayOrMayNotForgetItsProbes) {
  for (const bool forgets : {false, true}) {
    Talk t = keepalive();
    t.wait(10s).target(kAck, 0, 1).set(SocketOption::keepalive, 1).wait(5s).target(kAck, 0, 1);
    if (forgets) t.wait(5s).target(kAck, 0, 1);
    t.wait(5s).target(kRst | kAck, 1, 1);
    EXPECT_EQ(t.end(), "") << forgets;
  }
}

// A segment from outside the window is dropped: stacks differ in whether it shows that the peer lives.
TEST(OracleStacks, ADroppedSegmentMayOrMayNotAnswerAProbe) {
  for (const bool answers : {false, true}) {
    Talk t = keepalive();
    t.wait(10s).target(kAck, 0, 1).wait(1s).peer(kAck, 60010, 1, "x").target(kAck, 1, 1);
    if (answers) t.wait(10s).target(kAck, 0, 1).wait(5s).target(kAck, 0, 1);
    if (!answers) t.wait(4s).target(kAck, 0, 1);
    t.wait(5s).target(kRst | kAck, 1, 1);
    EXPECT_EQ(t.end(), "") << answers;
  }
}

// "Special allowance should be made": its acknowledgment may count or not, and the segment is answered.
TEST(OracleStacks, AtAClosedWindowTheAckOfADroppedSegmentMayCount) {
  for (const bool counts : {false, true}) {
    Talk t;
    t.target_window = 3;
    t.open().peer(kAck | kPsh, 1, 1, "abc");
    t.target_window = 0;
    t.target(kAck, 1, 4).shutdown(How::wr).target(kFin | kAck, 1, 4).peer(kAck | kPsh, 4, 2, "d").target(kAck, 2, 4);
    if (!counts) t.wait(1s).target(kFin | kAck, 1, 4).peer(kAck, 4, 2);
    EXPECT_EQ(t.end(counts ? 20s : 0s), "") << counts;
    EXPECT_EQ(t.oracle.states(), StateSet{State::fin_wait_2}) << counts;
  }
}

// The rest of what such a segment carries may count as well: its window, its timestamp, and that the peer lives.
TEST(OracleStacks, AtAClosedWindowADroppedSegmentMayTellMoreThanItsAck) {
  const auto stamp = [](std::uint32_t value) { return wire::OptionList().timestamps(value, 700); };
  const auto echo = [](std::uint32_t value) { return wire::OptionList().timestamps(700, value); };
  const auto close = [](Talk& t, wire::OptionList options = {}, wire::OptionList own = {}) -> Talk& {
    t.peer(kAck | kPsh, 1, 1, "abc", options).target_window = 0;
    return t.target(kAck, 1, 4, {}, own);
  };
  Talk window;
  window.target_window = 3;
  close(window.open()).peer_window = 0;
  window.peer(kAck | kPsh, 4, 1, "d").target(kAck, 1, 4).call(Call::Kind::send, "a");
  window.wait(1s).target(kAck, 0, 4);  // a window probe
  EXPECT_EQ(window.end(), "");
  for (const bool counts : {false, true}) {
    Talk t;
    t.target_window = 3;
    close(t.open(stamp(100)), stamp(150), echo(150)).peer(kAck | kPsh, 4, 1, "d", stamp(300));
    t.target(kAck, 1, 4, {}, echo(150)).peer(kAck, 4, 1, {}, stamp(200));
    if (counts) t.target(kAck, 1, 4, {}, echo(300));  // it is old, then
    EXPECT_EQ(t.end(1s), "") << counts;
  }
  Talk probes;
  probes.target_window = 3;
  close(probes.open()).set(SocketOption::keepalive_idle_s, 10).set(SocketOption::keepalive, 1);
  probes.set(SocketOption::keepalive_interval_s, 5).wait(5s).shutdown(How::wr).target(kFin | kAck, 1, 4);
  probes.peer(kAck | kPsh, 4, 2, "d").target(kAck, 2, 4).wait(10s).target(kAck, 1, 4).wait(5s).target(kAck, 1, 4);
  EXPECT_EQ(probes.end(), "");
}

// A stack for which a TS.Recent of zero is none takes it.
TEST(OracleStacks, AnEchoOfAnOldTimestampIsKnownAfterAHundredOthers) {
  const auto stamp = [](std::uint32_t value) { return wire::OptionList().timestamps(value, 700); };
  const auto own = [](std::uint32_t echo) { return wire::OptionList().timestamps(700, echo); };
  Talk t;
  t.peer(kSyn, 0, 0, {}, wire::OptionList().timestamps(0, 0)).target(kSyn | kAck, 0, 1, {}, own(0));
  t.peer(kAck, 1, 1, "a", stamp(0xfffff000));
  for (std::uint32_t i = 0; i < 100; i++) t.peer(kAck, 2 + i, 1, "b", stamp(100 + i));
  EXPECT_EQ(t.target(kAck, 1, 102, {}, own(0xfffff000)).end(), "");
}

// As long as probes are answered the connection stays open (MUST-37); that there are any is MUST-36.
TEST(OracleStacks, WindowProbesThatStopAreToldApartByTheirAnswers) {
  const auto run = [](bool answered) {
    Talk t;
    t.peer_window = 0;
    t.open().call(Call::Kind::send, "hello").wait(1s).target(kAck, 0, 1);
    if (answered) t.peer(kAck, 1, 1);
    return t.end(20s);
  };
  EXPECT_EQ(run(false), "RFC9293-MUST-36");
  EXPECT_EQ(run(true), "RFC9293-MUST-37");
}

TEST(OracleStacks, ATimeoutIsToldBesideUrgentText) {
  Talk t = keepalive();
  t.peer(kAck | kPsh | kUrg, 1, 1, "abc").target(kAck, 1, 4).wait(10s).target(kAck, 0, 4).wait(5s).target(kAck, 0, 4);
  t.wait(5s).target(kRst | kAck, 1, 4).call(Call::Kind::recv, {}, ETIMEDOUT).take_error(0);
  EXPECT_EQ(t.end(), "");
}

// BSD: the segment that acknowledges carries the FIN once more.
TEST(OracleStacks, AnAckMayRideOnTheFinSentAgain) {
  Talk t;
  t.open().shutdown(How::wr).target(kFin | kAck, 1, 1).peer(kFin | kAck, 1, 1).target(kFin | kAck, 1, 2);
  t.peer(kAck, 2, 2);
  EXPECT_EQ(t.end(1s), "");
  Talk undrawn;
  undrawn.open().shutdown(How::wr).target(kFin | kAck, 1, 1).target(kFin | kAck, 1, 1);
  EXPECT_EQ(undrawn.end(), "RFC6298-2.4");
}

TEST(OracleStacks, TheRestOfAFlightFollowsItsFirstRetransmission) {
  Talk t;
  t.open().call(Call::Kind::send, "abc").target(kAck | kPsh, 1, 1, "abc");
  t.call(Call::Kind::send, "def").target(kAck | kPsh, 4, 1, "def").wait(1s).target(kAck | kPsh, 1, 1, "abc");
  t.peer(kAck, 1, 4).target(kAck | kPsh, 4, 1, "def").peer(kAck, 1, 7);
  EXPECT_EQ(t.end(1s), "");
  Talk twice;
  twice.open().call(Call::Kind::send, "abc").target(kAck | kPsh, 1, 1, "abc").wait(1s);
  twice.target(kAck | kPsh, 1, 1, "abc").target(kAck | kPsh, 1, 1, "abc");
  EXPECT_EQ(twice.end(), "RFC6298-5.5");
}

TEST(OracleStacks, TextAboveAGapNeedNotBeKept) {
  for (const bool kept : {false, true}) {
    Talk t;
    t.open().peer(kAck | kPsh, 4, 1, "def").target(kAck, 1, 1).peer(kAck | kPsh, 1, 1, "abc");
    t.target(kAck, 1, kept ? 7 : 4);
    EXPECT_EQ(t.end(1s), "") << kept;
  }
}

// One octet of the text probes the closed window, at doubled intervals.
TEST(OracleStacks, AProbeOfOneOctetBacksOff) {
  Talk t;
  t.peer_window = 0;
  t.open().call(Call::Kind::send, "abc").wait(1s).target(kAck | kPsh, 1, 1, "a").peer(kAck, 1, 1);
  t.wait(2s).target(kAck | kPsh, 1, 1, "a").peer(kAck, 1, 1);
  EXPECT_EQ(t.end(3s), "");
}

TEST(OracleStacks, ASynAckMayCompleteASimultaneousOpen) {
  Talk t;
  t.call(Call::Kind::connect).target(kSyn, 0, 0).peer(kSyn, 0, 0).target(kSyn | kAck, 0, 1).peer(kSyn | kAck, 0, 1);
  EXPECT_EQ(t.end(20s), "");
}

TEST(OracleStacks, TextOnASynAckMayBeTakenOrDropped) {
  for (const bool taken : {false, true}) {
    Talk t;
    t.call(Call::Kind::connect).target(kSyn, 0, 0).peer(kSyn | kAck, 0, 1, "hello").target(kAck, 1, taken ? 6 : 1);
    EXPECT_EQ(t.end(1s), "") << taken;
  }
}

// A duplicate SYN is answered, and the timer starts anew with the answer or does not.
TEST(OracleStacks, TheTimerOfASynAckMayStartAnewWithADuplicateSyn) {
  for (const bool anew : {false, true}) {
    Talk t;
    t.peer(kSyn, 0, 0).target(kSyn | kAck, 0, 1).wait(900ms).peer(kSyn, 0, 0).target(kSyn | kAck, 0, 1);
    t.wait(anew ? 1s : 97ms).target(kSyn | kAck, 0, 1).wait(2s).target(kSyn | kAck, 0, 1).peer(kAck, 1, 1);
    EXPECT_EQ(t.end(), "") << anew;
  }
}

// The ports are used again: octets of the first connection are not those of the second.
TEST(OracleStacks, AnotherIncarnationHasAStreamOfItsOwn) {
  Talk t;
  t.open().peer(kAck | kPsh, 1, 1, "old").target(kAck, 1, 4).call(Call::Kind::send, "first");
  t.target(kAck | kPsh, 1, 4, "first").peer(kAck, 4, 6).peer(kRst, 4, 0);
  t.peer(kSyn, 5000, 0).target(kSyn | kAck, 90000, 5001).peer(kAck, 5001, 90001).call(Call::Kind::accept);
  t.peer(kAck | kPsh, 5001, 90001, "new").target(kAck, 90001, 5004).call(Call::Kind::recv, "new");
  t.call(Call::Kind::send, "text").target(kAck | kPsh, 90001, 5004, "text").peer(kAck, 5004, 90005);
  EXPECT_EQ(t.end(1s), "");
}

TEST(OracleStacks, ASecondCloseWithUnreadTextMayReset) {
  Talk t;
  t.open().peer(kAck | kPsh, 1, 1, "abc").target(kAck, 1, 4).peer(kFin | kAck, 4, 1).target(kAck, 1, 5);
  t.shutdown(How::wr).target(kFin | kAck, 1, 5).call(Call::Kind::close).target(kRst | kAck, 2, 5);
  EXPECT_EQ(t.end(), "");
}

// The peer's closed window holds the FIN back: by the letter CLOSE-WAIT is not over, and an abort there tells the peer.
TEST(OracleStacks, AnAbortWhileTheFinWaitsMayReset) {
  Talk t;
  t.peer_window = 0;
  t.open().peer(kFin | kAck, 1, 1).target(kAck, 1, 2).call(Call::Kind::send, "abc").shutdown(How::wr);
  t.call(Call::Kind::abort).target(kRst | kAck, 1, 2);
  EXPECT_EQ(t.end(), "");
  Talk sent;
  sent.open().peer(kFin | kAck, 1, 1).target(kAck, 1, 2).shutdown(How::wr).target(kFin | kAck, 1, 2);
  sent.call(Call::Kind::abort).target(kRst | kAck, 2, 2);
  EXPECT_EQ(sent.end(), "RFC9293-3.10.5-ABORT-LATE");
}

// MUST-66 has the RST field looked at, and step 1 has the segment dropped: it ends the connection or does not.
TEST(OracleStacks, AtAClosedWindowAResetWithTextMayCount) {
  for (const bool counts : {false, true}) {
    Talk t;
    t.target_window = 3;
    t.open().peer(kAck | kPsh, 1, 1, "abc");
    t.target_window = 0;
    t.target(kAck, 1, 4).peer(kRst, 4, 0, "x").wait(1s).peer(kAck, 0, 1);
    if (counts) t.target(kRst, 1, 0);
    if (!counts) t.target(kAck, 1, 4);
    EXPECT_EQ(t.end(), "") << counts;
  }
}

// A reset is not judged by its timestamp (RFC 7323 5.2), and what ignores it goes on as before.
TEST(OracleStacks, AResetWithoutTimestampsSwitchesNothingOff) {
  Talk t(1000, 5000, {Choice::tw_rst_ignored});
  wire::OptionList offer;
  offer.timestamps(100, 0);
  t.open(offer).shutdown(How::wr);
  const auto own = [](std::uint32_t value) { return wire::OptionList().timestamps(value, 101); };
  const auto theirs = [](std::uint32_t value) { return wire::OptionList().timestamps(value, 700); };
  t.target(kFin | kAck, 1, 1, {}, own(701)).peer(kAck, 1, 2, {}, theirs(101));
  t.peer(kFin | kAck, 1, 2, {}, theirs(101)).target(kAck, 2, 2, {}, own(702)).peer(kRst, 2, 0).wait(1s);
  t.peer(kFin | kAck, 1, 2, {}, theirs(101)).target(kAck, 2, 2);
  EXPECT_EQ(t.end(), "RFC7323-3.2-EVERY");
}

TEST(OracleStacks, AnUnansweredSynAckIsGivenUpByItsOwnTime) {
  Talk t;
  t.profile.r2_syn_ack = 3s;
  t.peer(kSyn, 0, 0).target(kSyn | kAck, 0, 1).wait(1s).target(kSyn | kAck, 0, 1).wait(30s).peer(kAck, 1, 1);
  t.target(kRst, 1, 0);
  EXPECT_EQ(t.end(), "");
  Talk early;
  early.peer(kSyn, 0, 0).target(kSyn | kAck, 0, 1).wait(1s).target(kSyn | kAck, 0, 1).wait(30s).peer(kAck, 1, 1);
  early.target(kRst, 1, 0);
  EXPECT_EQ(early.end(), "RFC9293-MUST-23");
}

// What comes again because its acknowledgment was thrown away is no keepalive probe.
TEST(OracleStacks, ARetransmittedOctetIsNoProbe) {
  Talk t;
  t.open().call(Call::Kind::send, "a").target(kAck | kPsh, 1, 1, "a").peer(kAck, 1, 2).wait(1s);
  t.target(kAck | kPsh, 1, 1, "a");
  EXPECT_EQ(t.end(), "RFC6298-5.2");
}

// What an unacceptable FIN draws is an ACK, which may ride on the FIN sent again; no stack may keep silent.
TEST(OracleStacks, ADuplicateFinInLastAckIsAnswered) {
  const auto last_ack = [](Talk& t) -> Talk& {
    t.open().peer(kFin | kAck, 1, 1).target(kAck, 1, 2).shutdown(How::wr).target(kFin | kAck, 1, 2);
    return t.peer(kFin | kAck, 1, 1);
  };
  const auto ends = [](Talk& t) { return t.peer(kAck, 2, 2).end(1s); };
  Talk silent, acked, again;
  EXPECT_EQ(ends(last_ack(silent).wait(600ms)), "RFC9293-3.10.7.4-FIN-LA");
  EXPECT_EQ(ends(last_ack(acked).target(kAck, 2, 2)), "");
  EXPECT_EQ(ends(last_ack(again).target(kFin | kAck, 1, 2)), "");
}

TEST(OracleStacks, TextThatFillsTheWindowIsAcknowledgedWithOrWithoutItsFin) {
  const auto run = [](std::optional<std::uint32_t> ack) {
    Talk t;
    t.target_window = 3;
    t.open().peer(kFin | kAck, 1, 1, "abc");
    t.target_window = 0;
    if (ack) t.target(kAck, 1, *ack);
    return t.end(1s);
  };
  EXPECT_EQ(run({}), "RFC9293-3.10.7.4-FIN-EDGE");
  EXPECT_EQ(run(1), "RFC9293-3.10.7.4-FIN-EDGE");
  EXPECT_EQ(run(4), "");
  EXPECT_EQ(run(5), "");
  EXPECT_EQ(run(3), "RFC9293-3.10.7.4-FIN-EDGE");
}

// SND.WL1 is ahead of RCV.NXT: stacks differ in whether the text there still tells the window.
TEST(OracleStacks, TextAtRcvNxtMayTellTheWindowWhateverCameAhead) {
  const auto run = [](bool believed) {
    Talk t;
    t.open().peer(kAck, 1000, 1);
    t.peer_window = 0;
    t.peer(kAck | kPsh, 1, 1, "x").target(kAck, 1, 2).shutdown(How::wr);
    if (!believed) t.target(kFin | kAck, 1, 2);
    t.peer_window = 65535;
    t.wait(200ms).peer(kAck, 2, 1);
    if (believed) t.target(kFin | kAck, 1, 2);
    return t.peer(kAck, 2, 2).end(2s);
  };
  EXPECT_EQ(run(false), "");
  EXPECT_EQ(run(true), "");
}

// Text from where the peer has sent a FIN, before or after: it contradicts itself.
TEST(OracleStacks, OfAFinAndTextInItsPlaceEitherCounts) {
  const auto run = [](bool fin_first, std::uint32_t ack) {
    Talk t;
    t.open();
    for (const bool fin : {fin_first, !fin_first}) {
      fin ? t.peer(kFin | kAck, 4, 1) : t.peer(kAck | kPsh, 4, 1, "defg");
      t.target(kAck, 1, 1);
    }
    return t.peer(kAck | kPsh, 1, 1, "abc").target(kAck, 1, ack).end(2s);
  };
  for (const bool fin_first : {true, false}) {
    EXPECT_EQ(run(fin_first, 5), "");
    EXPECT_EQ(run(fin_first, 8), "");
    EXPECT_NE(run(fin_first, 9), "");
    EXPECT_NE(run(fin_first, 6), "");
  }
}

// Karn's back-off may still hold when a window is first probed; after that the probes only double.
TEST(OracleStacks, OneWindowProbeMayBackOffTwice) {
  const auto run = [](const std::vector<Duration>& gaps) {
    Talk t;
    t.open().call(Call::Kind::send, "a").target(kAck | kPsh, 1, 1, "a").wait(1s).target(kAck | kPsh, 1, 1, "a");
    t.peer_window = 0;
    t.peer(kAck, 1, 2).call(Call::Kind::send, "b");
    for (const Duration gap : gaps) t.wait(gap).target(kAck, 1, 1);
    return t.end();
  };
  EXPECT_EQ(run({2s, 4s, 8s}), "");
  EXPECT_EQ(run({2s, 8s, 16s}), "");
  EXPECT_EQ(run({2s, 8s, 40s}), "RFC9293-MUST-36");
  EXPECT_EQ(run({2s, 20s}), "RFC9293-MUST-36");
}

TEST(OracleStacks, AClosedWindowMayBeProbedEachMinute) {
  const auto run = [](const std::vector<Duration>& gaps) {
    Talk t;
    t.profile.rto_max = 384s;
    t.open();
    t.peer_window = 0;
    t.peer(kAck, 1, 1).call(Call::Kind::send, "b");
    for (const Duration gap : gaps) t.wait(gap).target(kAck, 0, 1).peer(kAck, 1, 1);
    return t.end();
  };
  EXPECT_EQ(run({1s, 2s, 4s, 8s, 16s, 32s, 64s, 64s, 64s}), "");
  EXPECT_EQ(run({1s, 2s, 4s, 8s, 16s, 32s, 64s, 128s}), "");
  EXPECT_EQ(run({1s, 2s, 4s, 8s, 16s, 16s}), "RFC6298-5.5");
}

TEST(OracleStacks, WithoutARoundTripTheTimerIsTheInitialOne) {
  const auto run = [](Duration after) {
    Talk t;
    t.call(Call::Kind::connect).target(kSyn, 0, 0).wait(after).target(kSyn, 0, 0).peer(kSyn | kAck, 0, 1);
    return t.target(kAck, 1, 1).end();
  };
  EXPECT_EQ(run(900ms), "RFC6298-2.1");
  EXPECT_EQ(run(1s), "");
}

// RFC 7323 4.3 (2): what begins above Last.ACK.sent does not move TS.Recent.
TEST(OracleStacks, OnlyWhatBeginsAtTheLastAckMovesTsRecent) {
  const auto stamp = [](std::uint32_t value) { return wire::OptionList().timestamps(value, 700); };
  const auto own = [](std::uint32_t echo) { return wire::OptionList().timestamps(700, echo); };
  Talk t;
  t.open(wire::OptionList().timestamps(100, 0)).peer(kAck, 1, 1, "a", stamp(200)).peer(kAck, 2, 1, "b", stamp(300));
  t.peer(kAck, 3, 1, "c", stamp(250)).target(kAck, 1, 4, {}, own(200));
  t.peer(kAck, 4, 1, "d", stamp(240)).target(kAck, 1, 5, {}, own(240));
  Talk taken = t;
  EXPECT_EQ(t.peer(kAck, 5, 1, "e", stamp(230)).target(kAck, 1, 5, {}, own(240)).end(1s), "");
  taken.peer(kAck, 5, 1, "e", stamp(230)).target(kAck, 1, 6, {}, own(240));
  EXPECT_EQ(taken.end(1s), "RFC7323-5.3-R1");
}

// It could also have ignored the ACK of its FIN before; but that it does not check timestamps says it all.
// An ACK within MAX.SND.WND below SND.UNA of what was never sent. Linux does not take it; how it counts its SYN depends
// on who has opened.
TEST(OracleStacks, WhoRefusesAnAckOfTheUnsentMayCountItsSyn) {
  constexpr std::uint32_t kIss = 0, kBelow = 0xffffffff;
  const auto run = [](bool active, Choices choices, std::uint32_t ack, std::string_view taken) {
    Talk t(1000, 5000, choices);
    active ? t.call(Call::Kind::connect).target(kSyn, 0, 0).peer(kSyn | kAck, 0, 1).target(kAck, 1, 1) : t.open();
    std::uint32_t next = 1;
    for (const char one : taken) {
      t.peer(kAck | kPsh, next, ack, "a");
      if (one == 'y') next++;
      t.target(kAck, 1, next).wait(2s);
    }
    return t.end();
  };
  constexpr Choices kSent{Choice::sent_ack}, kEither{Choice::sent_ack, Choice::rfc5961_ack};
  EXPECT_EQ(run(false, kSent, kIss, "n"), "");
  EXPECT_EQ(run(false, kSent, kIss, "y"), "RFC9293-MAY-12");
  EXPECT_EQ(run(true, kSent, kIss, "n"), "");
  EXPECT_EQ(run(true, kSent, kIss, "y"), "");
  EXPECT_EQ(run(true, kSent, kBelow, "n"), "");
  EXPECT_EQ(run(true, kSent, kBelow, "y"), "RFC9293-MAY-12");
  EXPECT_EQ(run(false, kEither, kIss, "nn"), "");
  EXPECT_EQ(run(false, kEither, kIss, "yy"), "");
  EXPECT_NE(run(false, kEither, kIss, "ny"), "") << "it is one or the other";
  EXPECT_NE(run(false, kEither, kIss, "yn"), "");
  EXPECT_NE(run(false, {Choice::rfc5961_ack}, kIss, "n"), "");
}

}  // namespace
}  // namespace finwait::model
