// Detection: one case for each axis on which the standards leave a stack a choice (model/axes.hpp). They ask what the
// target does and not whether it is right; `finwait detect` runs them, they are in no catalogue.
#include <fmt/format.h>

#include "cases/steps.hpp"
#include "harness/wire/options.hpp"

namespace finwait {

FINWAIT_CHAPTER(detect)

namespace {

using model::Choice;
using model::Choices;
using Answers = std::vector<Received>;

// How far a sequence number is off where it has to be off.
constexpr std::uint32_t kOff = 1000;

bool any(const Answers& answers, wire::Flags flags) {
  return std::ranges::any_of(answers, [&](const Received& one) { return one.segment.flags.has(flags); });
}
/// One of them acknowledges all up to here.
bool acked(const Answers& answers, wire::SeqNum up_to) {
  return std::ranges::any_of(answers, [&](const Received& one) {
    return one.segment.flags.has(wire::kAck) && !one.segment.flags.any(wire::kRst) && one.segment.ack == up_to;
  });
}
std::string in_words(const Peer& peer, const Answers& answers) {
  if (answers.empty()) return "nothing";
  const std::string text = wire::describe(answers.front().segment, peer.irs(), peer.iss());
  return text.substr(0, text.find(" win"));
}

/// What the target does soon after this has been sent; a delayed ACK comes within the time.
Task<Answers> answers(Scenario& s, Peer& peer, wire::Spec spec) {
  peer.send(spec);
  co_await s.pause(kDelayedAck + kAtOnce);
  co_return peer.take_all();
}

/// A connection on which timestamps were offered.
Task<Connection> stamped(Scenario& s) {
  Peer& peer = s.new_peer();
  peer.send(syn().options(wire::OptionList().mss(1220).nop().nop().timestamps(peer.ts_now(), 0)));
  co_await peer.expect(syn_ack(), within(kDelayedAck));
  peer.send(ack());
  auto accepting = s.accept(peer);
  co_return co_await accepting;
}

/// A SYN for the four-tuple of a connection in TIME-WAIT: does it open a new one? What it opens is reset.
Task<bool> reopens(Scenario& s, Peer& peer, wire::Spec spec, wire::SeqNum seq, std::string& seen) {
  const auto got = co_await answers(s, peer, spec.seq(seq));
  seen += in_words(peer, got);
  const bool opened = any(got, wire::kSyn | wire::kAck);
  if (opened) peer.send(wire::Spec(wire::kRst).seq(seq + 1));
  co_return opened;
}

/// After a RST in TIME-WAIT: is the connection still there?
Task<bool> survives_rst(Scenario& s, Peer& peer) {
  peer.send(wire::Spec(wire::kRst));
  const auto probe = old_ack(peer);
  const auto got = co_await answers(s, peer, probe);
  co_return acked(got, peer.snd_nxt());
}

}  // namespace

CASE(hardening, "detect/hardening", "a RST inside the window, not at its edge", Lasts{3s}) {
  auto [peer, app] = co_await s.established();
  const auto inexact = wire::Spec(wire::kRst).seq(peer.snd_nxt() + 1);
  const auto first = co_await answers(s, peer, inexact);
  const auto text = data("x");
  const auto then = co_await answers(s, peer, text);
  const bool gone = any(then, wire::kRst);
  const bool lives = acked(then, peer.snd_nxt());
  Choices is;
  if (gone && first.empty()) is = {Choice::rfc793};
  if (lives && any(first, wire::kAck)) is = {Choice::rfc5961};
  s.detected(is, fmt::format("it drew {}, and the connection {}", in_words(peer, first),
                             lives ? "lives" : (gone ? "is gone" : "is silent")));
}

CASE(ack_range, "detect/ack-range",
     "a FIN that acknowledges what lies below SND.UNA - MAX.SND.WND, and one that does what was never sent, above it",
     Lasts{3s}) {
  auto [ancient, ancient_app] = co_await s.established();
  auto [unsent, unsent_app] = co_await s.established();
  const auto before = ancient.snd_nxt(), unsent_before = unsent.snd_nxt();
  const auto below = fin().ack(ancient.rcv_nxt() - ancient.max_rcv_wnd() - 1);
  const auto got = co_await answers(s, ancient, below);
  const auto above = fin().ack(unsent.irs() - 1);
  const auto then = co_await answers(s, unsent, above);
  Choices is;
  if (acked(got, before)) is = {acked(then, unsent_before) ? Choice::sent_ack : Choice::rfc5961_ack};
  if (acked(got, before + 1)) is = {Choice::any_old_ack};
  s.detected(is, fmt::format("they drew {} and {}", in_words(ancient, got), in_words(unsent, then)));
}

CASE(rst_in_time_wait, "detect/rst-in-time-wait", "a RST at RCV.NXT, at once and after 2.5 s", Lasts{5s}) {
  auto [young, young_app] = co_await s.established();
  auto [old, old_app] = co_await s.established();
  co_await time_wait(young, young_app);
  co_await time_wait(old, old_app);
  const Instant entered = old.last_event();
  if (!co_await survives_rst(s, young)) {
    s.detected({Choice::tw_rst_deletes}, "the connection is gone after it");
    co_return;
  }
  co_await s.until(entered, 2500ms);
  const bool survives = co_await survives_rst(s, old);
  s.detected(
      {survives ? Choice::tw_rst_ignored : Choice::tw_rst_ignored_2s},
      survives ? "the connection is there after each" : "the connection is there after the first, not the second");
}

CASE(syn_in_time_wait, "detect/syn-in-time-wait", "S(SEQ=R+1000), and with timestamps S(TSval+1, SEQ=R-1000)",
     Lasts{6s}) {
  auto [plain, app] = co_await s.established();
  co_await time_wait(plain, app);
  auto opening = stamped(s);
  auto [peer, stamped_app] = co_await opening;
  co_await time_wait(peer, stamped_app);
  const bool agreed = peer.timestamps();

  std::string seen = "the first drew ";
  const auto above = plain.snd_nxt() + kOff;
  const bool by_seq = co_await reopens(s, plain, syn(), above, seen);
  bool by_stamp = false;
  if (agreed) {
    seen += ", the second ";
    const auto newer = syn().options(wire::OptionList().nop().nop().timestamps(peer.ts_sent() + 1, 0));
    by_stamp = co_await reopens(s, peer, newer, peer.snd_nxt() - kOff, seen);
  }
  Choices is;
  if (by_seq && !agreed) is = {Choice::tw_reuse_by_seq, Choice::tw_reuse_rfc6191};  // the same without timestamps
  if (by_seq && agreed) is = {by_stamp ? Choice::tw_reuse_rfc6191 : Choice::tw_reuse_by_seq};
  if (!by_seq && !by_stamp) is = {Choice::tw_no_reuse};
  s.detected(is, seen + (agreed ? "" : "; timestamps are not to be had"));
}

CASE(timestamps, "detect/timestamps", "text without the option, once it is agreed on", Lasts{2s}) {
  auto opening = stamped(s);
  auto [peer, app] = co_await opening;
  if (!peer.timestamps()) {
    s.detected({Choice::ts_off}, "they are not in its SYN,ACK");
    co_return;
  }
  const auto bare = data("x").options(wire::OptionList());
  const auto got = co_await answers(s, peer, bare);
  s.detected({acked(got, peer.snd_nxt()) ? Choice::ts_lenient : Choice::ts_strict},
             fmt::format("text without them drew {}", in_words(peer, got)));
}

CASE(close_call, "detect/close", "text after close(), in FIN-WAIT-2", Lasts{2s}) {
  auto [peer, app] = co_await s.established();
  co_await fin_wait_2(peer, app);
  const auto text = data("x");
  const auto got = co_await answers(s, peer, text);
  Choices is;
  if (acked(got, peer.snd_nxt())) is = {Choice::simplex_close};
  if (any(got, wire::kRst)) is = {Choice::half_duplex_close};
  s.detected(is, fmt::format("it drew {}", in_words(peer, got)));
}

CASE(keepalive_default, "detect/keepalive", "an idle connection, with a system-wide idle time of 1 s", Lasts{4s},
     OwnSandbox{{{"net.ipv4.tcp_keepalive_time", "1"}}}) {
  auto [peer, app] = co_await s.established();
  const Duration enough = s.timer(1s).latest + kShortSilence;
  co_await s.pause(enough);
  if (!peer.take_all().empty()) {
    peer.send(ack());  // so that there is no other one at once
    s.detected({Choice::keepalive_on}, "it is probed though nobody has asked for it");
    co_return;
  }
  if (!s.target().capabilities().contains(Capability::keepalive)) {
    s.detected({Choice::no_keepalive, Choice::keepalive_off}, "it is not probed, and there is no call to ask for it");
    co_return;
  }
  app.keepalive({});
  co_await s.pause(enough);
  const bool probed = !peer.take_all().empty();
  if (probed) peer.send(ack());
  s.detected({probed ? Choice::keepalive_off : Choice::no_keepalive},
             probed ? "it is probed once the application has asked for it" : "it is not probed, asked for or not");
}

CASE(orphan, "detect/orphan-fin-wait-2", "a closed connection in FIN-WAIT-2, with tcp_fin_timeout = 2 s to be short",
     Lasts{4s}, OwnSandbox{{{"net.ipv4.tcp_fin_timeout", "2"}}}) {
  auto [early, early_app] = co_await s.established();
  auto [late, late_app] = co_await s.established();
  co_await fin_wait_2(early, early_app);
  co_await fin_wait_2(late, late_app);
  const Instant entered = late.last_event();
  const auto old = old_ack(early);
  const bool there = acked(co_await answers(s, early, old), early.snd_nxt());
  co_await s.until(entered, s.timer(2s).latest + kShortSilence);
  const auto probe = old_ack(late);
  const auto got = co_await answers(s, late, probe);
  Choices is;
  if (there && any(got, wire::kRst)) is = {Choice::orphan_timer};
  if (there && acked(got, late.snd_nxt())) is = {Choice::no_orphan_timer};
  s.detected(is, fmt::format("{} at once; after the time an old segment drew {}", there ? "there" : "gone",
                             in_words(late, got)));
}

}  // namespace finwait
