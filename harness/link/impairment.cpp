#include "harness/link/impairment.hpp"

#include <array>

namespace finwait::link {

namespace {

// Not a distribution of the library's: each of those differs between libraries, and the same seed has to be the same
// path.
bool happens(std::mt19937_64& random, double share) {
  constexpr double kRange = 4294967296.0;
  return static_cast<double>(random() >> 32U) / kRange < share;
}

std::mt19937_64 numbers(std::uint64_t seed, std::uint64_t which, std::uint64_t times) {
  constexpr std::uint64_t kLow = 0xffffffff;
  std::seed_seq all{seed & kLow, seed >> 32U, which & kLow, which >> 32U, times};
  return std::mt19937_64(all);
}

}  // namespace

std::vector<Duration> Path::carry(std::uint64_t which) {
  Sent& sent = sent_[which];
  auto random = numbers(seed_, which, sent.times++);
  const int copies = happens(random, impairment_.duplicate) ? 2 : 1;
  std::vector<Duration> arrivals;
  for (int i = 0; i < copies; i++) {
    const auto most = static_cast<std::uint64_t>(impairment_.jitter.count());
    const auto more = most == 0 ? 0 : static_cast<std::int64_t>(random() % most);
    const bool lost = happens(random, impairment_.loss) && sent.lost < impairment_.losses_in_row;
    sent.lost = lost ? sent.lost + 1 : 0;
    if (!lost) arrivals.push_back(impairment_.delay + Duration(more));
  }
  return arrivals;
}

}  // namespace finwait::link
