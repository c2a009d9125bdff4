#include "cases/steps.hpp"

namespace finwait {

FINWAIT_CHAPTER(reset)

}  // namespace finwait
