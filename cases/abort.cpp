#include "cases/steps.hpp"

namespace finwait {

FINWAIT_CHAPTER(abort)

}  // namespace finwait
