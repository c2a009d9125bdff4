#include "harness/link/impairment.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace finwait::link {
namespace {

using namespace std::chrono_literals;

struct Seen {
  int lost = 0, doubled = 0, in_row = 0;
  Duration least = 1h, most{};
};

Seen thousand(const Impairment& impairment, std::uint64_t seed) {
  Path path(impairment, seed);
  Seen seen;
  int row = 0;
  for (int i = 0; i < 1000; i++) {
    const auto arrivals = path.next();
    row = arrivals.empty() ? row + 1 : 0;
    seen.in_row = std::max(seen.in_row, row);
    seen.lost += arrivals.empty() ? 1 : 0;
    seen.doubled += arrivals.size() > 1 ? 1 : 0;
    for (const auto& one : arrivals) seen.least = std::min(seen.least, one), seen.most = std::max(seen.most, one);
  }
  return seen;
}

TEST(Path, AGoodOneDoesNothing) {
  const Seen seen = thousand({}, 1);
  EXPECT_EQ(seen.lost, 0);
  EXPECT_EQ(seen.doubled, 0);
  EXPECT_EQ(seen.most, 0s);
}

TEST(Path, LosesItsShareAndNeverTooManyInARow) {
  const Seen seen = thousand({.loss = 0.3}, 1);
  EXPECT_NEAR(seen.lost, 290, 60);
  EXPECT_LE(seen.in_row, 3);
  EXPECT_EQ(thousand({.loss = 1, .losses_in_row = 2}, 1).in_row, 2);
}

TEST(Path, DoublesItsShareAndDelays) {
  const Seen seen = thousand({.duplicate = 0.2, .delay = 10ms, .jitter = 30ms}, 1);
  EXPECT_NEAR(seen.doubled, 200, 60);
  EXPECT_GE(seen.least, 10ms);
  EXPECT_LT(seen.least, 12ms);
  EXPECT_GT(seen.most, 38ms);
  EXPECT_LT(seen.most, 40ms);
}

TEST(Path, TheSameSeedIsTheSamePath) {
  const Impairment all{.loss = 0.2, .duplicate = 0.2, .delay = 1ms, .jitter = 9ms};
  Path one(all, 7), same(all, 7), other(all, 8);
  bool differs = false;
  for (int i = 0; i < 100; i++) {
    const auto arrivals = one.next();
    EXPECT_EQ(arrivals, same.next());
    differs = differs || arrivals != other.next();
  }
  EXPECT_TRUE(differs);
}

}  // namespace
}  // namespace finwait::link
