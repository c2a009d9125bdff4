// Impairment: what a bad path does to packets, decided by a seed: the same seed loses the same ones.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "harness/time.hpp"

namespace finwait::link {

struct Impairment {
  double loss = 0;        ///< how many of a packet's copies never arrive, 0 .. 1
  double duplicate = 0;   ///< how many packets are there twice, 0 .. 1
  Duration delay{};       ///< of every packet
  Duration jitter{};      ///< up to so much more, each packet its own: over the gap of two packets they change places
  int losses_in_row = 3;  ///< not more: then one gets through
};

/// One direction of a path.
class Path {
 public:
  Path(const Impairment& impairment, std::uint64_t seed) : impairment_(impairment), random_(seed) {}

  /// What becomes of the next packet: the delay of each copy that arrives; none when it is lost.
  std::vector<Duration> next();

 private:
  [[nodiscard]] bool happens(double share);

  Impairment impairment_;
  std::mt19937_64 random_;
  int lost_ = 0;
};

}  // namespace finwait::link
