// The fake TCP without defects against the event x state table, cell by cell: segments in the synchronized states.
#include <gmock/gmock.h>

#include <array>
#include <optional>

#include "harness/testing/fake_peer_test.hpp"

namespace finwait::testing {
namespace {

using namespace std::chrono_literals;
using target::How;
using ::testing::ElementsAre;
using wire::kAck;
using wire::kFin;
using wire::kRst;
using wire::kSyn;
using wire::kUrg;

constexpr std::uint32_t kWindow = 65535;

/// A connection in one of the synchronized states, with nothing but the FINs sent.
class Cell : public FakePeer {
 public:
  Cell(TcpState wanted, bool timestamps) {
    if (timestamps) ts_value = 100;
    establish();
    const bool closes_first = wanted == TcpState::fin_wait_1 || wanted == TcpState::fin_wait_2 ||
                              wanted == TcpState::closing || wanted == TcpState::time_wait;
    if (closes_first) shut();
    if (wanted == TcpState::fin_wait_2 || wanted == TcpState::time_wait) send(kAck, 1, una = 2);
    const bool peer_closes =
        wanted != TcpState::established && wanted != TcpState::fin_wait_1 && wanted != TcpState::fin_wait_2;
    if (peer_closes) send(kFin | kAck, std::exchange(rcv_nxt, 2), una);
    if (wanted == TcpState::last_ack) shut();
    (void)replies();
    EXPECT_EQ(state(), wanted);
  }
  void shut() {
    (void)app->shutdown(How::wr);
    snd_nxt = 2;
  }
  std::uint32_t rcv_nxt = 1, snd_nxt = 1, una = 1;  // the target's, relative
};

enum class Acks : std::uint8_t { una, all };

struct Row {
  std::string_view name;
  wire::Flags flags;
  std::uint32_t seq;  ///< from RCV.NXT on
  Acks base;
  std::uint32_t ack;  ///< from there on
  std::string_view text;
  /// In ESTABLISHED, FIN-WAIT-1, FIN-WAIT-2, CLOSE-WAIT, CLOSING, LAST-ACK, TIME-WAIT: the reply ("-": none, "n": an
  /// ACK that does not cover the segment, "i": one that does, "S": SYN-ACK), and the next state when it is another.
  std::array<std::string_view, 7> wanted;
};

constexpr std::array kStates{TcpState::established, TcpState::fin_wait_1, TcpState::fin_wait_2, TcpState::close_wait,
                             TcpState::closing,     TcpState::last_ack,   TcpState::time_wait};

constexpr std::uint32_t kBelow = 0xffffffff;  // RCV.NXT - 1
constexpr Acks kUna = Acks::una, kAll = Acks::all;
constexpr wire::Flags kNone{}, kFinAck = kFin | kAck, kSynAck = kSyn | kAck, kUrgAck = kUrg | kAck;

// clang-format off
constexpr std::array kRows = std::to_array<Row>({
    // name               flags    seq          ACK               text  EST        FW1            FW2           CW         CLG           LA          TW
    {"DATA",              kAck,    0,           kUna, 0,          "x",  {"i",      "i",           "i",          "-",       "-",          "-",        "n"}},
    {"DATA overlapping",  kAck,    kBelow,      kUna, 0,          "?x", {"i",      "i",           "i",          "-",       "-",          "-",        "n"}},
    {"DATA+ACKFIN",       kAck,    0,           kAll, 0,          "x",  {"i",      "i FIN-WAIT-2","i",          "-",       "n TIME-WAIT","- CLOSED", "n"}},
    {"OOO",               kAck,    1,           kUna, 0,          "x",  {"n",      "n",           "n",          "-",       "-",          "-",        "n"}},
    {"OOO at the edge",   kAck,    kWindow - 1, kUna, 0,          "xy", {"n",      "n",           "n",          "-",       "-",          "-",        "n"}},
    {"FIN",               kFinAck, 0,           kUna, 0,          "",   {"i CLOSE-WAIT","i CLOSING","i TIME-WAIT","-",      "-",          "-",        "n"}},
    {"FIN+ACKFIN",        kFinAck, 0,           kAll, 0,          "",   {"i CLOSE-WAIT","i TIME-WAIT","i TIME-WAIT","-",    "n TIME-WAIT","- CLOSED", "n"}},
    {"DATA+FIN",          kFinAck, 0,           kUna, 0,          "x",  {"i CLOSE-WAIT","i CLOSING","i TIME-WAIT","-",      "-",          "-",        "n"}},
    {"FIN-OOO",           kFinAck, 1,           kUna, 0,          "",   {"n",      "n",           "n",          "-",       "-",          "-",        "n"}},
    {"DUPFIN",            kFinAck, kBelow,      kUna, 0,          "",   {"n",      "n",           "n",          "n",       "n",          "n",        "n"}},
    {"DUPFIN, ACK=F+1",   kFinAck, kBelow,      kAll, 0,          "",   {"n",      "n",           "n",          "n",       "n",          "n",        "n"}},
    {"ACKFIN",            kAck,    0,           kAll, 0,          "",   {"-",      "- FIN-WAIT-2","-",          "-",       "- TIME-WAIT","- CLOSED", "-"}},
    {"OLDACK",            kAck,    0,           kUna, 0,          "",   {"-",      "-",           "-",          "-",       "-",          "-",        "-"}},
    {"OLDACK, U-M",       kAck,    0,           kUna, 0-kWindow,  "",   {"-",      "-",           "-",          "-",       "-",          "-",        "-"}},
    {"TOOOLD-ACK",        kAck,    0,           kUna, 0-kWindow-1,"",   {"n",      "n",           "n",          "n",       "n",          "n",        "n"}},
    {"TOOOLD-ACK, FIN",   kFinAck, 0,           kUna, 0-kWindow-1,"x",  {"n",      "n",           "n",          "n",       "n",          "n",        "n"}},
    {"FUTURE-ACK",        kAck,    0,           kAll, 1,          "",   {"n",      "n",           "n",          "n",       "n",          "n",        "n"}},
    {"FUTURE-ACK, FIN",   kFinAck, 0,           kAll, 1,          "x",  {"n",      "n",           "n",          "n",       "n",          "n",        "n"}},
    {"OTW",               kAck,    kWindow,     kUna, 0,          "x",  {"n",      "n",           "n",          "n",       "n",          "n",        "n"}},
    {"OTW, empty",        kAck,    kWindow,     kAll, 0,          "",   {"n",      "n",           "n",          "n",       "n",          "n",        "n"}},
    {"OTW, no ACK bit",   kFin,    kWindow,     kUna, 0,          "",   {"n",      "n",           "n",          "n",       "n",          "n",        "n"}},
    {"KAPROBE",           kAck,    kBelow,      kAll, 0,          "",   {"n",      "n",           "n",          "n",       "n",          "n",        "n"}},
    {"KAPROBE, octet",    kAck,    kBelow,      kUna, 0,          "?",  {"n",      "n",           "n",          "n",       "n",          "n",        "n"}},
    {"NOACK, FIN",        kFin,    0,           kUna, 0,          "",   {"-",      "-",           "-",          "-",       "-",          "-",        "-"}},
    {"NOACK, text",       kNone,   0,           kUna, 0,          "x",  {"-",      "-",           "-",          "-",       "-",          "-",        "-"}},
    {"RST-EXACT",         kRst,    0,           kUna, 0,          "",   {"- CLOSED","- CLOSED",   "- CLOSED",   "- CLOSED","- CLOSED",   "- CLOSED", "- CLOSED"}},
    {"RST-EXACT, text",   kRst,    0,           kUna, 0,          "why",{"- CLOSED","- CLOSED",   "- CLOSED",   "- CLOSED","- CLOSED",   "- CLOSED", "- CLOSED"}},
    {"RST-INWIN",         kRst,    1,           kUna, 0,          "",   {"n",      "n",           "n",          "n",       "n",          "n",        "n"}},
    {"RST-INWIN, edge",   kRst,    kWindow - 1, kUna, 0,          "",   {"n",      "n",           "n",          "n",       "n",          "n",        "n"}},
    {"RST-OTW, below",    kRst,    kBelow,      kUna, 0,          "",   {"-",      "-",           "-",          "-",       "-",          "-",        "-"}},
    {"RST-OTW, above",    kRst,    kWindow,     kUna, 0,          "",   {"-",      "-",           "-",          "-",       "-",          "-",        "-"}},
    {"SYN-INWIN",         kSyn,    0,           kUna, 0,          "",   {"n",      "n",           "n",          "n",       "n",          "n",        "S SYN-RECEIVED"}},
    {"SYN-OTW-LOW",       kSyn,    kBelow,      kUna, 0,          "",   {"n",      "n",           "n",          "n",       "n",          "n",        "-"}},
    {"SYN-OTW-HIGH",      kSyn,    kWindow,     kUna, 0,          "",   {"n",      "n",           "n",          "n",       "n",          "n",        "S SYN-RECEIVED"}},
    {"SYNACK",            kSynAck, 0,           kAll, 0,          "",   {"n",      "n",           "n",          "n",       "n",          "n",        "n"}},
    {"SYNACK, FIN",       kSynAck | kFin, 0,    kAll, 0,          "x",  {"n",      "n",           "n",          "n",       "n",          "n",        "n"}},
    {"URG",               kUrgAck, 0,           kUna, 0,          "x",  {"i",      "i",           "i",          "-",       "-",          "-",        "n"}},
});
// clang-format on

/// What came, in the words of the table.
std::string reply_of(const Cell& cell, const Row& row, const std::vector<std::string>& replies) {
  if (replies.empty()) return "-";
  if (replies.size() > 1) return fmt::format("{}, {}", replies[0], replies[1]);
  std::string text = replies[0];
  if (const auto at = text.find(" ts "); at != std::string::npos) {
    if (!text.ends_with("ecr 100")) return text;
    text.resize(at);
  } else if (cell.ts_value) {
    return "no timestamps: " + text;
  }
  const auto octets = static_cast<std::uint32_t>(row.text.size()) + (row.flags.any(kFin) ? 1 : 0);
  if (text == fmt::format(". {} ack {}", cell.snd_nxt, cell.rcv_nxt)) return "n";
  if (text == fmt::format(". {} ack {}", cell.snd_nxt, cell.rcv_nxt + row.seq + octets)) return "i";
  if (text == fmt::format("S. 0 ack {}", cell.rcv_nxt + row.seq + 1)) return "S";
  return text;
}

std::string outcome(const Row& row, TcpState state, bool timestamps) {
  Cell cell(state, timestamps);
  const std::uint32_t base = row.base == Acks::una ? cell.una : cell.snd_nxt;
  cell.send(row.flags, cell.rcv_nxt + row.seq, base + row.ack, row.text);
  const std::string reply = reply_of(cell, row, cell.replies());
  // The socket of a connection that has given way to another stays what it was.
  const TcpState next = reply == "S" ? TcpState::syn_received : cell.state();
  return next == state ? reply : fmt::format("{} {}", reply, to_string(next));
}

TEST(FakeCells, segments_in_synchronized_states) {
  for (const bool timestamps : {false, true}) {
    for (const Row& row : kRows) {
      for (std::size_t i = 0; i < kStates.size(); i++) {
        EXPECT_EQ(outcome(row, kStates.at(i), timestamps), row.wanted.at(i))
            << row.name << " in " << to_string(kStates.at(i)) << (timestamps ? " with timestamps" : "");
      }
    }
  }
}

// PAWSFAIL, NOTS, RST-PAWSFAIL and the SYNs, whatever else the segment is.
TEST(FakeCells, timestamps_in_synchronized_states) {
  const auto reply = [](TcpState state, std::optional<std::uint32_t> value, wire::Flags flags, std::uint32_t seq) {
    Cell cell(state, true);
    cell.ts_value = value;
    cell.send(flags, cell.rcv_nxt + seq, cell.snd_nxt, flags.any(kSyn | kFin) ? "" : "x");
    std::string text = cell.made == nullptr || cell.seen.empty() ? "-" : cell.seen[0].text;
    if (const auto at = text.find(" ts"); at != std::string::npos) text.resize(at);
    const bool n = text == fmt::format(". {} ack {}", cell.snd_nxt, cell.rcv_nxt);
    return (n ? "n" : text) + (cell.state() == state ? "" : fmt::format(" {}", to_string(cell.state())));
  };
  for (const TcpState state : kStates) {
    SCOPED_TRACE(to_string(state));
    for (const auto flags : {kAck, kFinAck, kNone, kFin}) {
      EXPECT_EQ(reply(state, 99, flags, 0), "n");
      EXPECT_EQ(reply(state, std::nullopt, flags, 0), "-");
      EXPECT_EQ(reply(state, std::nullopt, flags, kBelow), "-");
    }
    for (const auto value : {std::optional<std::uint32_t>(99), std::optional<std::uint32_t>()}) {
      EXPECT_EQ(reply(state, value, kRst, 0), "- CLOSED");
      EXPECT_EQ(reply(state, value, kRst, 1), "n");
      EXPECT_EQ(reply(state, value, kRst, kBelow), "-");
    }
    if (state == TcpState::time_wait) continue;
    for (const auto value : {std::optional<std::uint32_t>(99), std::optional<std::uint32_t>(100),
                             std::optional<std::uint32_t>(101), std::optional<std::uint32_t>()}) {
      EXPECT_EQ(reply(state, value, kSyn, 0), "n");
      EXPECT_EQ(reply(state, value, kSynAck, kWindow), "n");
    }
  }
}

// With our window closed the ACK of an otherwise unacceptable segment counts, and so does a RST (MUST-66).
TEST(FakeCells, closed_window) {
  const auto closed = [](Talk& talk) {
    talk.establish();
    talk.app_sends("y");
    talk.shut();
    talk.fill_window();
    (void)talk.replies();
  };
  struct Try {
    wire::Flags flags;
    std::uint32_t seq, ack;
    std::string_view text;
    std::vector<std::string> replies;
    TcpState next;
  };
  const std::vector<std::string> acked{". 3 ack 65536"};
  const std::vector<Try> tries{
      {kAck, 65536, 3, "x", acked, TcpState::fin_wait_2},    {kFinAck, 65536, 3, "", acked, TcpState::fin_wait_2},
      {kFinAck, 65536, 1, "x", acked, TcpState::fin_wait_1}, {kAck, 65536, 3, "", {}, TcpState::fin_wait_2},
      {kAck, 65536, 4, "x", acked, TcpState::fin_wait_1},    {kAck, 65537, 3, "", acked, TcpState::fin_wait_1},
      {kNone, 65536, 0, "x", acked, TcpState::fin_wait_1},   {kRst, 65536, 0, "", {}, TcpState::closed},
      {kRst, 65537, 0, "", {}, TcpState::fin_wait_1},        {kSyn, 65536, 0, "", acked, TcpState::fin_wait_1}};
  for (const Try& one : tries) {
    Talk talk({});
    closed(talk);
    talk.send(one.flags, one.seq, one.ack, one.text);
    EXPECT_EQ(talk.replies(), one.replies) << to_string(one.flags) << " " << one.seq << " " << one.ack;
    EXPECT_EQ(talk.state(), one.next) << to_string(one.flags) << " " << one.seq << " " << one.ack;
  }
}

// FIN-EDGE: the FIN one past the window is cut off, the last octet in it is not.
TEST(FakeCells, fin_at_the_edge) {
  for (const bool fits : {false, true}) {
    FakePeer peer;
    peer.establish();
    const std::string most(65535 - 65500 - (fits ? 1 : 0), 'z');
    for (std::uint32_t i = 0; i < 50; i++) peer.send(kAck, 1 + i * 1310, 1, std::string(1310, 'x'));
    (void)peer.replies();
    peer.send(kFinAck, 65501, 1, most);
    EXPECT_THAT(peer.replies(), ElementsAre(". 1 ack 65536"));
    EXPECT_EQ(peer.state(), fits ? TcpState::close_wait : TcpState::established);
  }
}

}  // namespace
}  // namespace finwait::testing
