#include "harness/engine/virtual_time.hpp"

namespace finwait::engine {

void VirtualTime::wait(std::optional<TimePoint> deadline) {
  for (const VirtualParty* party : parties_) {
    const auto theirs = party->next_deadline();
    if (theirs && (!deadline || *theirs < *deadline)) deadline = theirs;
  }
  stuck_ = !deadline;
  if (stuck_) return;
  now_ = std::max(now_, *deadline);
  for (VirtualParty* party : parties_) {
    const auto theirs = party->next_deadline();
    if (theirs && *theirs <= now_) party->advance_to(now_);
  }
}

}  // namespace finwait::engine
