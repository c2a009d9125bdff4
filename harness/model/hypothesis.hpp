// Hypothesis: one way the target may be, as far as what was sent to it and what came from it tells. A plain value; the
// oracle holds a set of them and moves each along every row of the model that fits.
//
//   classify.cpp   which trigger a segment is for a hypothesis (RFC 9293 3.10.7)
//   arrive.cpp     a segment of the peer arrives; text.cpp has its text and FIN, icmp.cpp ICMP errors
//   called.cpp     the application has made a call
//   passed.cpp     time has passed: what was due and did not come, timers that end a state
//   emitted.cpp    the target has sent a segment: can this hypothesis have sent it?
//   allowed.cpp    what it could do now, in words
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "harness/model/call.hpp"
#include "harness/model/profile.hpp"
#include "harness/model/rule.hpp"
#include "harness/time.hpp"
#include "harness/wire/icmp.hpp"
#include "harness/wire/segment.hpp"

namespace finwait::model {

using wire::Segment;
using wire::SeqNum;

/// A reply that a trigger has drawn and that has not been seen yet.
struct Due {
  Reply reply = Reply::none;
  bool optional = false;
  SeqNum seq, ack;  ///< of a reset: they come from the segment that drew it
  Instant since;
  TimePoint latest{};
  const Rule* rule = nullptr;
  bool operator==(const Due&) const = default;
};

/// Text above a gap that the target may have kept.
struct Held {
  SeqNum from, to;
  bool fin = false;
  bool operator==(const Held&) const = default;
};

/// Retransmission of the front of the queue, or probing of a closed window.
struct Resending {
  bool on = false;
  bool closed_window = false;  ///< nothing is outstanding; an octet, the FIN or an old number probes the window
  Instant since;               ///< when the front was last sent, or the timer last restarted
  TimePoint first{};           ///< when the front was first sent
  Duration last{};             ///< the last interval, at least; zero before the first retransmission
  Duration last_most{};        ///< and at most: what restarted the timer is not always certain
  Duration reverted{};         ///< `last` before an ICMP error took a doubling back (RFC 6069); zero: none has
  int count = 0;
  Duration backed_off{};  ///< how long the timer has become; an ACK need not shorten it at once (RFC 6298 5.7, Karn)
  std::optional<SeqNum> recover;  ///< SND.NXT at the last retransmission: what lies below may follow it at once
  SeqNum resent;                  ///< SEG.SEQ of that retransmission
  bool tail_probed = false;       ///< one early one was taken for a tail loss probe
  bool operator==(const Resending&) const = default;
};

struct Keepalive {
  bool on = false;
  bool was_on = false;  ///< and was switched off again
  Duration idle{}, interval{};
  int count = 0;
  int unanswered = 0;
  Instant since;          ///< the last segment from the peer, or the call that changed a value, or the last probe
  Instant heard;          ///< the last segment from the peer
  bool answered = false;  ///< the last probes were answered
  bool deaf = false;      ///< does not take the segment at hand for an answer, if it is dropped
  bool was_busy = false;  ///< something was outstanding since: a stack may look again only after another idle time
  bool operator==(const Keepalive&) const = default;
};

/// Why there is no connection any more, as the application can learn it.
enum class End : std::uint8_t { none, finished, reset, refused, timed_out, aborted, unreachable };

/// What a SYN offers.
struct Offer {
  bool seen = false, timestamps = false, sack = false;
  std::optional<std::uint8_t> scale;
  std::uint16_t mss = 536, window = 0;
  bool operator==(const Offer&) const = default;
};
Offer offer_of(const Segment& syn);

struct Hypothesis {
  State state = State::closed;
  bool listens = false;  ///< when there is no connection, a listener answers
  bool active = false;   ///< the target has opened
  Choices choices = Choices::all();

  // The target's sending side (RFC 9293 3.3.1).
  bool iss_known = false;
  SeqNum iss, snd_una, snd_nxt;
  SeqNum snd_edge;  ///< the furthest right edge that the peer has offered
  SeqNum snd_wl1, snd_wl2;
  std::uint32_t snd_wnd = 0, max_snd_wnd = 0;
  std::uint32_t written = 0;       ///< octets that send() has taken
  std::size_t written_before = 0;  ///< on earlier incarnations
  bool fin_wanted = false, fin_sent = false;
  int duplicate_acks = 0;

  // The target's receiving side.
  SeqNum irs, rcv_nxt;
  SeqNum last_ack_sent;          ///< RFC 7323 4.3: only what begins at or before it moves TS.Recent
  SeqNum rcv_edge;               ///< the furthest right edge that the target has offered
  std::uint32_t edge_slack = 0;  ///< octets read since: the real edge may lie so much further
  bool peer_fin = false;
  std::vector<Held> held;

  // What the handshake has agreed on.
  Offer peer_offer, own_offer;
  std::uint8_t peer_shift = 0, own_shift = 0;
  bool timestamps = false, sack = false;
  std::uint32_t ts_recent = 0;
  TimePoint ts_recent_since{};  ///< the latest that it can have been taken

  // The application.
  bool others_socket = false;  ///< the application still holds that of an older incarnation
  bool orphan = false, write_shut = false, read_shut = false, linger_zero = false;
  std::uint32_t read = 0;
  std::uint32_t text_from = 0;  ///< where its stream begins in Context::received
  bool urgent = false;          ///< urgent octets have come: sockets take them out of the stream, each in its own way
  End end = End::none;
  bool error_told = false;  ///< the application has learned how it ended
  bool soft_error = false;  ///< an ICMP error has come that the application may be told of (RFC 9293 3.9.2.2, SHLD-25)
  Duration user_timeout{};
  std::optional<int> linger2;

  // What it owes.
  std::vector<Due> due;
  std::optional<TimePoint> send_by;  ///< new text or the FIN has to leave
  const Rule* send_rule = nullptr;
  Resending resending;
  Keepalive keepalive;
  Instant time_wait_first, time_wait_last;  ///< entered or restarted at the earliest, at the latest
  Instant fin_wait_2_since;
  std::optional<TimePoint> answered;  ///< when an unacceptable segment was last answered: the next may be throttled
  Instant syn_at;                     ///< of the SYN or SYN-ACK that was first sent

  TimePoint touched{};                    ///< when the last input came
  const Rule* last_rule = nullptr;        ///< of the last trigger
  const Rule* moved_by = nullptr;         ///< of the last change of state
  std::shared_ptr<const Hypothesis> old;  ///< the incarnation in TIME-WAIT that a SYN has replaced (RFC 9293 MAY-2)
  std::uint32_t inputs = 0;               ///< how many of the conversation's inputs it has seen

  bool operator==(const Hypothesis&) const = default;

  [[nodiscard]] bool exists() const { return state != State::closed && state != State::listen; }
  [[nodiscard]] SeqNum written_end() const { return iss + 1 + written; }
  /// All that has been sent is acknowledged.
  [[nodiscard]] bool idle() const { return snd_una == snd_nxt; }
  [[nodiscard]] bool unsent() const { return wire::before(snd_nxt, written_end()) || (fin_wanted && !fin_sent); }
  [[nodiscard]] std::uint32_t window(std::uint32_t slack = 0) const {
    return wire::after(rcv_nxt, rcv_edge) ? slack : static_cast<std::uint32_t>(rcv_edge - rcv_nxt) + slack;
  }
  /// Octets that were acknowledged to the peer, from its first one on.
  [[nodiscard]] std::uint32_t accepted() const {
    if (state == State::syn_sent) return 0;
    return static_cast<std::uint32_t>(rcv_nxt - irs) - 1 - (peer_fin ? 1 : 0);
  }
  [[nodiscard]] bool unread() const { return accepted() > read; }
};

/// What the peer has sent, by place in its stream. A place for which different octets were sent holds either.
class PeerText {
 public:
  /// A place below zero is that of the SYN, or older: octets there are not the stream's.
  void put(std::int32_t place, wire::ByteView octets);
  /// Whether these octets can have been read from that place.
  [[nodiscard]] bool can_be(std::uint32_t place, wire::ByteView octets) const;

 private:
  static constexpr std::uint32_t kMost = 1U << 22U;  // a peer that sends more is not compared there
  static constexpr std::uint16_t kNothing = 0x100, kAny = 0x200;
  std::vector<std::uint16_t> octets_;
};

/// What a diagnosis assumes that the target does wrong (diagnose.cpp). Nothing, when it judges.
struct Bent {
  bool every_row = false;     ///< rows for other choices and known deviations count too
  bool two_msl_free = false;  ///< TIME-WAIT ends whenever it likes
  bool fin_wait_2_free = false;
  bool probes_free = false;          ///< keepalive gives up whenever it likes
  bool stamp_of_gap = false;         ///< the timestamp of a segment above a gap counts
  bool stamp_of_reset = false;       ///< that of a reset counts
  bool unasked_stamp_drops = false;  ///< a segment with a timestamp is dropped where none was agreed on
  bool over_edge_taken = false;      ///< text that begins inside the window and ends beyond it is taken whole
  bool over_edge_dropped = false;    ///< or dropped whole
  bool icmp_of_anything = false;     ///< an ICMP error counts whatever it quotes
};

/// What all hypotheses of a conversation share.
struct Context {
  const Profile& profile;
  wire::Bytes written;  ///< what the application has sent, octet by octet
  PeerText received;
  std::optional<SeqNum> peer_iss;       ///< the first; places in `received` count from it
  std::vector<std::uint32_t> peer_ts;   ///< the peer's timestamps that are older than its first, the last few
  std::optional<SeqNum> peer_ts_first;  ///< the first value, which no reset told
  SeqNum peer_ts_last;                  ///< the largest since
  std::optional<std::uint32_t> target_ts;
  Duration longest_rtt{};  ///< the peer took so long to acknowledge something, at worst
  Bent bent{};
  bool syn_lost = false;  ///< the target had to send its SYN or SYN-ACK again
};

/// Why a hypothesis cannot be: in the order of the table in refusal.cpp.
enum class Why : std::uint8_t {
  unasked_ack,
  wrong_seq,
  wrong_seq_now,
  wrong_seq_edge,
  wrong_ack,
  unasked_rst,
  rst_to_unacceptable,
  rst_in_close_wait,
  rst_in_fin_wait_2,
  rst_in_time_wait,
  rst_unprovoked,
  gave_up_after_one_probe,
  gave_up_probing,
  gave_up_although_answered,
  wrong_rst,
  instead_of_rst,
  rst_to_rst,
  unasked_syn,
  wrong_syn,
  iss_not_above,
  unasked_fin,
  second_fin,
  fin_before_text,
  text_unwritten,
  text_differs,
  text_beyond_window,
  no_ack_bit,
  gap,
  retransmitted_early,
  syn_retransmitted_early,
  retransmitted_after_ack,
  retransmitted_without_fin,
  no_back_off,
  no_back_off_text,
  probe_not_asked_for,
  probe_after_off,
  probe_while_outstanding,
  probe_while_fin,
  probe_in_wrong_state,
  probe_early,
  probe_early_after_answer,
  next_probe_early,
  probe_too_many,
  probe_numbers,
  probe_too_long,
  unasked_window_probe,
  no_timestamps,
  wrong_echo,
  timestamps_backwards,
  no_reply,
  late_ack,
  no_first,
  late_first,
  no_retransmission,
  late_retransmission,
  gave_up_early,
  gave_up_open_early,
  no_syn_retransmission,
  no_window_probe,
  no_next_window_probe,
  no_probe,
  no_next_probe,
  no_probe_half_closed,
  segment_without_connection,
  read_too_much,
  read_after_fin,
  read_differs,
  no_text_to_reader,
  no_end_to_reader,
  end_too_early,
  error_without_cause,
  icmp_without_cause,
  error_by_icmp,
  end_without_error,
  end_without_timeout,
  sent_after_close,
  sent_after_reset,
  no_error_to_reader,
  cannot_send,
  other_state,
};
struct WhyInfo {
  Why why;
  std::string_view text;         ///< one sentence, the report's headline
  std::string_view requirement;  ///< what it breaks; empty: that of the rule at hand
};
const WhyInfo& info(Why why);

struct Refusal {
  Why why{};
  const Rule* rule = nullptr;  ///< the row that allowed something else
  TimePoint since{};           ///< when what is missing was drawn
  std::string_view requirement() const;
};

/// The hypotheses that follow from one, or why there are none.
struct Successors {
  std::vector<Hypothesis> all;
  Refusal refusal;
};

// Each takes one hypothesis, which it may use up, and adds what it can become to `out`.
void arrive(const Context& context, Hypothesis h, const Segment& segment, Instant at, Successors& out);
/// An ICMP error, and the sequence number of the target's segment that it quotes.
struct IcmpError {
  wire::IcmpError error{};
  std::optional<SeqNum> quoted;
};
/// The ACK that opens the connection carries text, and the application has closed already: as in FIN-WAIT-1.
void text_for_nobody(const Context& context, Hypothesis h, const Segment& s, Instant at, Successors& out);
void icmp_arrives(const Context& context, Hypothesis h, const IcmpError& what, Instant at, Successors& out);
void called(const Context& context, Hypothesis h, const Call& call, Instant at, Successors& out);
/// True when `h` itself goes on, too; whatever else it may have become is in `out`.
bool passed(const Context& context, Hypothesis& h, Instant at, Successors& out);
void emitted(const Context& context, Hypothesis&& h, const Segment& segment, Instant at, Successors& out);

/// Which trigger a segment is. `ignore` holds checks that the stack was found not to make.
struct Ignored {
  bool timestamps = false, ack_range = false, rst_range = false;
};
Trigger classify(const Hypothesis& h, const Segment& segment, const Ignored& ignored = {}, std::uint32_t slack = 0);

// Shared by the steps.
/// The row applies to this hypothesis and segment (nullptr: no segment); choices it may have narrowed to do so.
std::optional<Choices> applies(const Rule& rule, const Hypothesis& h, const Segment* segment, Instant at);
void enter(Hypothesis& h, State next, Instant at, const Rule* rule);
void delete_connection(Hypothesis& h, End end);
/// Both SYNs are known: what they agree on.
void agree(Hypothesis& h);
/// This acceptable ACK moves SND.WND (RFC 9293 3.10.7.4, step 5).
bool tells_window(const Hypothesis& h, const Segment& segment);
/// SEG.ACK and SEG.WND of an acceptable segment.
void take_ack(Hypothesis& h, const Segment& segment, Instant at);
/// Text and FIN of a segment that this trigger lets through; `slack`: so far beyond what was told the window reaches.
void take_text(Hypothesis& h, const Segment& segment, Trigger trigger, const Rule& rule, std::uint32_t slack);
/// A peer that sends text from where it has sent a FIN contradicts itself: either may count. `longer` is `h` where the
/// text does, and in `h` the FIN does. False when there is no such thing.
bool split_contradiction(Hypothesis& h, Hypothesis& longer);
/// What was kept above a gap, once the gap is filled.
void take_held(const Context& context, Hypothesis& h, Instant at);
void owe(const Context& context, Hypothesis& h, Reply reply, const Segment* segment, Instant at, const Rule* rule);
/// After anything that may let text out: sets or clears what has to be sent by when.
void expect_output(const Context& context, Hypothesis& h, Instant at, const Rule* rule);
/// The longest first RTO that the standard lets the target have here.
Duration longest_rto(const Context& context);
bool keepalive_applies(const Hypothesis& h);
/// No round trip has been measured yet: the RTO is the initial one (RFC 6298 2.1).
bool unsampled(const Hypothesis& h);
/// When the next retransmission, window probe or keepalive probe is due, counted from what it counts from.
TimerBounds resend_window(const Context& context, const Hypothesis& h);
TimerBounds probe_window(const Context& context, const Hypothesis& h);

/// How soon the target has to do what nothing may delay. The standard has no number but that for ACKs (MUST-40).
inline constexpr Duration kPrompt = std::chrono::milliseconds(500);

}  // namespace finwait::model
