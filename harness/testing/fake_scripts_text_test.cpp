// Conversations in which defects show: text, windows and acknowledgments.
#include <array>

#include "harness/testing/fake_scripts_test.hpp"

namespace finwait::testing {
namespace {

using namespace std::chrono_literals;
using wire::kAck;
using wire::kFin;
using wire::kUrg;

void above_a_gap(Talk& t) {
  t.establish();
  t.send(kAck, 3, 1, "cd");
  t.send(kAck, 1, 1, "ab");
  t.read();
  t.send(kAck, 4, 1, "de");  // "d" again
  t.read();
}

void beyond_the_window(Talk& t) {
  t.establish();
  t.fill_window();
  t.send(kAck, 65536, 1, "x");
}

void text_and_fin_in_parts(Talk& t) {
  t.establish();
  t.app_sends("abc");
  t.shut();
  t.send(kAck, 1, 4);
  t.note_state();
  t.wait(2s);
}

void nothing_new_in_closing(Talk& t) {
  t.establish();
  t.shut();
  t.send(kFin | kAck, 1, 1);
  t.send(kAck, 2, 1);
}

void nothing_new_in_last_ack(Talk& t) {
  t.establish();
  t.send(kFin | kAck, 1, 1);
  t.shut();
  t.send(kAck, 2, 1);
}

void window_in_close_wait(Talk& t) {
  t.establish();
  t.window = 0;
  t.send(kFin | kAck, 1, 1);
  t.app_sends("held back");
  t.window = 100;
  t.send(kAck, 2, 1);
}

void second_fin(Talk& t) {
  t.establish();
  t.send(kFin | kAck, 1, 1);
  t.send(kFin | kAck, 2, 1);
}

void long_ago(Talk& t) {
  t.establish();
  t.send(kFin | kAck, 1, 1U - 65536);
}

void urgent(Talk& t) {
  t.establish();
  t.send(kAck | kUrg, 1, 1, "!");
  t.read();
}

void aborted_in_fin_wait_2(Talk& t) {
  t.establish();
  t.shut();
  t.send(kAck, 1, 2);
  (void)t.app->abort();
  t.app.reset();
}

constexpr std::array<Script, 10> kScripts{
    above_a_gap,
    beyond_the_window,
    text_and_fin_in_parts,
    nothing_new_in_closing,
    nothing_new_in_last_ack,
    window_in_close_wait,
    second_fin,
    long_ago,
    urgent,
    aborted_in_fin_wait_2,
};

}  // namespace

std::span<const Script> text_scripts() { return kScripts; }

}  // namespace finwait::testing
