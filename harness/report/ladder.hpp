// The conversation of a case as text: one line a packet, app call or note, aligned, in relative numbers.
#pragma once

#include <string>

#include "harness/run/transcript.hpp"

namespace finwait::report {

/// Lines of "time  direction  segment  note", indented by `indent`. Times are seconds since `origin`. Of a long
/// conversation the middle is left out; the count of what is missing stands in its place.
std::string ladder(const run::Transcript& transcript, TimePoint origin, std::size_t indent = 4);

/// One packet of a transcript in the manner of tcpdump, relative to its connection's initial sequence numbers.
std::string packet_text(const run::Transcript& transcript, const run::Entry& entry);

}  // namespace finwait::report
