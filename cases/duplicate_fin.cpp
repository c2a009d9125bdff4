#include "cases/steps.hpp"

namespace finwait {

FINWAIT_CHAPTER(duplicate_fin)

}  // namespace finwait
