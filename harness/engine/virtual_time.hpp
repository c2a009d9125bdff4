// Virtual time: when nothing can run, the clock jumps to the next deadline of the harness or of the target.
#pragma once

#include <optional>
#include <vector>

#include "harness/engine/loop.hpp"

namespace finwait::engine {

/// A target that lives on the virtual clock: it says when it next has something to do and is told to do it.
class VirtualParty {
 public:
  virtual ~VirtualParty() = default;
  [[nodiscard]] virtual std::optional<TimePoint> next_deadline() const = 0;
  virtual void advance_to(TimePoint now) = 0;
};

class VirtualTime : public Waiter {
 public:
  [[nodiscard]] TimePoint now() const override { return now_; }
  bool wait(std::optional<TimePoint> deadline) override;

  void add(VirtualParty& party) { parties_.push_back(&party); }
  void remove(VirtualParty& party) { std::erase(parties_, &party); }

 private:
  TimePoint now_{};
  std::vector<VirtualParty*> parties_;
};

}  // namespace finwait::engine
