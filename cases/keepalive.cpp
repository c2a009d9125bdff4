#include "cases/steps.hpp"

namespace finwait {

FINWAIT_CHAPTER(keepalive)

}  // namespace finwait
