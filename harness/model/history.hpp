// History: what an oracle was told, kept small. Ten thousand connections are followed at once, and only where a mistake
// is looked for (diagnose.cpp) is all of it told again.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "harness/model/call.hpp"
#include "harness/model/hypothesis.hpp"
#include "harness/time.hpp"
#include "harness/wire/segment.hpp"

namespace finwait::model {

/// A segment of the target; all else that an oracle is told is input.
struct Output {
  wire::Segment segment;
};

struct Event {
  std::variant<wire::Segment, Call, IcmpError, Output> what;
  Instant at;
  std::size_t tag = 0;  ///< the caller's name for it

  [[nodiscard]] bool is_input() const { return !std::holds_alternative<Output>(what); }
};

class History {
 public:
  /// Of a segment what the model looks at is kept: addresses but for their family, ports and the rest of the IP header
  /// are not.
  void add(const Event& event);
  /// In the order of telling.
  [[nodiscard]] std::vector<Event> events() const;
  /// Forgets the oldest, so that `count` stay.
  void keep(std::uint32_t count);

  /// Events are numbered from 0 on; the first that is kept, and the one after the last.
  [[nodiscard]] std::uint32_t first() const { return first_; }
  [[nodiscard]] std::uint32_t end() const { return first_ + count_; }
  [[nodiscard]] std::uint32_t size() const { return count_; }

 private:
  wire::Bytes octets_;
  std::uint32_t first_ = 0, count_ = 0;
};

}  // namespace finwait::model
