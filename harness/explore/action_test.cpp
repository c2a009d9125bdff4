// The vocabulary: positions are the right numbers, and the source of an action does what the action does.
#include "harness/explore/action.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cases/steps.hpp"
#include "harness/explore/perform.hpp"
#include "harness/explore/played_test.hpp"
#include "harness/explore/script.hpp"

namespace finwait::explore {
namespace {

using run::Verdict;

constexpr std::uint32_t kWindow = 65535;  // the fake target's, and ours

TEST(Positions, OfSeqCountFromWhatTheTargetHasAcknowledged) {
  const auto played = play_body([](Scenario& s) -> Task<> {
    auto connecting = s.established();
    auto [peer, app] = co_await connecting;
    peer.send(data("12345"));
    peer.send(data("lost").seq(peer.snd_una() + 200000));  // not taken, and so it does not count
    co_await settle(peer);
    const wire::SeqNum r = peer.iss() + 6;
    const std::uint32_t w = kWindow - 5;  // what nobody has read
    EXPECT_EQ(peer.snd_wnd(), w);
    EXPECT_EQ(seq_at(peer, SeqAt::far_below), r - 100000);
    EXPECT_EQ(seq_at(peer, SeqAt::below), r - 1);
    EXPECT_EQ(seq_at(peer, SeqAt::left), r);
    EXPECT_EQ(seq_at(peer, SeqAt::inside), r + 5);
    EXPECT_EQ(seq_at(peer, SeqAt::last), r + (w - 1));
    EXPECT_EQ(seq_at(peer, SeqAt::right), r + w);
    EXPECT_EQ(seq_at(peer, SeqAt::beyond), r + (w + 1));
  });
  EXPECT_EQ(played.verdict, Verdict::pass) << played.finding.summary;
}

TEST(Positions, OfAckCountFromWhatWeHaveAcknowledgedAndWhatHasCome) {
  const auto played = play_body([](Scenario& s) -> Task<> {
    auto connecting = s.established();
    auto [peer, app] = co_await connecting;
    app.send("world");
    co_await settle(peer);
    peer.send(ack().ack(peer.irs() + 3));
    peer.send(ack().ack(peer.irs() + 5).seq(peer.snd_una() - 9));  // dropped for its SEQ: its ACK does not count
    co_await settle(peer);
    const wire::SeqNum u = peer.irs() + 3;
    const wire::SeqNum all = peer.irs() + 6;
    EXPECT_EQ(ack_at(peer, AckAt::far_old), u - (kWindow + 100000));
    EXPECT_EQ(ack_at(peer, AckAt::too_old), u - (kWindow + 1));
    EXPECT_EQ(ack_at(peer, AckAt::range_edge), u - kWindow);
    EXPECT_EQ(ack_at(peer, AckAt::old), u - 1);
    EXPECT_EQ(ack_at(peer, AckAt::una), u);
    EXPECT_EQ(ack_at(peer, AckAt::part), all - 1);
    EXPECT_EQ(ack_at(peer, AckAt::all), all);
    EXPECT_EQ(ack_at(peer, AckAt::future), all + 1);
    EXPECT_EQ(ack_at(peer, AckAt::far_future), all + 100000);
  });
  EXPECT_EQ(played.verdict, Verdict::pass) << played.finding.summary;
}

TEST(Positions, OfTimestamps) {
  const auto played = play_body([](Scenario& s) -> Task<> {
    auto beginning = begin(s, {.opening = Opening::passive, .timestamps = true});
    Subject subject = co_await beginning;
    Peer& peer = subject.peer;
    EXPECT_TRUE(peer.timestamps());
    const std::uint32_t first = peer.ts_first();
    co_await s.pause(50ms);
    const auto value = [&](StampAt at) {
      const auto spec = spec_of(peer, Send{.stamp = at});
      const auto stamps = spec.options() ? spec.options()->timestamps() : std::nullopt;
      return stamps ? std::optional(stamps->value) : std::nullopt;
    };
    EXPECT_EQ(value(StampAt::older), first - 100000);
    EXPECT_EQ(value(StampAt::barely), first - 10);
    EXPECT_EQ(value(StampAt::equal), first);
    EXPECT_EQ(value(StampAt::missing), std::nullopt);
    EXPECT_EQ(value(StampAt::offered), first + 50);
    EXPECT_FALSE(spec_of(peer, Send{}).options()) << "left to Peer::send()";
    peer.send(ack());
    EXPECT_EQ(peer.ts_sent(), first + 50);
    peer.send(rst().seq(peer.snd_una()));
    EXPECT_EQ(peer.ts_sent(), first + 50) << "a reset carries them, too";
  });
  EXPECT_EQ(played.verdict, Verdict::pass) << played.finding.summary;
  const auto reset = wire::parse(played.sent.back());
  ASSERT_TRUE(reset);
  EXPECT_TRUE(reset->segment.options.timestamps());
}

TEST(Positions, AreThoseOfANewIncarnationAfterTimeWait) {
  const auto played = play_body([](Scenario& s) -> Task<> {
    auto beginning = begin(s, {});
    Subject subject = co_await beginning;
    Peer& peer = subject.peer;
    for (const Action& action : {Action(AppCall::close), Action(Send{}), Action(Send{.kind = Kind::fin})}) {
      co_await perform(subject, action);
      co_await settle(peer);
    }
    const wire::SeqNum old = peer.irs();
    const Action syn = Send{.kind = Kind::syn, .seq = SeqAt::inside};
    co_await perform(subject, syn);
    co_await settle(peer);
    EXPECT_NE(peer.irs(), old);
    EXPECT_EQ(peer.rcv_nxt(), peer.irs() + 1);
    EXPECT_EQ(seq_at(peer, SeqAt::left), peer.snd_nxt());
    EXPECT_FALSE(subject.held());
  });
  EXPECT_EQ(played.verdict, Verdict::pass) << played.finding.summary;
}

/// The source of an action beside the same text compiled.
struct Said {
  Action action;
  std::string source;
  Task<> (*body)(Scenario&, Peer&, App&);
};
#define SAYS(...) \
#__VA_ARGS__, [](Scenario & s, Peer & peer, App & app) -> Task<> {                                             \
    (void)s, (void)peer, (void)app;                                                                              \
    __VA_ARGS__                                                                                                  \
    co_return;                                                                                                   \
  }

// clang-format off
const std::vector<Said>& all_said() {
  static const std::vector<Said> kAll{
      {Send{}, SAYS(peer.send(ack().seq(peer.snd_una()));)},
      {Send{.kind = Kind::text, .seq = SeqAt::below, .ack = AckAt::una}, SAYS(peer.send(data("hello").seq(peer.snd_una() - 1).ack(peer.acked()));)},
      {Send{.kind = Kind::octet, .seq = SeqAt::far_below, .ack = AckAt::too_old}, SAYS(peer.send(data("h").seq(peer.snd_una() - 100000).ack(peer.acked() - (peer.max_rcv_wnd() + 1)));)},
      {Send{.kind = Kind::fin, .seq = SeqAt::inside, .ack = AckAt::range_edge}, SAYS(peer.send(fin().seq(peer.snd_una() + 5).ack(peer.acked() - peer.max_rcv_wnd()));)},
      {Send{.kind = Kind::text_fin, .seq = SeqAt::last, .ack = AckAt::old}, SAYS(peer.send(fin().payload(wire::to_bytes("hello")).seq(peer.snd_una() + (peer.snd_wnd() - 1)).ack(peer.acked() - 1));)},
      {Send{.kind = Kind::rst, .seq = SeqAt::right}, SAYS(peer.send(rst().seq(peer.snd_una() + peer.snd_wnd()));)},
      {Send{.kind = Kind::rst_ack, .seq = SeqAt::beyond, .ack = AckAt::future}, SAYS(peer.send(rst().with(wire::kAck).seq(peer.snd_una() + (peer.snd_wnd() + 1)).ack(peer.rcv_nxt() + 1));)},
      {Send{.kind = Kind::rst_text, .seq = SeqAt::below}, SAYS(peer.send(rst().payload(wire::to_bytes("hello")).seq(peer.snd_una() - 1));)},
      {Send{.kind = Kind::syn, .stamp = StampAt::offered}, SAYS(peer.send(syn().seq(peer.snd_una()).options(wire::OptionList().mss(1220).timestamps(peer.ts_now(), peer.ts_seen())));)},
      {Send{.kind = Kind::syn}, SAYS(peer.send(syn().seq(peer.snd_una()).options(wire::OptionList().mss(1220)));)},
      {Send{.kind = Kind::syn_ack, .ack = AckAt::part}, SAYS(peer.send(syn_ack().seq(peer.snd_una()).ack(peer.rcv_nxt() - 1).options(wire::OptionList().mss(1220)));)},
      {Send{.kind = Kind::bare}, SAYS(peer.send(wire::Spec().seq(peer.snd_una()));)},
      {Send{.kind = Kind::bare_text}, SAYS(peer.send(wire::Spec().payload(wire::to_bytes("hello")).seq(peer.snd_una()));)},
      {Send{.kind = Kind::bare_fin}, SAYS(peer.send(wire::Spec(wire::kFin).seq(peer.snd_una()));)},
      {Send{.kind = Kind::urgent, .ack = AckAt::far_old}, SAYS(peer.send(data("hello").with(wire::kUrg).urgent(5).seq(peer.snd_una()).ack(peer.acked() - (peer.max_rcv_wnd() + 100000)));)},
      {Send{.ack = AckAt::far_future, .stamp = StampAt::older, .zero_window = true}, SAYS(peer.send(ack().seq(peer.snd_una()).ack(peer.rcv_nxt() + 100000).window(0).options(wire::OptionList().timestamps(peer.ts_first() - 100000, peer.ts_seen())));)},
      {Send{.stamp = StampAt::equal}, SAYS(peer.send(ack().seq(peer.snd_una()).options(wire::OptionList().timestamps(peer.ts_sent(), peer.ts_seen())));)},
      {Send{.stamp = StampAt::missing}, SAYS(peer.send(ack().seq(peer.snd_una()).options(wire::OptionList()));)},
      {Fill{5}, SAYS(co_await explore::fill_window(peer, 5);)},
      {AppCall::close, SAYS(app.close();)},
      {AppCall::abort, SAYS(app.abort();)},
      {AppCall::shut_rd, SAYS((void)app.try_shutdown(How::rd);)},
      {AppCall::shut_wr, SAYS((void)app.try_shutdown(How::wr);)},
      {AppCall::shut_rdwr, SAYS((void)app.try_shutdown(How::rdwr);)},
      {AppCall::send, SAYS((void)app.try_send("world");)},
      {AppCall::recv, SAYS((void)co_await app.recv(4096, 20ms);)},
      {AppCall::keepalive, SAYS(app.keepalive({.idle = 1s, .interval = 1s, .count = 3});)},
      {AppCall::linger_zero, SAYS(app.set(SocketOption::linger_s, 0);)},
      {AppCall::user_timeout, SAYS(app.set(SocketOption::user_timeout_ms, 2500);)},
      {AppCall::state, SAYS((void)app.state();)},
      {AppCall::error, SAYS((void)app.take_error();)},
      {Icmp::soft, SAYS(explore::send_icmp(peer, wire::IcmpError::host_unreachable);)},
      {Icmp::hard, SAYS(explore::send_icmp(peer, wire::IcmpError::port_unreachable);)},
      {Icmp::source_quench, SAYS(explore::send_icmp(peer, wire::IcmpError::source_quench);)},
      {Wait::moment, SAYS(co_await s.pause(20ms);)},
      {Wait::throttle, SAYS(co_await s.pause(600ms);)},
      {Wait::segment, SAYS(co_await peer.arrival(5s);)},
      {Wait::keepalive, SAYS(co_await s.pause(1200ms);)},
      {Wait::silence, SAYS(co_await s.pause(8s);)},
      {Wait::two_msl, SAYS(co_await s.pause(s.timer(s.profile().two_msl).latest);)},
      {Wait::not_quite, SAYS(co_await s.pause(s.timer(s.profile().two_msl).earliest - 2s);)},
  };
  return kAll;
}
// clang-format on

TEST(Source, IsThatOfTheAction) {
  for (const Said& said : all_said()) EXPECT_EQ(to_source(said.action), said.source) << describe(said.action);
}

/// Both in the same situation: something of the target's is not acknowledged, and its FIN is on its way.
Played in_fin_wait_1(const std::function<Task<>(Subject&)>& then) {
  return play_body([&then](Scenario& s) -> Task<> {
    auto beginning = begin(s, {.opening = Opening::passive, .timestamps = true});
    Subject subject = co_await beginning;
    subject.app->send("world");
    co_await settle(subject.peer);
    co_await then(subject);
    co_await settle(subject.peer, 700ms);
  });
}

TEST(Source, DoesWhatTheActionDoes) {
  for (const Said& said : all_said()) {
    const std::function<Task<>(Subject&)> by_action = [&](Subject& subject) { return perform(subject, said.action); };
    const std::function<Task<>(Subject&)> by_source = [&](Subject& subject) {
      return said.body(subject.scenario, subject.peer, *subject.app);
    };
    const Played action = in_fin_wait_1(by_action);
    const Played source = in_fin_wait_1(by_source);
    EXPECT_EQ(action.sent, source.sent) << said.source;
    EXPECT_EQ(action.duration, source.duration) << said.source;
    EXPECT_NE(action.verdict, Verdict::error) << said.source << ": " << action.finding.summary;
  }
}

TEST(Description, SaysPositionsAsTheStandardDoes) {
  EXPECT_EQ(describe(Send{.kind = Kind::text, .seq = SeqAt::inside, .ack = AckAt::una}), "text at R + 5, ACK = U");
  EXPECT_EQ(describe(Send{.kind = Kind::rst, .seq = SeqAt::right}), "a RST at R + W");
  EXPECT_EQ(describe(Send{.ack = AckAt::future, .stamp = StampAt::missing, .zero_window = true}),
            "an ACK at R, ACK = S + 1, window 0, without a timestamp");
  EXPECT_EQ(describe(Wait::two_msl), "TIME-WAIT passes");
}

TEST(Performing, LeavesOutACallThatNobodyCanMake) {
  const auto played = play_body([](Scenario& s) -> Task<> {
    auto beginning = begin(s, {});
    Subject subject = co_await beginning;
    const Action close = AppCall::close, state = AppCall::state;
    co_await perform(subject, close);
    co_await perform(subject, close);
    co_await perform(subject, state);
    EXPECT_EQ(subject.app, nullptr);
  });
  EXPECT_EQ(played.verdict, Verdict::pass) << played.finding.summary;
}

TEST(Performing, FillsTheWindowToWhatIsToBeLeft) {
  for (const std::uint32_t leave : {0U, 5U}) {
    const auto played = play_body([leave](Scenario& s) -> Task<> {
      auto connecting = s.established();
      auto [peer, app] = co_await connecting;
      co_await fill_window(peer, leave);
      EXPECT_EQ(peer.snd_wnd(), leave);
    });
    EXPECT_EQ(played.verdict, Verdict::pass) << played.finding.summary;
  }
}

}  // namespace
}  // namespace finwait::explore
