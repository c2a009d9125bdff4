// The fake TCP without defects against the event x state table: calls of the application, orphans, and what is queued
// behind a window.
#include <gmock/gmock.h>

#include <array>

#include "harness/testing/fake_peer_test.hpp"

namespace finwait::testing {
namespace {

using namespace std::chrono_literals;
using target::How;
using target::SocketOption;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using wire::kAck;
using wire::kFin;
using wire::kRst;

using Steps = void (*)(FakePeer&);

void shut(FakePeer& peer) { (void)peer.app->shutdown(How::wr); }

struct Place {
  TcpState state;
  Steps enter;  ///< from ESTABLISHED
};

constexpr std::array<Place, 7> kPlaces{{
    {TcpState::established, [](FakePeer&) {}},
    {TcpState::fin_wait_1, shut},
    {TcpState::fin_wait_2,
     [](FakePeer& peer) {
       shut(peer);
       peer.send(kAck, 1, 2);
     }},
    {TcpState::close_wait, [](FakePeer& peer) { peer.send(kFin | kAck, 1, 1); }},
    {TcpState::closing,
     [](FakePeer& peer) {
       shut(peer);
       peer.send(kFin | kAck, 1, 1);
     }},
    {TcpState::last_ack,
     [](FakePeer& peer) {
       peer.send(kFin | kAck, 1, 1);
       shut(peer);
     }},
    {TcpState::time_wait,
     [](FakePeer& peer) {
       shut(peer);
       peer.send(kFin | kAck, 1, 2);
     }},
}};

/// What a call sends in each of these places, "-" for nothing.
std::vector<std::string> told(void (*call)(FakePeer&)) {
  std::vector<std::string> all;
  for (const Place& place : kPlaces) {
    FakePeer peer;
    peer.establish();
    place.enter(peer);
    (void)peer.replies();
    call(peer);
    const auto replies = peer.replies();
    all.push_back(replies.empty() ? "-" : replies[0]);
  }
  return all;
}

TEST(FakeCalls, close) {
  const auto close = [](FakePeer& peer) {
    (void)peer.app->close();
    peer.app.reset();
  };
  EXPECT_THAT(told(close), ElementsAre("F. 1 ack 1", "-", "-", "F. 1 ack 2", "-", "-", "-"));
}

TEST(FakeCalls, close_with_linger_zero_and_abort) {
  const auto linger = [](FakePeer& peer) {
    (void)peer.app->set(SocketOption::linger_s, 0);
    (void)peer.app->close();
    peer.app.reset();
  };
  const auto abort = [](FakePeer& peer) {
    (void)peer.app->abort();
    peer.app.reset();
  };
  const auto wanted = ElementsAre("R. 1 ack 1", "R. 2 ack 1", "R. 2 ack 1", "R. 1 ack 2", "-", "-", "-");
  EXPECT_THAT(told(linger), wanted);
  EXPECT_THAT(told(abort), wanted);
}

TEST(FakeCalls, shutdown) {
  const auto rd = [](FakePeer& peer) { (void)peer.app->shutdown(How::rd); };
  EXPECT_THAT(told(rd), ElementsAre("-", "-", "-", "-", "-", "-", "-"));
  for (const Place& place : kPlaces) {
    FakePeer peer;
    peer.establish();
    place.enter(peer);
    const bool late =
        place.state == TcpState::closing || place.state == TcpState::last_ack || place.state == TcpState::time_wait;
    EXPECT_EQ(peer.app->shutdown(How::wr).result().has_value(), !late) << to_string(place.state);
    EXPECT_EQ(peer.send_error(), "EPIPE") << to_string(place.state);
  }
}

// SHLD-3: text that was acknowledged and that nobody will read. In the late states there is nobody left to tell.
TEST(FakeCalls, close_with_unread_text) {
  struct Try {
    bool shut_first;
    wire::Flags flags;
    std::uint32_t ack;
    std::string_view reply;
  };
  const std::array<Try, 6> tries{{{false, kAck, 1, "R. 1 ack 2"},
                                  {true, kAck, 1, "R. 2 ack 2"},
                                  {true, kAck, 2, "R. 2 ack 2"},
                                  {false, kFin | kAck, 1, "R. 1 ack 3"},
                                  {true, kFin | kAck, 1, ""},
                                  {true, kFin | kAck, 2, ""}}};
  for (const Try& one : tries) {
    FakePeer peer;
    peer.establish();
    if (one.shut_first) shut(peer);
    peer.send(one.flags, 1, one.ack, "x");
    (void)peer.replies();
    (void)peer.app->close();
    peer.app.reset();
    const auto replies = peer.replies();
    EXPECT_EQ(replies.empty() ? "" : replies[0], one.reply);
  }
}

TEST(FakeCalls, orphans_refuse_text_where_it_would_be_next) {
  struct Try {
    std::uint32_t seq;
    wire::Flags flags;
    std::string_view text;
    std::string_view reply;
  };
  const std::array<Try, 6> tries{{{1, kAck, "x", "R 1"},
                                  {0, kAck, "?x", "R 1"},
                                  {1, kFin | kAck, "x", "R 1"},
                                  {2, kAck, "y", ". 2 ack 1"},
                                  {2, kFin | kAck, "", ". 2 ack 1"},
                                  {1, kFin | kAck, "", ". 2 ack 2"}}};
  for (const Try& one : tries) {
    FakePeer peer;
    peer.establish();
    (void)peer.app->close();
    peer.app.reset();
    (void)peer.replies();
    peer.send(one.flags, one.seq, 1, one.text);
    EXPECT_THAT(peer.replies(), ElementsAre(one.reply)) << one.seq << one.text;
  }
}

class FakeWindows : public ::testing::Test, protected FakePeer {};

// What leaves because the window opens acknowledges all of the segment that opened it.
TEST_F(FakeWindows, text_and_fin_leave_last) {
  establish();
  window = 0;
  send(kAck, 1, 1);
  app_sends("ab");
  (void)app->shutdown(How::wr);
  send(kAck, 1, 1, "x");
  send(kAck, 70000, 1);
  EXPECT_THAT(replies(), ElementsAre(". 1 ack 2", ". 1 ack 2"));  // the FIN is not sent, and SND.NXT says so
  window = 10;
  send(kFin | kAck, 2, 1, "y");
  EXPECT_THAT(replies(), ElementsAre(". 1 ack 4", "F. 1:3 ack 4"));
  EXPECT_EQ(state(), TcpState::closing);
}

TEST_F(FakeWindows, an_ack_from_before_snd_una_tells_no_window) {
  establish();
  app_sends("a");
  send(kAck, 1, 2);
  window = 0;
  send(kAck, 1, 1, "x");
  (void)replies();
  app_sends("b");
  EXPECT_THAT(replies(), ElementsAre("P. 2:3 ack 2"));
}

// MUST-37: the peer has taken its window back and answers.
TEST_F(FakeWindows, what_is_outstanding_in_a_closed_window_is_not_given_up) {
  establish();
  app_sends("a");
  window = 0;
  for (int i = 0; i < 100; i++) {
    wait(120s);
    send(kAck, 1, 1);
  }
  EXPECT_EQ(state(), TcpState::established);
}

TEST_F(FakeWindows, the_window_is_what_the_peer_has_been_told) {
  establish();
  for (std::uint32_t i = 0; i < 49; i++) send(kAck, 1 + i * 1300, 1, std::string(1300, 'x'));
  (void)app->recv(60000);
  (void)replies();
  send(kRst, 65536);  // beyond what was told, although there is room by now
  EXPECT_THAT(replies(), IsEmpty());
  send(kRst, 65535);
  EXPECT_THAT(replies(), ElementsAre(". 1 ack 63701"));
  send(kRst, 65536);  // told now
  EXPECT_THAT(replies(), ElementsAre(". 1 ack 63701"));
}

TEST_F(FakeWindows, text_above_a_gap_is_cut_at_the_edge) {
  establish();
  for (std::uint32_t i = 0; i < 50; i++) send(kAck, 1 + i * 1310, 1, std::string(1310, 'x'));
  (void)replies();
  send(kFin | kAck, 65502, 1, std::string(100, 'y'));
  (void)app->recv(65500);
  (void)replies();
  send(kAck, 65501, 1, "z");
  EXPECT_THAT(replies(), ElementsAre(". 1 ack 65536"));
}

}  // namespace
}  // namespace finwait::testing
