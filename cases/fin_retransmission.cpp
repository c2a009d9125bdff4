#include "cases/steps.hpp"

namespace finwait {

FINWAIT_CHAPTER(fin_retransmission)

}  // namespace finwait
