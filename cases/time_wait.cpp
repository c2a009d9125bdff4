#include "cases/steps.hpp"

namespace finwait {

FINWAIT_CHAPTER(time_wait)

}  // namespace finwait
