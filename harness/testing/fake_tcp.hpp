// FakeTcp: a small TCP of our own on a virtual clock, for tests. Right by default (RFC 9293, 5961, 6298, with the
// sockets of Linux where the standard leaves a choice), and wrong on demand: see fake_defects.hpp.
//
//   fake_tcp.cpp         connections, listeners, opening, what a segment without a connection draws
//   fake_tcp_input.cpp   SEGMENT ARRIVES (3.10.7)
//   fake_tcp_text.cpp    text and FIN of an acceptable segment, ACKs of ours
//   fake_tcp_output.cpp  what is sent
//   fake_tcp_timers.cpp  timeouts (3.10.8) and keepalive (3.8.4)
//   fake_tcp_calls.cpp   the application's calls
//   fake_tcp_timestamps.cpp  RFC 7323, and RFC 6191 in TIME-WAIT
//   fake_tcp_icmp.cpp    ICMP errors (3.9.2.2)
//
// Where standards leave a choice: challenge ACKs and the range of old ACKs of RFC 5961, a RST ends TIME-WAIT, a SYN
// there as RFC 6191 has it, strict timestamps, half-duplex close, keepalive off, 60 s for an orphan in FIN-WAIT-2. No
// window scale.
#pragma once

#include <deque>
#include <map>

#include "harness/engine/loop.hpp"
#include "harness/model/profile.hpp"
#include "harness/testing/fake_defects.hpp"
#include "harness/testing/fake_tcb.hpp"
#include "harness/wire/patch.hpp"

namespace finwait::testing {

class FakeTcp {
 public:
  using TcbPtr = std::shared_ptr<Tcb>;
  using Emit = std::function<void(Bytes)>;

  struct Settings {
    Duration keepalive_idle{};
    Duration keepalive_interval{};
    int keepalive_count = 0;
    Duration fin_timeout{};  ///< how long an orphan stays in FIN-WAIT-2
    bool rfc1337 = false;    ///< resets do not end TIME-WAIT
    int retries = 15;        ///< R2: about 15 minutes
    int orphan_retries = 15;
    int syn_retries = 7;  ///< four minutes: RFC 9293 MUST-23 asks for three
    int syn_ack_retries = 7;
    bool throttle = true;  ///< of challenge ACKs to resets: ten in five seconds (RFC 5961 7)
  };

  FakeTcp(const engine::Waiter& clock, const model::Profile& profile, Defects defects, Emit emit);
  FakeTcp(const FakeTcp&) = delete;
  FakeTcp& operator=(const FakeTcp&) = delete;

  Settings settings;

  /// Nobody listens any more to what is sent.
  void detach() {
    emit_ = [](const Bytes&) {};
  }
  /// One IP packet from the peer. What is malformed or has a wrong checksum is dropped.
  void packet(ByteView octets);
  [[nodiscard]] std::optional<TimePoint> next_deadline() const;
  void advance_to(TimePoint now);

  // The application's calls. Those that would wait fail with EAGAIN; whoever waits puts itself into Tcb::waiting.
  /// Not a port that is listened on, and without `reuse` not one of a connection that there is.
  [[nodiscard]] bool listen(const Endpoint& local, target::ListenOptions options);
  void unlisten(const Endpoint& local);
  /// The oldest connection from this peer that has been established and not been accepted, or nullptr.
  TcbPtr accept(const Endpoint& local, const Endpoint& peer);
  /// Called again after every event at the listener until it returns true.
  void wait_at(const Endpoint& local, std::function<bool()> attempt);
  /// nullptr: there is such a connection.
  TcbPtr connect(const wire::Address& local, const Endpoint& peer, std::optional<wire::Port> chosen = {});
  Result<std::size_t> send(const TcbPtr& tcb, ByteView octets);
  Result<Bytes> recv(Tcb& tcb, std::size_t most);
  Result<void> shutdown(const TcbPtr& tcb, target::How how);
  void close(const TcbPtr& tcb);
  void abort(const TcbPtr& tcb);
  Result<void> set(const TcbPtr& tcb, target::SocketOption option, int value);
  [[nodiscard]] target::Readiness poll(const Tcb& tcb) const;
  /// close(), and until when whoever called it waits.
  void lingering_close(const TcbPtr& tcb, Duration limit);
  [[nodiscard]] static Result<int> get(const Tcb& tcb, target::SocketOption option);

 private:
  struct Listener {
    std::deque<TcbPtr> ready;
    std::vector<std::function<bool()>> waiting;
    std::size_t backlog = 0;
  };
  using Key = std::pair<Endpoint, Endpoint>;

  [[nodiscard]] bool has(Defect defect) const { return defects_.contains(defect); }
  [[nodiscard]] TimePoint now() const { return clock_.now(); }

  // Connections.
  TcbPtr make_tcb(const Endpoint& local, const Endpoint& peer);
  [[nodiscard]] SeqNum new_iss(const Endpoint& local, const Endpoint& peer) const;
  /// After every event: wakes who waits, files the next timer, forgets a closed connection.
  void settle(const TcbPtr& tcb);
  void wake_listener(const Endpoint& local);
  void established(Tcb& tcb);
  /// The connection is gone; `error` is what the application learns.
  void drop(Tcb& tcb, int error);
  void no_connection(const wire::Segment& segment);
  void listener_arrives(const wire::Segment& segment);
  void passive_open(const wire::Segment& syn, SeqNum iss, const TcbPtr& old_incarnation);

  // SEGMENT ARRIVES.
  void arrives(const TcbPtr& tcb, const wire::Segment& segment);
  void arrives_syn_sent(Tcb& tcb, const wire::Segment& segment);
  void arrives_synchronized(const TcbPtr& tcb, const wire::Segment& segment);
  static void adopt_user_timeout(Tcb& tcb, const wire::Segment& segment);
  bool taken_without_ack(Tcb& tcb, const wire::Segment& segment);
  void restart_idle(Tcb& tcb, const wire::Segment& segment);
  [[nodiscard]] std::uint32_t receive_window(const Tcb& tcb) const;
  [[nodiscard]] bool acceptable(const Tcb& tcb, const wire::Segment& segment) const;
  void unacceptable(Tcb& tcb, const wire::Segment& segment);
  bool duplicate_fin(Tcb& tcb, const wire::Segment& segment);
  bool peer_probe(Tcb& tcb, const wire::Segment& segment);
  void rst_arrives(const TcbPtr& tcb, const wire::Segment& segment);
  [[nodiscard]] bool rst_ignored(const Tcb& tcb, const wire::Segment& segment) const;
  void rst_accepted(const TcbPtr& tcb);
  [[nodiscard]] bool throttled(Tcb& tcb);
  void syn_arrives(Tcb& tcb, const wire::Segment& segment);
  /// Step 5. False when the segment goes no further.
  bool ack_arrives(Tcb& tcb, const wire::Segment& segment);
  bool ack_in_syn_received(Tcb& tcb, const wire::Segment& segment);
  void any_ack_ends(Tcb& tcb);
  void icmp_arrives(ByteView octets);
  void tell_soft(Tcb& tcb, int error);

  // Timestamps.
  [[nodiscard]] std::uint32_t own_timestamp(const Tcb& tcb) const;
  /// The peer's SYN has come.
  static void offered_timestamps(Tcb& tcb, const wire::Segment& syn, TimePoint now);
  void write_timestamps(const Tcb& tcb, wire::Segment& segment) const;
  /// Writes them when they were agreed on.
  void add_timestamps(const Tcb& tcb, wire::Segment& segment) const;
  /// PAWS would refuse it.
  [[nodiscard]] bool stale(const Tcb& tcb, const wire::Segment& segment) const;
  bool timestamps_pass(const TcbPtr& tcb, const wire::Segment& segment);
  void note_timestamp(Tcb& tcb, const wire::Segment& segment);
  [[nodiscard]] bool is_new_incarnation(const Tcb& old, const wire::Segment& syn) const;
  bool reopens(const TcbPtr& tcb, const wire::Segment& segment);

  // Text and FIN.
  void acknowledged(Tcb& tcb, SeqNum ack);
  void fin_acknowledged(Tcb& tcb);
  void sample_rtt(Tcb& tcb, SeqNum ack);
  void learn_window(Tcb& tcb, const wire::Segment& segment);
  [[nodiscard]] wire::Segment trimmed(const Tcb& tcb, wire::Segment segment) const;
  void text_arrives(Tcb& tcb, const wire::Segment& arrived);
  void text_after_fin(Tcb& tcb, const wire::Segment& segment);
  void hold(Tcb& tcb, wire::Segment segment);
  bool text_is_lost(Tcb& tcb, const wire::Segment& segment);
  /// Takes what is new of a segment that covers RCV.NXT.
  void take_text(Tcb& tcb, const wire::Segment& segment);
  void take_held(Tcb& tcb);
  void fin_arrives(Tcb& tcb);
  void acknowledge(Tcb& tcb, bool with_fin);
  void enter_time_wait(Tcb& tcb);
  void enter_fin_wait_2(Tcb& tcb);

  // Output.
  wire::Segment segment_of(Tcb& tcb, wire::Flags flags, SeqNum seq);
  void emit(Tcb& tcb, wire::Flags flags, SeqNum seq, Bytes payload = {});
  void emit_ack(Tcb& tcb);
  /// The empty ACK that an unacceptable segment draws.
  void emit_challenge(Tcb& tcb);
  void emit_syn(Tcb& tcb);
  void emit_fin(Tcb& tcb, SeqNum seq, Bytes payload = {});
  void emit_rst_for(const wire::Segment& segment);
  void emit_abort(Tcb& tcb, std::uint32_t seq_error = 0);
  void transmit(const wire::Segment& segment, const wire::Patch& patch = {});
  /// Sends what the window lets through.
  void push(Tcb& tcb);
  void close_writing(Tcb& tcb);
  void close_in_syn_received(Tcb& tcb);

  // Timeouts.
  void fire(Tcb& tcb);
  void retransmission_timeout(Tcb& tcb);
  void retransmit_front(Tcb& tcb);
  void retransmit_fin(Tcb& tcb, Bytes payload);
  void retransmit_syn(Tcb& tcb);
  void probe_window(Tcb& tcb);
  void give_up(Tcb& tcb);
  void end_timeout(Tcb& tcb);
  void keepalive_timeout(Tcb& tcb);
  void keepalive_probe(Tcb& tcb);
  void keepalive_death(Tcb& tcb);
  [[nodiscard]] bool keepalive_applies(const Tcb& tcb) const;
  void arm_rto(Tcb& tcb);
  void set_keepalive(Tcb& tcb, target::SocketOption option, int value);

  const engine::Waiter& clock_;
  model::Profile profile_;
  Defects defects_;
  Emit emit_;
  std::map<Key, TcbPtr> connections_;
  std::map<Endpoint, Listener> listeners_;
  std::map<std::pair<TimePoint, std::uint64_t>, TcbPtr> due_;
  std::uint16_t next_port_ = 32768;
  std::uint64_t opened_ = 0;
  Throttle shared_;  ///< challenge_throttle_shared
};

}  // namespace finwait::testing
