#include "harness/link/impairment.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace finwait::link {
namespace {

using namespace std::chrono_literals;

struct Seen {
  int lost = 0, doubled = 0;
  Duration least = 1h, most{};
};

Seen thousand(const Impairment& impairment, std::uint64_t seed) {
  Path path(impairment, seed);
  Seen seen;
  for (int i = 0; i < 1000; i++) {
    const auto arrivals = path.carry(static_cast<std::uint64_t>(i));
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

TEST(Path, LosesItsShare) {
  const Seen seen = thousand({.loss = 0.3}, 1);
  EXPECT_NEAR(seen.lost, 290, 60);
}

TEST(Path, LetsTheSamePacketThroughInTheEnd) {
  Path path({.loss = 1, .losses_in_row = 2}, 1);
  std::vector<std::size_t> arrived;
  arrived.reserve(6);
  for (int i = 0; i < 6; i++) arrived.push_back(path.carry(1).size());
  EXPECT_EQ(arrived, (std::vector<std::size_t>{0, 0, 1, 0, 0, 1}));
  EXPECT_TRUE(path.carry(2).empty());
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
    const auto which = static_cast<std::uint64_t>(i % 10);
    const auto arrivals = one.carry(which);
    EXPECT_EQ(arrivals, same.carry(which));
    differs = differs || arrivals != other.carry(which);
  }
  EXPECT_TRUE(differs);
}

TEST(Path, TheTurnOfAPacketChangesNothing) {
  const Impairment all{.loss = 0.2, .duplicate = 0.2, .delay = 1ms, .jitter = 9ms};
  Path one(all, 7), other(all, 7);
  for (std::uint64_t i = 0; i < 100; i++) {
    const auto first = one.carry(2 * i), second = one.carry(2 * i + 1);
    EXPECT_EQ(other.carry(2 * i + 1), second);
    EXPECT_EQ(other.carry(2 * i), first);
  }
  EXPECT_NE(one.carry(0), one.carry(0)) << "the second and the third time are others";
}

}  // namespace
}  // namespace finwait::link
