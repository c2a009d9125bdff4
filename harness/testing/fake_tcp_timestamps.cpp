// Timestamps (RFC 7323): negotiated with the SYNs, PAWS, and what they do for a SYN in TIME-WAIT (RFC 6191).
#include "harness/testing/fake_tcp.hpp"

namespace finwait::testing {

using namespace std::chrono_literals;
using wire::Segment;

namespace {

constexpr Duration kOutdated = 24h * 24;  // RFC 7323 5.5: so long the sign bit of a clock of 1 ms holds

std::int32_t newer_by(const wire::Timestamps& timestamps, const Tcb& tcb) {
  return SeqNum(timestamps.value) - SeqNum(tcb.ts_recent);
}

}  // namespace

std::uint32_t FakeTcp::own_timestamp(const Tcb& tcb) const {
  const auto ticks = static_cast<std::uint64_t>(now().time_since_epoch() / 1ms);
  return static_cast<std::uint32_t>(ticks + tcb.ts_offset);
}

void FakeTcp::offered_timestamps(Tcb& tcb, const Segment& syn, TimePoint now) {
  const auto timestamps = syn.options.timestamps();
  tcb.timestamps = timestamps.has_value();
  if (!timestamps) return;
  tcb.ts_recent = timestamps->value;
  tcb.ts_recent_at = now;
}

void FakeTcp::write_timestamps(const Tcb& tcb, Segment& segment) const {
  const std::uint32_t own = own_timestamp(tcb);
  std::uint32_t echo = segment.flags.any(wire::kAck) ? tcb.ts_recent : 0;
  if (has(Defect::timestamp_echo_zero)) echo = 0;
  if (has(Defect::timestamp_echo_own)) echo = own;
  segment.options.nop().nop().timestamps(own, echo);
}

void FakeTcp::add_timestamps(const Tcb& tcb, Segment& segment) const {
  if (tcb.timestamps) write_timestamps(tcb, segment);
}

bool FakeTcp::stale(const Tcb& tcb, const Segment& segment) const {
  const auto timestamps = segment.options.timestamps();
  if (!tcb.timestamps || !timestamps || newer_by(*timestamps, tcb) >= 0) return false;
  return now() - tcb.ts_recent_at <= kOutdated || has(Defect::ts_recent_never_outdated);
}

// RFC 7323 3.2 and 5.3 R1, before the sequence number is looked at; never for a RST. In SYN-RECEIVED they are not
// checked: the table that this TCP follows knows them in the synchronized states only.
bool FakeTcp::timestamps_pass(const TcbPtr& tcb, const Segment& segment) {
  const bool present = segment.options.timestamps().has_value();
  if (!tcb->timestamps) return !present || !has(Defect::unasked_timestamp_drops);
  if (tcb->state == TcpState::syn_received) return true;
  if (!present) {
    if (has(Defect::missing_timestamp_resets)) {
      emit_abort(*tcb);
      drop(*tcb, ECONNRESET);
    }
    return has(Defect::missing_timestamp_taken);
  }
  if (!stale(*tcb, segment) || has(Defect::paws_ignored)) return true;
  if (!has(Defect::paws_silent)) emit_challenge(*tcb);
  return false;
}

// RFC 7323 5.3 R3, for a segment that has passed the checks of its numbers.
void FakeTcp::note_timestamp(Tcb& tcb, const Segment& segment) {
  const auto timestamps = segment.options.timestamps();
  if (!tcb.timestamps || !timestamps) return;
  if (wire::after(segment.seq, tcb.last_ack_sent) && !has(Defect::ts_recent_from_out_of_order)) return;
  if (newer_by(*timestamps, tcb) < 0 && now() - tcb.ts_recent_at <= kOutdated) return;
  tcb.ts_recent = timestamps->value;
  tcb.ts_recent_at = now();
}

// RFC 6191 2: is the SYN from a new incarnation? "The last sequence number seen" is that of the peer's FIN.
bool FakeTcp::is_new_incarnation(const Tcb& old, const Segment& syn) const {
  const auto timestamps = syn.options.timestamps();
  const bool above = !wire::before(syn.seq, old.rcv_nxt) || has(Defect::time_wait_reopens_any_seq);
  if (!old.timestamps) return timestamps ? !has(Defect::time_wait_ignores_first_timestamp) : above;
  if (!timestamps) return above && !has(Defect::time_wait_ignores_syn_without_timestamp);
  const std::int32_t newer = newer_by(*timestamps, old);
  if (newer > 0) return !has(Defect::time_wait_ignores_newer_timestamp);
  if (newer < 0) return has(Defect::time_wait_reopens_older_timestamp);
  return above || has(Defect::time_wait_reopens_equal_timestamp);
}

// True when the SYN has been dealt with. Without a listener nobody could accept, and it is a SYN like any other.
bool FakeTcp::reopens(const TcbPtr& tcb, const Segment& segment) {
  if (tcb->state != TcpState::time_wait || !segment.flags.any(wire::kSyn)) return false;
  if (!listeners_.contains(tcb->local)) return false;
  if (segment.flags.any(wire::kAck) && !has(Defect::time_wait_reopened_by_syn_ack)) return false;
  if (!is_new_incarnation(*tcb, segment)) return true;
  const bool low = has(Defect::time_wait_reopens_low_iss);
  passive_open(segment, low ? tcb->snd_nxt - 100000 : tcb->snd_nxt + 65537, tcb);
  return true;
}

}  // namespace finwait::testing
