// Timestamps (RFC 7323): which segments move TS.Recent, and when it counts no more.
#pragma once

#include "harness/model/hypothesis.hpp"

namespace finwait::model {

/// Section 4.3 (2), and 5.3, R3.
bool moves_ts_recent(const Hypothesis& h, const Segment& s);
/// TS.Recent is what the segment carries, zero without.
void take_stamp(Hypothesis& h, const Segment& s, Instant at);
/// The segment is older than TS.Recent, which some may have none of: after 24 idle days it should be forgotten (5.5),
/// and zero is taken for none by stacks that have met peers whose SYN has no value yet.
bool may_have_no_ts_recent(const Hypothesis& h, const Segment& s, Instant at);
/// What a diagnosis assumes that is done wrong with them (Bent). False: the segment is dropped.
bool bend_stamps(const Bent& bent, Hypothesis& h, const Segment& s);

}  // namespace finwait::model
