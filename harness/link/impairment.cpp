#include "harness/link/impairment.hpp"

namespace finwait::link {

// Not a distribution of the library's: each of those differs between libraries, and the same seed has to be the same
// path.
bool Path::happens(double share) {
  constexpr double kRange = 4294967296.0;
  return static_cast<double>(random_() >> 32U) / kRange < share;
}

std::vector<Duration> Path::next() {
  const int copies = happens(impairment_.duplicate) ? 2 : 1;
  std::vector<Duration> arrivals;
  for (int i = 0; i < copies; i++) {
    const auto more =
        impairment_.jitter.count() == 0
            ? 0
            : static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(impairment_.jitter.count()));
    const bool lost = happens(impairment_.loss) && lost_ < impairment_.losses_in_row;
    lost_ = lost ? lost_ + 1 : 0;
    if (!lost) arrivals.push_back(impairment_.delay + Duration(more));
  }
  return arrivals;
}

}  // namespace finwait::link
