// Lab: where a run gets its clock and its targets from.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <tl/expected.hpp>

#include "harness/engine/loop.hpp"
#include "harness/target/target.hpp"

namespace finwait::target {

class Lab {
 public:
  virtual ~Lab() = default;
  virtual engine::Loop& loop() = 0;
  /// A fresh sandbox with a target in it, or why there can be none.
  virtual tl::expected<std::unique_ptr<Target>, std::string> make_target() = 0;
  /// A target costs next to nothing: each case gets one of its own, and they run one after the other.
  [[nodiscard]] virtual bool fresh() const { return false; }
  /// What a fresh target draws its numbers from.
  virtual void draw_from(std::uint64_t /*seed*/) {}
};

}  // namespace finwait::target
