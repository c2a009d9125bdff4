#include "harness/model/stamps.hpp"

namespace finwait::model {

namespace {

constexpr Duration kOutdated = std::chrono::hours(24 * 24);

}  // namespace

bool moves_ts_recent(const Hypothesis& h, const Segment& s) {
  const auto ts = s.options.timestamps();
  return h.timestamps && ts && !after(s.seq, h.last_ack_sent) && after(SeqNum(ts->value), SeqNum(h.ts_recent));
}

void take_stamp(Hypothesis& h, const Segment& s, Instant at) {
  const auto ts = s.options.timestamps();
  h.ts_recent = ts ? ts->value : 0;
  h.ts_recent_since = at.latest;
}

bool may_have_no_ts_recent(const Hypothesis& h, const Segment& s, Instant at) {
  const auto ts = s.options.timestamps();
  if (!h.timestamps || !ts || !h.exists() || !before(SeqNum(ts->value), SeqNum(h.ts_recent))) return false;
  return h.ts_recent == 0 || at.latest - h.ts_recent_since >= kOutdated;
}

bool bend_stamps(const Bent& bent, Hypothesis& h, const Segment& s) {
  const auto ts = s.options.timestamps();
  if (!ts || !h.exists()) return true;
  const bool reset = s.flags.any(wire::kRst);
  const bool unasked = !h.timestamps && kSynchronized.contains(h.state) && !s.flags.any(wire::kSyn);
  if (bent.unasked_stamp_drops && unasked) return false;
  const bool taken = (bent.stamp_of_gap && after(s.seq, h.last_ack_sent)) || (bent.stamp_of_reset && reset);
  if (taken && h.timestamps && after(SeqNum(ts->value), SeqNum(h.ts_recent))) h.ts_recent = ts->value;
  return true;
}

}  // namespace finwait::model
