// Conversations in which defects show: timestamps.
#include <array>

#include "harness/testing/fake_scripts_test.hpp"

namespace finwait::testing {
namespace {

using namespace std::chrono_literals;
using wire::kAck;
using wire::kFin;
using wire::kRst;
using wire::kSyn;

void with_timestamps(Talk& t) {
  t.ts_value = 100;
  t.establish();
  t.wait(5s);
}

void old_timestamp(Talk& t) {
  with_timestamps(t);
  t.ts_value = 99;
  t.send(kAck, 1, 1, "old");
  t.read();
  t.send(kRst, 1);
  t.note_state();
}

void no_timestamp(Talk& t) {
  with_timestamps(t);
  t.ts_value.reset();
  t.send(kAck, 1, 1, "without");
  t.read();
}

void unasked(Talk& t) {
  t.establish();
  t.ts_value = 100;
  t.send(kAck, 1, 1, "with");
  t.read();
}

void newer_above_a_gap(Talk& t) {
  with_timestamps(t);
  t.ts_value = 200;
  t.send(kAck, 3, 1, "cd");
  t.ts_value = 150;
  t.send(kAck, 1, 1, "ab");
  t.read();
}

void newer_in_a_reset(Talk& t) {
  with_timestamps(t);
  t.ts_value = 200;
  t.send(kRst, 0);
  t.ts_value = 150;
  t.send(kAck, 1, 1, "ab");
  t.read();
}

void after_a_month(Talk& t) {
  with_timestamps(t);
  t.wait(24h * 30);
  t.ts_value = 99;
  t.send(kAck, 1, 1, "old");
  t.read();
}

void closing(Talk& t) {
  with_timestamps(t);
  t.shut();
  t.send(kAck, 70000, 1);
}

void aborted(Talk& t) {
  with_timestamps(t);
  (void)t.app->abort();
  t.app.reset();
}

/// TIME-WAIT whose connection had timestamps (the last was 100) or none (before 0), and a SYN with another or none (0).
template <std::uint32_t before, std::uint32_t value, std::uint32_t seq>
void syn_in_time_wait(Talk& t) {
  if (before != 0) t.ts_value = before;
  t.establish();
  t.shut();
  t.send(kFin | kAck, 1, 2);
  t.ts_value.reset();
  if (value != 0) t.ts_value = value;
  t.send(kSyn, seq);
}

constexpr std::array<Script, 13> kScripts{
    old_timestamp,
    no_timestamp,
    unasked,
    newer_above_a_gap,
    newer_in_a_reset,
    after_a_month,
    closing,
    aborted,
    syn_in_time_wait<100, 101, 0>,
    syn_in_time_wait<100, 100, 0>,
    syn_in_time_wait<100, 99, 1000>,
    syn_in_time_wait<100, 0, 1000>,
    syn_in_time_wait<0, 101, 0>,
};

}  // namespace

std::span<const Script> timestamp_scripts() { return kScripts; }

}  // namespace finwait::testing
