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
  /// nullopt: never, or it cannot tell.
  [[nodiscard]] virtual std::optional<TimePoint> next_deadline() const = 0;
  /// It cannot tell: each step of the clock asks it how far it comes. There may be one such party.
  [[nodiscard]] virtual bool steps() const { return false; }
  /// Runs to this time, or, if it steps, to where it first has something to tell. Returns where that was.
  virtual TimePoint advance_to(TimePoint most) = 0;
};

class VirtualTime : public Waiter {
 public:
  [[nodiscard]] TimePoint now() const override { return now_; }
  bool wait(std::optional<TimePoint> deadline) override;

  /// Takes what is there for another waiter (signals, say) with each step of the clock.
  void look_at(Waiter& other) { other_ = &other; }

  void add(VirtualParty& party) { parties_.push_back(&party); }
  void remove(VirtualParty& party) { std::erase(parties_, &party); }

 private:
  TimePoint now_{};
  std::vector<VirtualParty*> parties_;
  Waiter* other_ = nullptr;
};

}  // namespace finwait::engine
