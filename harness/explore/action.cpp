#include "harness/explore/action.hpp"

#include <fmt/format.h>

#include <array>
#include <type_traits>

namespace finwait::explore {

using namespace std::chrono_literals;
using wire::SeqNum;

namespace {

constexpr std::uint16_t kMss = 1220;  // fits every family
constexpr std::uint32_t kInside = kText.size();

template <class Enum, class Row, std::size_t N>
const Row& row(const std::array<Row, N>& table, Enum value) {
  return table.at(static_cast<std::size_t>(value));
}

struct KindRow {
  wire::Flags flags;
  std::size_t text = 0;
  std::string_view words;   ///< for a reader
  std::string_view source;  ///< of a CASE
};
// clang-format off
constexpr std::array kKinds = std::to_array<KindRow>({
    {wire::kAck,                        0, "an ACK", "ack()"},
    {wire::kAck | wire::kPsh,           5, "text", "data(\"hello\")"},
    {wire::kAck | wire::kPsh,           1, "one octet", "data(\"h\")"},
    {wire::kFin | wire::kAck,           0, "a FIN", "fin()"},
    {wire::kFin | wire::kAck,           5, "text with FIN", "fin().payload(wire::to_bytes(\"hello\"))"},
    {wire::kRst,                        0, "a RST", "rst()"},
    {wire::kRst | wire::kAck,           0, "a RST with ACK", "rst().with(wire::kAck)"},
    {wire::kRst,                        5, "a RST with text", "rst().payload(wire::to_bytes(\"hello\"))"},
    {wire::kSyn,                        0, "a SYN", "syn()"},
    {wire::kSyn | wire::kAck,           0, "a SYN,ACK", "syn_ack()"},
    {wire::Flags{},                     0, "a segment without any flag", "wire::Spec()"},
    {wire::Flags{},                     5, "text without ACK", "wire::Spec().payload(wire::to_bytes(\"hello\"))"},
    {wire::kFin,                        0, "a FIN without ACK", "wire::Spec(wire::kFin)"},
    {wire::kAck | wire::kPsh | wire::kUrg, 5, "urgent text", "data(\"hello\").with(wire::kUrg).urgent(5)"},
});

struct PlaceRow {
  std::string_view name;    ///< in ids
  std::string_view words;   ///< for a reader
  std::string_view source;  ///< of a CASE
};
constexpr std::array kSeqs = std::to_array<PlaceRow>({
    {"far-below",   "R - 100000", "peer.snd_una() - 100000"},
    {"one-below",   "R - 1",      "peer.snd_una() - 1"},
    {"left-edge",   "R",          "peer.snd_una()"},
    {"inside",      "R + 5",      "peer.snd_una() + 5"},
    {"last-octet",  "R + W - 1",  "peer.snd_una() + (peer.snd_wnd() - 1)"},
    {"right-edge",  "R + W",      "peer.snd_una() + peer.snd_wnd()"},
    {"one-beyond",  "R + W + 1",  "peer.snd_una() + (peer.snd_wnd() + 1)"},
});
constexpr std::array kAcks = std::to_array<PlaceRow>({
    {"far-old",     "U - M - 100000", "peer.acked() - (peer.max_rcv_wnd() + 100000)"},
    {"too-old",     "U - M - 1",      "peer.acked() - (peer.max_rcv_wnd() + 1)"},
    {"range-edge",  "U - M",          "peer.acked() - peer.max_rcv_wnd()"},
    {"old",         "U - 1",          "peer.acked() - 1"},
    {"una",         "U",              "peer.acked()"},
    {"part",        "S - 1",          "peer.rcv_nxt() - 1"},
    {"all",         "S",              "peer.rcv_nxt()"},
    {"future",      "S + 1",          "peer.rcv_nxt() + 1"},
    {"far-future",  "S + 100000",     "peer.rcv_nxt() + 100000"},
});
constexpr std::array kStamps = std::to_array<PlaceRow>({
    {"",        "",                                    ""},
    {"older",   "with a timestamp 100 s older than all before", "peer.ts_first() - 100000"},
    {"barely",  "with a timestamp 10 ms older than the last", "peer.ts_sent() - 10"},
    {"equal",   "with the last timestamp again",       "peer.ts_sent()"},
    {"missing", "without a timestamp",                 ""},
    {"offered", "with a timestamp",                    "peer.ts_now()"},
});

struct Words {
  std::string_view words, source;
};
constexpr std::array kCalls = std::to_array<Words>({
    {"close()", "app.close();"},
    {"abort: SO_LINGER {1, 0} and close()", "app.abort();"},
    {"shutdown(RD)", "(void)app.try_shutdown(How::rd);"},
    {"shutdown(WR)", "(void)app.try_shutdown(How::wr);"},
    {"shutdown(RDWR)", "(void)app.try_shutdown(How::rdwr);"},
    {"send()", "(void)app.try_send(\"world\");"},
    {"recv()", "(void)co_await app.recv(4096, 20ms);"},
    {"keepalive on, after 1 s, every 1 s, 3 times", "app.keepalive({.idle = 1s, .interval = 1s, .count = 3});"},
    {"SO_LINGER {1, 0}", "app.set(SocketOption::linger_s, 0);"},
    {"a user timeout of 2.5 s", "app.set(SocketOption::user_timeout_ms, 2500);"},
    {"the state is asked for", "(void)app.state();"},
    {"SO_ERROR is asked for", "(void)app.take_error();"},
});
constexpr std::array kErrors = std::to_array<Words>({
    {"a soft ICMP error about the target's last segment", "explore::send_icmp(peer, wire::IcmpError::host_unreachable);"},
    {"a hard ICMP error about the target's last segment", "explore::send_icmp(peer, wire::IcmpError::port_unreachable);"},
    {"source quench about the target's last segment", "explore::send_icmp(peer, wire::IcmpError::source_quench);"},
});
constexpr std::array kWaits = std::to_array<Words>({
    {"20 ms pass", "co_await s.pause(20ms);"},
    {"600 ms pass", "co_await s.pause(600ms);"},
    {"until the target sends something, 5 s at most", "co_await peer.arrival(5s);"},
    {"1.2 s pass", "co_await s.pause(1200ms);"},
    {"8 s pass", "co_await s.pause(8s);"},
    {"TIME-WAIT passes", "co_await s.pause(s.timer(s.profile().two_msl).latest);"},
    {"TIME-WAIT passes but for 2 s", "co_await s.pause(s.timer(s.profile().two_msl).earliest - 2s);"},
});
// clang-format on
constexpr std::array<Duration, 7> kLengths{20ms, 600ms, 5s, 1200ms, 8s, 0s, 0s};

wire::OptionList options_of(const run::Peer& peer, const Send& send) {
  wire::OptionList list;
  const bool syn = row(kKinds, send.kind).flags.any(wire::kSyn);
  if (syn) list.mss(kMss);
  switch (send.stamp) {
    case StampAt::older:
      list.timestamps(peer.ts_first() - 100000, peer.ts_seen());
      break;
    case StampAt::barely:
      list.timestamps(peer.ts_sent() - 10, peer.ts_seen());
      break;
    case StampAt::equal:
      list.timestamps(peer.ts_sent(), peer.ts_seen());
      break;
    case StampAt::usual:  // of a SYN, which offers them or not
    case StampAt::missing:
      break;
    case StampAt::offered:
      list.timestamps(peer.ts_now(), peer.ts_seen());
      break;
  }
  return list;
}

bool leaves_options_unset(const Send& send) {
  return send.stamp == StampAt::usual && !row(kKinds, send.kind).flags.any(wire::kSyn);
}

std::string options_source(const Send& send) {
  if (leaves_options_unset(send)) return "";
  const std::string_view value = row(kStamps, send.stamp).source;
  const bool syn = row(kKinds, send.kind).flags.any(wire::kSyn);
  std::string list = "wire::OptionList()";
  if (syn) list += fmt::format(".mss({})", kMss);
  if (!value.empty()) list += fmt::format(".timestamps({}, peer.ts_seen())", value);
  return fmt::format(".options({})", list);
}

std::string words_of(const Send& send) {
  std::string text = fmt::format("{} at {}", row(kKinds, send.kind).words, row(kSeqs, send.seq).words);
  if (has_ack(send.kind)) text += fmt::format(", ACK = {}", row(kAcks, send.ack).words);
  if (send.zero_window) text += ", window 0";
  if (send.stamp != StampAt::usual) text += fmt::format(", {}", row(kStamps, send.stamp).words);
  return text;
}

std::string source_of(const Send& send) {
  std::string spec = fmt::format("{}.seq({})", row(kKinds, send.kind).source, row(kSeqs, send.seq).source);
  if (has_ack(send.kind) && send.ack != AckAt::all) spec += fmt::format(".ack({})", row(kAcks, send.ack).source);
  if (send.zero_window) spec += ".window(0)";
  return fmt::format("peer.send({}{});", spec, options_source(send));
}

template <class Row, std::size_t N>
constexpr bool whole(const std::array<Row, N>& /*table*/, std::size_t last) {
  return N == last + 1;
}
static_assert(whole(kKinds, static_cast<std::size_t>(Kind::urgent)));
static_assert(whole(kSeqs, static_cast<std::size_t>(SeqAt::beyond)));
static_assert(whole(kAcks, static_cast<std::size_t>(AckAt::far_future)));
static_assert(whole(kStamps, static_cast<std::size_t>(StampAt::offered)));
static_assert(whole(kCalls, static_cast<std::size_t>(AppCall::error)));
static_assert(whole(kErrors, static_cast<std::size_t>(Icmp::source_quench)));
static_assert(whole(kWaits, static_cast<std::size_t>(Wait::not_quite)));
static_assert(whole(kLengths, static_cast<std::size_t>(Wait::not_quite)));

}  // namespace

bool has_ack(Kind kind) { return row(kKinds, kind).flags.any(wire::kAck); }
bool has_fin(Kind kind) { return row(kKinds, kind).flags.any(wire::kFin); }

SeqNum seq_at(const run::Peer& peer, SeqAt at) {
  const SeqNum left = peer.snd_una();
  switch (at) {
    case SeqAt::far_below:
      return left - kFar;
    case SeqAt::below:
      return left - 1;
    case SeqAt::left:
      return left;
    case SeqAt::inside:
      return left + kInside;
    case SeqAt::last:
      return left + (peer.snd_wnd() - 1);
    case SeqAt::right:
      return left + peer.snd_wnd();
    case SeqAt::beyond:
      return left + (peer.snd_wnd() + 1);
  }
  return left;
}

SeqNum ack_at(const run::Peer& peer, AckAt at) {
  const SeqNum all = peer.rcv_nxt();
  switch (at) {
    case AckAt::far_old:
      return peer.acked() - (peer.max_rcv_wnd() + kFar);
    case AckAt::too_old:
      return peer.acked() - (peer.max_rcv_wnd() + 1);
    case AckAt::range_edge:
      return peer.acked() - peer.max_rcv_wnd();
    case AckAt::old:
      return peer.acked() - 1;
    case AckAt::una:
      return peer.acked();
    case AckAt::part:
      return all - 1;
    case AckAt::all:
      return all;
    case AckAt::future:
      return all + 1;
    case AckAt::far_future:
      return all + kFar;
  }
  return all;
}

wire::Spec spec_of(const run::Peer& peer, const Send& send) {
  const KindRow& kind = row(kKinds, send.kind);
  wire::Spec spec(kind.flags);
  spec.seq(seq_at(peer, send.seq));
  if (has_ack(send.kind)) spec.ack(ack_at(peer, send.ack));
  if (kind.text > 0) spec.payload(wire::to_bytes(kText.substr(0, kind.text)));
  if (kind.flags.any(wire::kUrg)) spec.urgent(static_cast<std::uint16_t>(kind.text));
  if (send.zero_window) spec.window(0);
  if (!leaves_options_unset(send)) spec.options(options_of(peer, send));
  return spec;
}

wire::IcmpError error_of(Icmp icmp) {
  switch (icmp) {
    case Icmp::soft:
      return wire::IcmpError::host_unreachable;
    case Icmp::hard:
      return wire::IcmpError::port_unreachable;
    case Icmp::source_quench:
      return wire::IcmpError::source_quench;
  }
  return wire::IcmpError::host_unreachable;
}

Duration length_of(const Action& action, Duration two_msl) {
  if (std::holds_alternative<Fill>(action)) return 3s;
  const auto* wait = std::get_if<Wait>(&action);
  if (wait == nullptr) return std::holds_alternative<AppCall>(action) ? Duration(20ms) : Duration{0};
  return *wait >= Wait::two_msl ? two_msl + two_msl / 16 : row(kLengths, *wait);
}

std::string describe(const Action& action) {
  return std::visit(
      [](const auto& what) -> std::string {
        using What = std::decay_t<decltype(what)>;
        if constexpr (std::is_same_v<What, Send>) return words_of(what);
        if constexpr (std::is_same_v<What, Fill>)
          return fmt::format("text that leaves {} octets of window", what.leave);
        if constexpr (std::is_same_v<What, AppCall>) return std::string(row(kCalls, what).words);
        if constexpr (std::is_same_v<What, Icmp>) return std::string(row(kErrors, what).words);
        if constexpr (std::is_same_v<What, Wait>) return std::string(row(kWaits, what).words);
      },
      action);
}

std::string to_source(const Action& action) {
  return std::visit(
      [](const auto& what) -> std::string {
        using What = std::decay_t<decltype(what)>;
        if constexpr (std::is_same_v<What, Send>) return source_of(what);
        if constexpr (std::is_same_v<What, Fill>) {
          return fmt::format("co_await explore::fill_window(peer, {});", what.leave);
        }
        if constexpr (std::is_same_v<What, AppCall>) return std::string(row(kCalls, what).source);
        if constexpr (std::is_same_v<What, Icmp>) return std::string(row(kErrors, what).source);
        if constexpr (std::is_same_v<What, Wait>) return std::string(row(kWaits, what).source);
      },
      action);
}

std::string_view name(SeqAt at) { return row(kSeqs, at).name; }
std::string_view name(AckAt at) { return row(kAcks, at).name; }
std::string_view name(StampAt at) { return row(kStamps, at).name; }

}  // namespace finwait::explore
