// Impairment: what a bad path does to packets, decided by a seed: the same seed loses the same ones.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <vector>

#include "harness/time.hpp"

namespace finwait::link {

struct Impairment {
  double loss = 0;        ///< how many of a packet's copies never arrive, 0 .. 1
  double duplicate = 0;   ///< how many packets are there twice, 0 .. 1
  Duration delay{};       ///< of every packet
  Duration jitter{};      ///< up to so much more, each packet its own: over the gap of two packets they change places
  int losses_in_row = 3;  ///< of the same packet, not more: then one gets through
};

/// One direction of a path. What becomes of a packet depends on the seed and on which packet it is, not on its turn: a
/// target that sends two in the other order, or one more between them, finds the same path as before.
class Path {
 public:
  Path(const Impairment& impairment, std::uint64_t seed) : impairment_(impairment), seed_(seed) {}

  /// What becomes of this packet: the delay of each copy that arrives; none when it is lost. `which` names it, equally
  /// each time that it is sent; each of those times has a fate of its own.
  std::vector<Duration> carry(std::uint64_t which);

 private:
  struct Sent {
    std::uint64_t times = 0;
    int lost = 0;  ///< the last so many
  };

  Impairment impairment_;
  std::uint64_t seed_;
  std::map<std::uint64_t, Sent> sent_;
};

}  // namespace finwait::link
