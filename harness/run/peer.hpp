// Peer: finwait's end of one connection. It keeps the sequence numbers, fills the holes of what a case sends, and holds
// what comes back against what the case expects.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "harness/engine/loop.hpp"
#include "harness/engine/task.hpp"
#include "harness/link/impairment.hpp"
#include "harness/model/oracle.hpp"
#include "harness/run/transcript.hpp"
#include "harness/run/verdict.hpp"
#include "harness/run/window.hpp"
#include "harness/wire/spec.hpp"

namespace finwait::run {

class Scenario;

/// A segment that came, and when.
struct Received {
  wire::Segment segment;
  Instant at;
  std::size_t entry = 0;  ///< in the transcript
};

class Peer {
 public:
  /// What is at the other end: something that listens, a port where nobody does, or no address of the target's own.
  enum class Meets : std::uint8_t { listener, closed_port, nobody };
  Peer(Scenario& scenario, wire::Endpoint local, wire::Endpoint target, wire::SeqNum iss, Meets meets);
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  // What the connection looks like from here, in the words of RFC 9293 3.3.1.
  [[nodiscard]] const wire::Endpoint& local() const { return local_; }
  [[nodiscard]] const wire::Endpoint& target() const { return target_; }
  [[nodiscard]] Meets meets() const { return meets_; }
  [[nodiscard]] wire::SeqNum iss() const { return iss_; }
  [[nodiscard]] wire::SeqNum irs() const { return irs_; }
  [[nodiscard]] wire::SeqNum snd_nxt() const { return snd_nxt_; }
  [[nodiscard]] wire::SeqNum rcv_nxt() const { return rcv_nxt_; }
  /// The last window the target advertised, scaled.
  [[nodiscard]] std::uint32_t snd_wnd() const { return snd_wnd_; }
  void set_rcv_wnd(std::uint16_t octets) { rcv_wnd_ = octets; }
  /// What the target has acknowledged of ours, as far as its segments were looked at: its RCV.NXT.
  [[nodiscard]] wire::SeqNum snd_una() const { return snd_una_; }
  /// The highest of the target's numbers that we have acknowledged: its SND.UNA.
  [[nodiscard]] wire::SeqNum acked() const { return acked_; }
  /// The largest window we have offered: its MAX.SND.WND (RFC 5961 5.2).
  [[nodiscard]] std::uint32_t max_rcv_wnd() const { return max_rcv_wnd_; }

  // Timestamps (RFC 7323), with a clock of our own that counts milliseconds.
  /// Both SYNs have offered them: then every segment whose options are left unset carries them.
  [[nodiscard]] bool timestamps() const { return timestamps_; }
  [[nodiscard]] std::uint32_t ts_now() const;
  /// The value of the first segment that had one, and of the last.
  [[nodiscard]] std::uint32_t ts_first() const { return ts_first_.value_or(ts_now()); }
  [[nodiscard]] std::uint32_t ts_sent() const { return ts_sent_; }
  /// The target's last value, which ours echo.
  [[nodiscard]] std::uint32_t ts_seen() const { return ts_seen_; }
  /// When the last segment of this connection passed or the last app call was made.
  [[nodiscard]] Instant last_event() const { return last_event_; }

  /// Sends one segment. Unset: seq = SND.NXT, ack = RCV.NXT, window = ours. SND.NXT moves on when the segment starts
  /// there, so `fin().seq(peer.snd_nxt() - 1)` sends a FIN again and changes nothing. Options: none, or timestamps
  /// where they were agreed on.
  Instant send(const wire::Spec& spec);

  /// co_await: the next segment of the connection, which must be this one and must come in this window. Whatever else
  /// comes, or nothing, ends the case and breaks `requirement` (by default the first the case covers).
  /// Unset: seq = RCV.NXT, ack = SND.NXT, no payload; window, options, PSH and ECN bits are free.
  class Expect;
  Expect expect(wire::Spec spec, Window window, std::string_view requirement = {});

  /// co_await: nothing may come for so long.
  class Quiet;
  Quiet quiet(Duration duration, std::string_view requirement = {});

  /// co_await: until something comes that nothing has asked for yet, or so long. It takes nothing and judges nothing.
  class Arrival;
  Arrival arrival(Duration limit);

  /// Takes everything that has come: for a case that asks what the target does, and not whether it is right.
  std::vector<Received> take_all();

  /// Everything that has come and that nothing has asked for yet.
  [[nodiscard]] const std::vector<Received>& pending() const { return inbox_; }
  [[nodiscard]] std::uint32_t connection() const { return connection_; }
  [[nodiscard]] Scenario& scenario() const { return scenario_; }

  /// Follows the connection beside the script (model/oracle.hpp).
  [[nodiscard]] model::Oracle& oracle() { return oracle_; }

  /// From now on packets take these paths, one in each direction; the scenario's numbers decide what becomes of each.
  /// The model stands at the target's end and knows what arrives there, and when.
  void impair(const link::Impairment& impairment);
  /// The path is good again; what is under way still arrives.
  void heal();

  void deliver(Received received);
  /// Throws what ended a packet on its way that is not there any more: an error of the link.
  void land();
  /// Resets the target's end, whatever is left of it: the case is over.
  void give_up();
  /// An active open has chosen its port.
  void meet(wire::Port target_port);
  void touch(Instant at) { last_event_ = at; }
  /// What the next segment has to carry, to render texts by.
  [[nodiscard]] wire::Expected expected() const { return {rcv_nxt_, snd_nxt_, irs_, iss_}; }
  /// Says of a pending segment that nothing allowed it, and ends the case.
  [[noreturn]] void refuse(const Received& received, const std::string& summary, std::vector<Alternative> allowed,
                           std::string_view requirement, const wire::Spec* spec = nullptr,
                           const model::Figure* figure = nullptr);

 private:
  /// A segment as it goes out: one that was patched is told to the model as it can be parsed.
  struct Outgoing {
    wire::Segment segment;
    wire::Bytes packet;
    bool patched = false;
  };
  Instant put_on_link(const Outgoing& outgoing);
  Instant transmit(const Outgoing& outgoing);
  Task<> transmit_later(Outgoing outgoing, Duration delay);
  void arrive(Received received);
  Task<> arrive_later(Received received, Duration delay);
  void start(Task<> flight);
  Received take();
  void learn(const wire::Segment& segment);
  void remember(const wire::Segment& sent);
  void greet(const wire::Segment& syn);
  void agree();
  void judge_time(const Window& window, Instant anchor, const wire::Spec& spec, const Received& received,
                  std::string_view requirement);
  [[noreturn]] void nothing_came(const Window& window, Instant anchor, const wire::Spec& spec,
                                 std::string_view requirement);

  Scenario& scenario_;
  Meets meets_;
  wire::Endpoint local_, target_;
  wire::SeqNum iss_, irs_, snd_nxt_, rcv_nxt_;
  std::uint32_t snd_wnd_ = 0;
  std::uint16_t rcv_wnd_ = 65535;
  wire::SeqNum snd_una_, acked_;
  std::uint32_t max_rcv_wnd_ = 0;
  std::optional<wire::SeqNum> last_syn_;  ///< of ours
  bool ts_offered_ = false;               ///< by our last SYN
  bool ts_asked_ = false;                 ///< by the target's SYN
  bool agreed_ = false;                   ///< or not, on timestamps
  bool timestamps_ = false;
  TimePoint ts_origin_{};
  std::optional<std::uint32_t> ts_first_;
  std::uint32_t ts_sent_ = 0, ts_seen_ = 0;
  std::uint8_t snd_wnd_shift_ = 0;
  bool scaling_ = false;  ///< we have offered window scaling (RFC 7323: both have to)
  bool met_ = false;      ///< the target's SYN has come, so irs_ is known
  std::uint32_t connection_;
  Instant last_event_;
  std::vector<Received> inbox_;
  model::Oracle oracle_;
  std::optional<link::Path> there_, back_;
  std::vector<Task<>> flights_;  ///< of packets that take their time
  engine::Waker* waiting_ = nullptr;
};

class Peer::Expect {
 public:
  Expect(Peer& peer, wire::Spec spec, Window window, std::string_view requirement);
  Expect(const Expect&) = delete;
  Expect& operator=(const Expect&) = delete;
  ~Expect();
  [[nodiscard]] bool await_ready() const { return !peer_.inbox_.empty(); }
  void await_suspend(std::coroutine_handle<> handle);
  Received await_resume();

 private:
  Peer& peer_;
  wire::Spec spec_;
  Window window_;
  std::string_view requirement_;
  Instant anchor_;
  engine::Waker waker_;
};

class Peer::Quiet {
 public:
  Quiet(Peer& peer, Duration duration, std::string_view requirement);
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;
  ~Quiet();
  [[nodiscard]] bool await_ready() const { return !peer_.inbox_.empty(); }
  void await_suspend(std::coroutine_handle<> handle);
  void await_resume();

 private:
  Peer& peer_;
  Duration duration_;
  TimePoint until_;
  std::string_view requirement_;
  engine::Waker waker_;
};

class Peer::Arrival {
 public:
  Arrival(Peer& peer, Duration limit);
  Arrival(const Arrival&) = delete;
  Arrival& operator=(const Arrival&) = delete;
  ~Arrival();
  [[nodiscard]] bool await_ready() const { return !peer_.inbox_.empty(); }
  void await_suspend(std::coroutine_handle<> handle);
  void await_resume() { peer_.waiting_ = nullptr; }

 private:
  Peer& peer_;
  TimePoint until_;
  engine::Waker waker_;
};

inline Peer::Expect Peer::expect(wire::Spec spec, Window window, std::string_view requirement) {
  return {*this, std::move(spec), std::move(window), requirement};
}
inline Peer::Quiet Peer::quiet(Duration duration, std::string_view requirement) {
  return {*this, duration, requirement};
}
inline Peer::Arrival Peer::arrival(Duration limit) { return {*this, limit}; }

}  // namespace finwait::run
