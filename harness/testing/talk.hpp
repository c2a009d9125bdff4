// Talk: a conversation between a peer and a target, written down by hand, that an oracle is told.
#pragma once

#include <gtest/gtest.h>

#include "harness/model/oracle.hpp"
#include "harness/model/requirement.hpp"

namespace finwait::model {

using namespace std::chrono_literals;
using wire::kAck;
using wire::kFin;
using wire::kPsh;
using wire::kRst;
using wire::kSyn;
using wire::kUrg;

/// The standard's numbers, every axis as `choices` has it, exact timers.
inline Profile profile_with(Choices choices) {
  Profile profile = rfc9293_profile();
  profile.choices = Choices{Choice::rfc5961,   Choice::rfc5961_ack,       Choice::tw_rst_deletes, Choice::tw_no_reuse,
                            Choice::ts_strict, Choice::half_duplex_close, Choice::keepalive_off,  Choice::orphan_timer};
  if (const auto other = Choices::all().narrowed(choices); !choices.empty() && other) profile.choices = *other;
  profile.fin_wait_2_orphan = 60s;
  profile.challenge_throttle = 500ms;
  return profile;
}

/// A conversation. Numbers are relative to the two initial sequence numbers, which may be near the wrap-around.
class Talk {
 public:
  explicit Talk(std::uint32_t peer_iss = 1000, std::uint32_t target_iss = 5000, Choices choices = {},
                wire::Family family = wire::Family::ipv4)
      : profile(profile_with(choices)),
        oracle(profile, {}),
        peer_iss_(peer_iss),
        target_iss_(target_iss),
        family_(family) {}

  Talk& wait(Duration d) { return now_ += d, *this; }
  Talk& peer(wire::Flags flags, std::uint32_t seq, std::uint32_t ack, std::string_view text = {},
             wire::OptionList options = {}) {
    oracle.sent(segment(flags, peer_iss_, seq, target_iss_, ack, text, options), tick(), tag_++);
    return *this;
  }
  Talk& target(wire::Flags flags, std::uint32_t seq, std::uint32_t ack, std::string_view text = {},
               wire::OptionList options = {}) {
    oracle.received(segment(flags, target_iss_, seq, peer_iss_, ack, text, options), tick(), tag_++);
    return *this;
  }
  Talk& call(Call::Kind kind, std::string_view text = {}, int error = 0) {
    return call({.kind = kind, .error = error, .text = wire::to_bytes(text), .taken = text.size()});
  }
  Talk& set(SocketOption option, int value) {
    return call({.kind = Call::Kind::set, .option = option, .value = value});
  }
  Talk& take_error(int value) { return call({.kind = Call::Kind::take_error, .value = value}); }
  Talk& shutdown(How how) { return call({.kind = Call::Kind::shutdown, .how = how}); }
  /// About the target's segment with this number.
  Talk& icmp(wire::IcmpError error, std::uint32_t seq) {
    oracle.icmp({error, SeqNum(target_iss_) + seq}, tick(), tag_++);
    return *this;
  }
  /// The handshake of a passive open.
  Talk& open(wire::OptionList options = {}) {
    wire::OptionList own;
    if (options.timestamps()) own.timestamps(700, options.timestamps()->value);
    peer(kSyn, 0, 0, {}, options);
    target(kSyn | kAck, 0, 1, {}, own);
    wire::OptionList third;
    if (options.timestamps()) third.timestamps(options.timestamps()->value + 1, 700);
    return peer(kAck, 1, 1, {}, third);
  }
  /// The application closes, and its FIN is acknowledged: FIN-WAIT-2.
  Talk& fin_wait_2() {
    open().shutdown(How::wr);
    return target(kFin | kAck, 1, 1).peer(kAck, 1, 2);
  }
  Talk& time_wait() { return fin_wait_2().peer(kFin | kAck, 1, 2).target(kAck, 2, 2); }

  std::string end(Duration later = 0s) {
    wait(later);
    oracle.finish(now_);
    EXPECT_FALSE(oracle.lost());
    if (!oracle.violation()) return "";
    const Violation& v = *oracle.violation();
    EXPECT_NE(find_requirement(v.requirement), nullptr) << v.requirement;
    EXPECT_FALSE(v.summary.empty());
    return v.requirement;
  }

  Profile profile;
  Oracle oracle;
  std::uint16_t peer_window = 65535, target_window = 60000;

 private:
  Talk& call(Call one) {
    oracle.called(std::move(one), tick(), tag_++);
    return *this;
  }
  Instant tick() {
    now_ += 1ms;
    return {now_, now_};
  }
  wire::Segment segment(wire::Flags flags, std::uint32_t iss, std::uint32_t seq, std::uint32_t other, std::uint32_t ack,
                        std::string_view text, const wire::OptionList& options) const {
    wire::Segment s;
    const std::string address = family_ == wire::Family::ipv4 ? "198.18.0.1" : "2001:db8::1";
    s.source = s.destination = *wire::Address::from_string(address);
    s.flags = flags;
    s.seq = SeqNum(iss) + seq;
    if (flags.has(kAck)) s.ack = SeqNum(other) + ack;
    if (flags == kRst && iss == target_iss_) s.ack = SeqNum{};
    s.window = iss == peer_iss_ ? peer_window : target_window;
    s.payload = wire::to_bytes(text);
    s.options = options;
    return s;
  }

  std::uint32_t peer_iss_, target_iss_;
  wire::Family family_;
  TimePoint now_{1s};
  std::size_t tag_ = 0;
};

}  // namespace finwait::model
