#include "cases/steps.hpp"

namespace finwait {

FINWAIT_CHAPTER(half_close)

}  // namespace finwait
