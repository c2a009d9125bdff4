// Action: one thing that a peer, an application, a router or time can do to a connection, said by position and not by
// number, so that the same action means the same wherever a connection stands. A plain value: the sweep (sweep.hpp) and
// the random walks (walk.hpp) are made of them, and each can be written down as the source of a case.
//
// R and W are the target's RCV.NXT and RCV.WND, U and S its SND.UNA and SND.NXT, M its MAX.SND.WND (RFC 5961).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "harness/run/peer.hpp"
#include "harness/wire/icmp.hpp"

namespace finwait::explore {

enum class Kind : std::uint8_t {
  ack,
  text,   ///< five octets, kText
  octet,  ///< one octet
  fin,
  text_fin,
  rst,
  rst_ack,
  rst_text,
  syn,
  syn_ack,
  bare,       ///< no control bit at all
  bare_text,  ///< the same, with text
  bare_fin,   ///< FIN without ACK
  urgent,     ///< text with URG
};
enum class SeqAt : std::uint8_t {
  far_below,  ///< R - 100000
  below,      ///< R - 1
  left,       ///< R
  inside,     ///< R + 5: what lies between is the text of one segment
  last,       ///< R + W - 1
  right,      ///< R + W
  beyond,     ///< R + W + 1
};
enum class AckAt : std::uint8_t {
  far_old,     ///< U - M - 100000
  too_old,     ///< U - M - 1: one below the range
  range_edge,  ///< U - M
  old,         ///< U - 1
  una,         ///< U
  part,        ///< S - 1
  all,         ///< S
  future,      ///< S + 1
  far_future,  ///< S + 100000
};
enum class StampAt : std::uint8_t {
  usual,    ///< a current one, if they were agreed on; with a SYN none
  older,    ///< a hundred seconds older than every one before: no stack takes it for reordered
  barely,   ///< ten milliseconds older than the last one
  equal,    ///< the last one again
  missing,  ///< none
  offered,  ///< a current one, whatever was agreed on
};

struct Send {
  Kind kind = Kind::ack;
  SeqAt seq = SeqAt::left;
  AckAt ack = AckAt::all;  ///< only of kinds with the ACK bit
  StampAt stamp = StampAt::usual;
  bool zero_window = false;
  bool operator==(const Send&) const = default;
};

/// Text until the target's window has no more than `leave` octets left.
struct Fill {
  std::uint32_t leave = 0;
  bool operator==(const Fill&) const = default;
};

enum class AppCall : std::uint8_t {
  close,
  abort,
  shut_rd,
  shut_wr,
  shut_rdwr,
  send,
  recv,
  keepalive,     ///< on, 1 s, every 1 s, 3 times
  linger_zero,   ///< SO_LINGER {1, 0}, for a later close
  user_timeout,  ///< 2.5 s
  state,
  error,  ///< SO_ERROR
};

enum class Icmp : std::uint8_t { soft, hard, source_quench };

enum class Wait : std::uint8_t {
  moment,     ///< 20 ms
  throttle,   ///< 600 ms: over every delay that is allowed and every throttle of answers
  segment,    ///< until the target sends something, 5 s at most: a retransmission, a probe
  keepalive,  ///< until a keepalive probe of AppCall::keepalive is due
  silence,    ///< 8 s: until what has short values has given up
  two_msl,    ///< until TIME-WAIT is over
  not_quite,  ///< until two seconds before it may be over
};

using Action = std::variant<Send, Fill, AppCall, Icmp, Wait>;

inline constexpr std::string_view kText = "hello";
inline constexpr std::uint32_t kFar = 100000;

/// Where a position lies on this connection now.
wire::SeqNum seq_at(const run::Peer& peer, SeqAt at);
wire::SeqNum ack_at(const run::Peer& peer, AckAt at);
/// The segment that Send stands for, on this connection now.
wire::Spec spec_of(const run::Peer& peer, const Send& send);
bool has_ack(Kind kind);
bool has_fin(Kind kind);
wire::IcmpError error_of(Icmp icmp);
/// How long it takes at most, where TIME-WAIT lasts so long.
Duration length_of(const Action& action, Duration two_msl);

/// For a reader: "text at R + 5, ACK = U".
std::string describe(const Action& action);
/// The same as a line of a CASE's body, in which `s`, `peer` and `app` are what they are there.
std::string to_source(const Action& action);

/// What a position is called in ids: "right-edge".
std::string_view name(SeqAt at);
std::string_view name(AckAt at);
std::string_view name(StampAt at);

}  // namespace finwait::explore
