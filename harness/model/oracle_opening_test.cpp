// The oracle where a connection is still being opened, and what closes it then.
#include <cerrno>

#include "harness/testing/talk.hpp"

namespace finwait::model {
namespace {

// A FIN, or text, before the SYN is no part of the stream that the SYN begins.
TEST(OracleOpening, what_comes_in_syn_sent_is_not_received) {
  Talk t;
  t.call(Call::Kind::connect).target(kSyn, 0, 0).peer(kFin | kAck, 0, 1, "x").call(Call::Kind::recv, {}, EAGAIN);
  t.peer(kSyn | kAck, 0, 1).target(kAck, 1, 1).call(Call::Kind::recv, {}, EAGAIN);
  EXPECT_EQ(t.peer(kAck, 1, 1, "hi").target(kAck, 1, 3).call(Call::Kind::recv, "hi").end(), "");
}

// 3.10.4: CLOSE in SYN-RECEIVED sends a FIN; until the SYN is acknowledged it may come again, too.
TEST(OracleOpening, close_in_syn_received) {
  Talk t;
  t.call(Call::Kind::connect).target(kSyn, 0, 0).peer(kSyn, 0, 0).target(kSyn | kAck, 0, 1);
  t.call(Call::Kind::close).target(kFin | kAck, 1, 1).wait(1s).target(kSyn | kAck, 0, 1);
  EXPECT_EQ(t.peer(kAck, 1, 2).end(), "");
  Talk silent;
  silent.call(Call::Kind::connect).target(kSyn, 0, 0).peer(kSyn, 0, 0).target(kSyn | kAck, 0, 1);
  EXPECT_EQ(silent.call(Call::Kind::close).end(2s), "RFC9293-3.10.4-CLOSE-SR");
}

// With text queued the CLOSE waits for ESTABLISHED, and is FIN-WAIT-1 then.
TEST(OracleOpening, close_with_text_in_syn_received) {
  const auto closed = [] {
    Talk t;
    t.call(Call::Kind::connect).target(kSyn, 0, 0).peer(kSyn, 0, 0).target(kSyn | kAck, 0, 1);
    t.call(Call::Kind::send, "hello").call(Call::Kind::close);
    return t;
  };
  Talk t = closed();
  EXPECT_EQ(t.peer(kAck, 1, 1).target(kFin | kPsh | kAck, 1, 1, "hello").peer(kAck, 1, 7).end(), "");
  Talk with_fin = closed();  // both close: CLOSING, and TIME-WAIT answers
  with_fin.peer(kFin | kAck, 1, 1).target(kAck, 1, 2).target(kFin | kPsh | kAck, 1, 2, "hello").peer(kAck, 2, 7);
  EXPECT_EQ(with_fin.peer(kFin | kAck, 1, 7).target(kAck, 7, 2).end(), "");
  Talk for_nobody = closed();
  EXPECT_EQ(for_nobody.peer(kAck | kPsh, 1, 1, "x").target(kRst, 1, 0).end(), "");
}

TEST(OracleOpening, the_syn_ack_of_a_simultaneous_open_offers_the_window) {
  Talk t;
  t.call(Call::Kind::connect).target(kSyn, 0, 0).peer(kSyn, 0, 0).target(kSyn | kAck, 0, 1);
  t.peer(kSyn | kAck, 0, 1).target(kAck, 1, 1).call(Call::Kind::send, "hello");
  EXPECT_EQ(t.target(kAck | kPsh, 1, 1, "hello").peer(kAck, 1, 6).end(), "");
}

TEST(OracleOpening, a_closed_listener) {
  Talk accepted;
  EXPECT_EQ(accepted.open().call(Call::Kind::unlisten).target(kRst, 1, 0).end(), "");
  Talk kept;
  EXPECT_EQ(kept.open().call(Call::Kind::unlisten).end(1s), "RFC9293-3.10.4-CLOSE-LISTEN");
  Talk late;
  late.call(Call::Kind::unlisten).peer(kSyn, 0, 0);
  EXPECT_EQ(late.target(kSyn | kAck, 0, 1).end(), "RFC9293-3.10.4-CLOSE-LISTEN");
}

}  // namespace
}  // namespace finwait::model
