#include "harness/engine/virtual_time.hpp"

namespace finwait::engine {

bool VirtualTime::wait(std::optional<TimePoint> deadline) {
  for (const VirtualParty* party : parties_) {
    const auto theirs = party->next_deadline();
    if (theirs && (!deadline || *theirs < *deadline)) deadline = theirs;
  }
  if (!deadline) return false;
  now_ = std::max(now_, *deadline);
  for (VirtualParty* party : parties_) {
    const auto theirs = party->next_deadline();
    if (theirs && *theirs <= now_) party->advance_to(now_);
  }
  return true;
}

}  // namespace finwait::engine
