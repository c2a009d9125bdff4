// What the fake TCP knows of one connection (RFC 9293 3.3.1), as a plain value.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "harness/target/target.hpp"
#include "harness/time.hpp"
#include "harness/wire/segment.hpp"

namespace finwait::testing {

using target::TcpState;
using wire::Bytes;
using wire::ByteView;
using wire::Endpoint;
using wire::SeqNum;

struct KeepaliveTimer {
  bool on = false;
  Duration idle{};
  Duration interval{};
  int count = 0;
  int unanswered = 0;
  std::optional<TimePoint> at;
};

/// How many challenge ACKs resets have drawn, and since when.
struct Throttle {
  TimePoint since{};
  int count = 0;
};

struct Tcb {
  std::uint64_t id = 0;  ///< orders timers that are due at the same time
  Endpoint local, peer;
  TcpState state = TcpState::closed;
  bool active = false;                   ///< opened by connect()
  std::shared_ptr<Tcb> old_incarnation;  ///< in TIME-WAIT, until the new one is established (RFC 9293 MAY-2)

  // Sending. The queue holds what is not acknowledged, from SND.UNA on; SND.NXT says how much of it has been sent.
  SeqNum iss, snd_una, snd_nxt, snd_wl1, snd_wl2;
  std::uint32_t snd_wnd = 0, max_snd_wnd = 0;
  std::uint16_t mss = 536;  ///< of text and options together
  Bytes queue;
  bool syn_acked = false;
  bool fin_wanted = false;  ///< the application has closed: a FIN follows the queue
  bool fin_sent = false, fin_acked = false;
  SeqNum fin_ack;  ///< what our first FIN acknowledged

  // Receiving.
  SeqNum irs, rcv_nxt;
  SeqNum rcv_edge;  ///< the right edge of the window that the peer knows of
  Bytes unread;
  std::vector<wire::Segment> held;  ///< above a gap
  bool peer_fin = false;

  // Timestamps (RFC 7323).
  bool timestamps = false;  ///< both SYNs have offered them
  std::uint32_t ts_offset = 0, ts_recent = 0;
  TimePoint ts_recent_at{};  ///< when TS.Recent was last confirmed
  SeqNum last_ack_sent;

  // The application's view.
  bool orphan = false;  ///< nobody holds the socket any more
  bool read_shut = false, write_shut = false;
  int error = 0;                               ///< SO_ERROR
  int soft_error = 0;                          ///< the same, when there is no other
  std::vector<std::function<bool()>> waiting;  ///< calls to try again after every event, until they say they are done
  int linger_s = -1;
  bool lingers = true;                 ///< close() waits on
  std::optional<TimePoint> linger_at;  ///< until then at most
  std::optional<int> linger2_s;
  bool nodelay = false;

  Throttle challenges;

  // Timers.
  Duration rto{};
  std::optional<Duration> srtt;
  Duration rttvar{};
  std::optional<std::pair<SeqNum, TimePoint>> timed;  ///< the octet whose ACK is an RTT sample, and when it was sent
  int retries = 0;                                    ///< of the front of the queue, or unanswered window probes
  int probe_backoff = 0;
  TimePoint waiting_since{};        ///< when the front of the queue was first sent
  Duration user_timeout{};          ///< zero: none
  std::optional<TimePoint> rto_at;  ///< retransmission, or a window probe when nothing is outstanding
  std::optional<TimePoint> end_at;  ///< 2MSL, or the end of an orphan in FIN-WAIT-2
  std::optional<TimePoint> ack_at, fin_at;
  KeepaliveTimer keepalive;
  TimePoint heard{};             ///< when the last segment came
  std::optional<TimePoint> due;  ///< under which the TCP has filed it

  [[nodiscard]] std::uint32_t outstanding() const { return snd_nxt.value() - snd_una.value(); }
  /// Octets of the queue that have been sent.
  [[nodiscard]] std::size_t sent() const {
    const std::uint32_t syn = syn_acked || outstanding() == 0 ? 0 : 1;
    return std::min<std::size_t>(outstanding() - syn, queue.size());
  }
  [[nodiscard]] bool unsent() const { return sent() < queue.size() || (fin_wanted && !fin_sent); }
  /// RCV.WND: what is left of the window that the peer knows of.
  [[nodiscard]] std::uint32_t window() const {
    return wire::after(rcv_nxt, rcv_edge) ? 0 : static_cast<std::uint32_t>(rcv_edge - rcv_nxt);
  }
  /// The window to tell the peer next.
  [[nodiscard]] std::uint16_t room() const {
    return static_cast<std::uint16_t>(65535 - std::min<std::size_t>(65535, unread.size()));
  }
  /// How much text fits into a segment of ours (RFC 9293 3.7.1, Eff.snd.MSS).
  [[nodiscard]] std::size_t most_text() const { return mss - (timestamps ? std::size_t{12} : 0); }
  /// May still hold text from the peer: ESTABLISHED, FIN-WAIT-1, FIN-WAIT-2.
  [[nodiscard]] bool receives() const {
    return state == TcpState::established || state == TcpState::fin_wait_1 || state == TcpState::fin_wait_2;
  }
  /// CLOSING, LAST-ACK, TIME-WAIT: both sides have closed.
  [[nodiscard]] bool late() const {
    return state == TcpState::closing || state == TcpState::last_ack || state == TcpState::time_wait;
  }
  void stop_timers() {
    rto_at = end_at = ack_at = fin_at = std::nullopt;
    keepalive.at.reset();
  }
};

}  // namespace finwait::testing
