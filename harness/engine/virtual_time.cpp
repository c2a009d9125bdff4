#include "harness/engine/virtual_time.hpp"

namespace finwait::engine {

bool VirtualTime::wait(std::optional<TimePoint> deadline) {
  if (other_ != nullptr) other_->poll();
  for (const VirtualParty* party : parties_) {
    const auto theirs = party->next_deadline();
    if (theirs && (!deadline || *theirs < *deadline)) deadline = theirs;
  }
  if (!deadline) return false;
  TimePoint reached = std::max(now_, *deadline);
  for (VirtualParty* party : parties_) {
    if (party->steps()) reached = std::min(reached, party->advance_to(reached));
  }
  now_ = reached;
  for (VirtualParty* party : parties_) {
    const auto theirs = party->next_deadline();
    if (theirs && *theirs <= now_) party->advance_to(now_);
  }
  return true;
}

}  // namespace finwait::engine
