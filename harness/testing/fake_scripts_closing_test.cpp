// Conversations in which defects show: closing, resets, keepalive.
#include <array>

#include "harness/testing/fake_scripts_test.hpp"

namespace finwait::testing {
namespace {

using namespace std::chrono_literals;
using target::SocketOption;
using wire::kAck;
using wire::kFin;
using wire::kRst;
using wire::kSyn;

void no_connection(Talk& t) {
  t.send(kSyn);
  t.send(kAck, 1, 42);
  t.send(kRst, 1);
  t.listen();
  t.send(kRst, 1);
  t.send(kFin, 1);
  t.send(kAck, 1, 42);
}

void embryonic(Talk& t) {
  t.listen();
  t.send(kSyn);
  t.wait(300s);
}

// Two at a time: they must not start at the same number.
void active_open(Talk& t) {
  const auto peer = t.made->first_peer_address(t.family);
  auto first = *t.made->connect({peer, wire::Port{9}}, {});
  t.drain();
  const SeqNum one = t.irs;
  auto second = *t.made->connect({peer, wire::Port{9}}, {});
  t.drain();
  t.note(t.irs == one ? "same ISS" : "");
  t.wait(300s);
  t.note(first.done.ready() ? first.done.result().error().name() : "waits");
}

void active_open_answered(Talk& t) {
  const auto peer = t.made->first_peer_address(t.family);
  auto bare = *t.made->connect({peer, wire::Port{1234}}, {});
  t.drain();
  t.target_port = wire::Port{32768};
  t.send(kAck, 1, 500);
  t.send(kRst, 0);
  t.note(bare.done.ready() ? "refused" : "waits");
  t.send(kRst | kAck, 0, 1);
  t.note(bare.done.ready() ? "refused" : "waits");
}

void active_open_abandoned(Talk& t) {
  t.open_actively();
  t.close();
}

void active_close(Talk& t) {
  t.establish();
  t.note(t.send_error());
  t.send(kAck, 1, 2);
  t.shut();
  t.note(t.send_error());
  t.send(kAck, 1, 3);
  t.send(kAck, 1, 3, "late");
  t.read();
  t.wait(100s);
  t.send(kFin | kAck, 5, 3, "end");
  t.read();
  t.read();
  t.send(kFin | kAck, 8, 3);
  t.wait(40s);
  t.send(kFin | kAck, 8, 3);
  t.wait(30s);
  t.note_state();
  t.wait(31s);
  t.note_state();
  t.wait(200s);
  t.send(kAck, 9, 3);
}

void orphan(Talk& t) {
  t.establish();
  (void)t.app->close();
  t.app.reset();
  t.wait(1500ms);
  t.send(kAck, 1, 2);
  t.send(kAck, 1, 2, "more");
}

void orphan_to_the_end(Talk& t) {
  t.establish();
  (void)t.app->close();
  t.app.reset();
  t.send(kAck, 1, 2);
  t.wait(40s);
  t.send(kAck, 0, 2);
}

void close_after_shutdown(Talk& t) {
  t.establish();
  t.shut();
  (void)t.app->close();
  t.app.reset();
  t.send(kFin | kAck, 1, 2);
}

void fin_is_lost(Talk& t) {
  t.establish();
  t.shut();
  t.wait(500ms);
  t.send(kFin | kAck, 1, 1);
  t.wait(2000s);
  t.read();
}

void data_is_lost(Talk& t) {
  t.establish();
  t.app_sends("lost");
  t.wait(2000s);
  t.read();
}

void user_timeout(Talk& t) {
  t.establish();
  t.set(SocketOption::user_timeout_ms, 5000);
  t.app_sends("lost");
  t.wait(20s);
  t.read();
}

void passive_close(Talk& t) {
  t.establish();
  t.send(kFin | kAck, 1, 1, "hello");
  t.wait(1s);
  t.note(t.send_error());
  t.send(kFin | kAck, 6, 2);
  t.send(kAck, 7, 2, "after");
  t.read();
  t.read();
  t.wait(100s);
  t.shut();
  t.send(kFin | kAck, 6, 2);
  t.send(kAck, 7, 3);
  t.wait(1s);
  t.note_state();
}

void simultaneous_close(Talk& t) {
  t.establish();
  t.shut();
  t.send(kFin | kAck, 1, 1);
  t.send(kFin | kAck, 1, 1);
  t.note_state();
  t.send(kAck, 2, 2);
  t.note_state();
}

void three_segments(Talk& t) {
  t.establish();
  t.shut();
  t.send(kFin | kAck, 1, 2);
  t.note_state();
}

void odd_fins(Talk& t) {
  t.establish();
  t.send(kFin, 1);
  t.note_state();
  t.send(kFin | kAck, 1, 99);
  t.note_state();
  t.send(kFin | kAck, 70000, 1);
  t.note_state();
  t.send(kFin | kAck, 2, 1);
  t.note_state();
  t.send(kAck, 1, 1, "x");
  t.read();
  t.read();
}

void fin_waits_for_the_window(Talk& t) {
  t.establish();
  t.window = 0;
  t.send(kAck, 1, 1);
  t.app_sends("ab");
  t.shut();
  for (int i = 0; i < 8; i++, t.send(kAck, 1, 1)) t.wait(5s);
  t.window = 100;
  t.send(kAck, 1, 1);
}

void full_window(Talk& t) {
  t.establish();
  t.app_sends("y");
  t.fill_window();
  t.send(kAck, 65536, 2, "x");
  t.wait(1s);
  t.send(kRst, 65536);
  t.note(t.send_error());
}

void unread_data(Talk& t) {
  t.establish();
  t.send(kAck, 1, 1, "unread");
  t.wait(1s);
  (void)t.app->close();
  t.app.reset();
}

void aborted(Talk& t) {
  t.establish();
  (void)t.app->abort();
  t.app.reset();
}

void aborted_late(Talk& t) {
  t.establish();
  t.shut();
  t.send(kFin | kAck, 1, 1);
  (void)t.app->abort();
  t.app.reset();
}

template <std::uint32_t seq, bool with_data, bool after_fin>
void reset(Talk& t) {
  t.establish();
  if (after_fin) t.shut();
  t.send(kRst, seq, 0, with_data ? "why" : "");
  t.note(t.send_error());
  t.read();
  t.note(t.send_error());
}

void unacceptable(Talk& t) {
  t.establish();
  t.app_sends("z");
  t.send(kAck, 1, 99);
  t.wait(100ms);
  t.send(kAck, 1, 2);
  t.send(kAck, 70000, 2);
  t.send(kAck, 0, 2, "g");
  t.read();
  t.send(kSyn, 9);
  t.read();
}

void time_wait_ends_with_its_socket(Talk& t) {
  t.establish();
  t.shut();
  t.send(kFin | kAck, 1, 2);
  (void)t.app->close();
  t.app.reset();
  t.send(kAck, 2, 2);
}

template <std::uint32_t seq>
void reopen(Talk& t) {
  t.establish();
  t.shut();
  t.send(kFin | kAck, 1, 2);
  const SeqNum old = t.irs;
  t.send(kSyn, seq);
  t.note(wire::before(t.irs, old) ? "lower ISS" : "");
}

void keepalive_default(Talk& t) {
  t.establish();
  t.note(std::to_string(*t.app->get(SocketOption::keepalive_idle_s).result()));
  t.wait(10000s);
}

void keepalive_unanswered(Talk& t) {
  t.establish();
  t.keepalive();
  t.wait(50s);
  t.send(kAck, 1, 1);
  t.wait(50s);
  t.send(kAck, 1, 1, "x");
  t.read();
  t.wait(105s);
  for (int i = 0; i < 4; i++) {
    t.send(kAck, 2, 1);
    t.wait(105s);
  }
  t.wait(1000s);
  t.read();
}

void keepalive_switched_off(Talk& t) {
  t.establish();
  t.keepalive();
  t.set(SocketOption::keepalive, 0);
  t.wait(1000s);
}

void keepalive_reset(Talk& t) {
  t.establish();
  t.keepalive();
  t.wait(100s);
  t.send(kRst, 1);
  t.read();
}

void keepalive_close_wait(Talk& t) {
  t.establish();
  t.keepalive();
  t.send(kFin | kAck, 1, 1);
  t.wait(110s);
}

void keepalive_fin_wait(Talk& t) {
  t.establish();
  t.keepalive();
  t.shut();
  t.wait(300s);
  t.send(kAck, 1, 2);
  t.wait(110s);
  t.set(SocketOption::keepalive_idle_s, 5);
  t.send(kFin | kAck, 1, 2);
  t.wait(10s);
}

void keepalive_data(Talk& t) {
  t.establish();
  t.keepalive();
  t.app_sends("lost");
  t.wait(150s);
}

constexpr std::array<Script, 37> kScripts{
    no_connection,
    embryonic,
    active_open,
    active_open_answered,
    active_open_abandoned,
    active_close,
    orphan,
    orphan_to_the_end,
    fin_is_lost,
    close_after_shutdown,
    data_is_lost,
    user_timeout,
    passive_close,
    three_segments,
    simultaneous_close,
    odd_fins,
    full_window,
    unread_data,
    aborted,
    fin_waits_for_the_window,
    aborted_late,
    reset<1, 0, 0>,
    reset<1, 1, 0>,
    reset<1, 0, 1>,
    reset<0, 0, 0>,
    reset<2, 0, 0>,
    unacceptable,
    reopen<0>,
    reopen<1000>,
    keepalive_default,
    keepalive_unanswered,
    keepalive_reset,
    keepalive_fin_wait,
    keepalive_data,
    keepalive_switched_off,
    keepalive_close_wait,
    time_wait_ends_with_its_socket,
};

}  // namespace

std::span<const Script> closing_scripts() { return kScripts; }

}  // namespace finwait::testing
