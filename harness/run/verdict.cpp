#include "harness/run/verdict.hpp"

#include <array>

namespace finwait::run {

std::string_view to_string(Verdict verdict) {
  constexpr std::array<std::string_view, 8> kNames{"PASS",  "FAIL",        "DEVIATION",    "XFAIL",
                                                   "XPASS", "UNSUPPORTED", "INCONCLUSIVE", "ERROR"};
  return kNames.at(static_cast<std::size_t>(verdict));
}

}  // namespace finwait::run
