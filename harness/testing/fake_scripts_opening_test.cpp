// Conversations in which defects show: opening, and ICMP errors.
#include <array>

#include "harness/testing/fake_scripts_test.hpp"

namespace finwait::testing {
namespace {

using namespace std::chrono_literals;
using wire::IcmpError;
using wire::kAck;
using wire::kFin;
using wire::kRst;
using wire::kSyn;

void answered(Talk& t) {
  t.open_actively();
  t.send(kFin | kAck, 0, 1);
  t.note_opened();
  t.send(kSyn | kAck, 0, 1);
  t.note_opened();
}

void simultaneous(Talk& t) {
  t.open_actively();
  t.send(kSyn);
  t.send(kSyn | kAck, 0, 1);
  t.note_opened();
}

void simultaneous_refused(Talk& t) {
  t.open_actively();
  t.send(kSyn);
  t.send(kRst, 1);
  t.note_opened();
}

void simultaneous_given_up(Talk& t) {
  t.open_actively();
  t.send(kSyn);
  t.close();
}

void half_open(Talk& t) {
  t.listen();
  t.send(kSyn);
  t.send(kFin, 1);
  t.send(kAck, 1, 1000);
  t.send(kAck, 1, 0);
  t.send(kSyn, 1);
}

void half_open_and_reset(Talk& t) {
  t.listen();
  t.send(kSyn);
  t.send(kRst, 1);
  t.send(kAck, 1, 1);
}

void fin_with_the_handshake(Talk& t) {
  t.listen();
  t.send(kSyn);
  t.send(kFin | kAck, 1, 1, "x");
}

void listener_goes(Talk& t) {
  t.listen();
  t.send(kSyn);
  t.send(kAck, 1, 1);
  t.listener.reset();
}

void old_syn_in_time_wait(Talk& t) {
  t.establish();
  t.shut();
  t.send(kFin | kAck, 1, 2);
  const SeqNum irs = t.irs;
  t.send(kSyn, 1000);
  t.send(kRst, 1001);
  t.irs = irs;
  t.send(kFin | kAck, 1, 2);
}

void syn_ack_in_time_wait(Talk& t) {
  t.establish();
  t.shut();
  t.send(kFin | kAck, 1, 2);
  t.send(kSyn | kAck, 1000, 2);
}

template <IcmpError error, std::uint32_t seq_error>
void icmp_at_open(Talk& t) {
  t.open_actively();
  t.icmp(error, seq_error);
  t.note_opened();
}

template <IcmpError error>
void icmp_later(Talk& t) {
  t.establish();
  t.app_sends("lost");
  t.icmp(error);
  t.read();
}

constexpr std::array<Script, 15> kScripts{
    answered,
    simultaneous,
    simultaneous_refused,
    simultaneous_given_up,
    half_open,
    half_open_and_reset,
    fin_with_the_handshake,
    listener_goes,
    old_syn_in_time_wait,
    syn_ack_in_time_wait,
    icmp_at_open<IcmpError::port_unreachable, 0>,
    icmp_at_open<IcmpError::port_unreachable, 1>,
    icmp_at_open<IcmpError::host_unreachable, 0>,
    icmp_later<IcmpError::host_unreachable>,
    icmp_later<IcmpError::source_quench>,
};

}  // namespace

std::span<const Script> opening_scripts() { return kScripts; }

}  // namespace finwait::testing
