// Oracle: follows one connection from outside, and says when the target does something that no way of following the
// model explains.
//
// It is told what the peer sends and what the application calls (inputs), and what comes from the target (outputs),
// each with the time as far as it is known. Inputs wait until it is certain that the target has seen them: an output
// may have been sent before or after, and both are tried as long as the times allow it. So the order in which the
// harness happens to read does not matter, and neither does a link that takes its time.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/model/history.hpp"
#include "harness/model/hypothesis.hpp"

namespace finwait::model {

/// One thing that the target could have done.
struct Way {
  std::string what;  ///< ". 101 ack 200, no text"
  std::string when;  ///< "by 0.512 s"; may be empty
  std::string requirement;
  bool operator==(const Way&) const = default;
};

struct Violation {
  std::string requirement;
  std::string summary;
  std::vector<std::string> states;  ///< where the target can have been
  std::vector<Way> allowed;
  std::string seen;
  std::string diagnosis;           ///< what single mistake would explain all that was seen; may be empty
  const Figure* figure = nullptr;  ///< the profile's value that a time was judged by
  Instant at;
  std::size_t tag = 0;   ///< of the event that could not be explained
  bool silence = false;  ///< something did not come, and `tag` is only what showed it
};

class Oracle {
 public:
  struct Start {
    bool listens = true;  ///< something listens at the target's port
    bool judges = true;   ///< false: it is told and says nothing, to measure what it costs
    Duration transit{};   ///< how long a packet or a call may take to the target after it was handed over
  };
  Oracle(const Profile& profile, const Start& start);

  /// `tag` is the caller's name for the event (its place in the transcript).
  void sent(const Segment& segment, Instant at, std::size_t tag);
  void icmp(IcmpError error, Instant at, std::size_t tag);
  void called(Call call, Instant at, std::size_t tag);
  void received(const Segment& segment, Instant at, std::size_t tag);
  /// All that came until `now` has been told.
  void finish(TimePoint now);

  [[nodiscard]] const std::optional<Violation>& violation() const { return violation_; }
  /// Gave up without a verdict: more ways than it can follow.
  [[nodiscard]] bool lost() const { return lost_; }
  /// The states the target can be in, every input taken as seen.
  [[nodiscard]] StateSet states() const;
  /// What the target can have chosen on the axes, from this connection alone.
  [[nodiscard]] Choices choices() const;
  /// At most so many ways are followed at once.
  static constexpr std::size_t kMostWays = 128;

 private:
  /// An input that some way has not seen yet.
  struct Waiting {
    Event event;
    std::uint32_t number = 0;  ///< in the history
  };
  using Ways = std::vector<Hypothesis>;

  /// One mistake that the target may have made (diagnose.cpp).
  struct Mistake {
    enum class Kind : std::uint8_t { none, parameter, other_row, ignored, below_edge, beyond_edge, lingers, deleted };
    Kind kind = Kind::none;
    std::uint32_t input = 0;  ///< at which input, but for a parameter
    Bent bent;
    std::size_t* budget = nullptr;  ///< so many steps may still be spent on diagnosing
  };

  Oracle(const Profile& profile, const Start& start, const Mistake& mistake);
  void add(Event event);
  void tell(const Event& event);
  void remember(const Event& event);
  [[nodiscard]] const Waiting& input(std::uint32_t index) const { return inputs_[index - first_input_]; }
  void apply(Hypothesis&& h, const Event& event, std::uint32_t index, Successors& out);
  void err(Hypothesis h, const Event& event, Successors& out);
  using Events = std::vector<Event>;
  void diagnose(Violation& violation, const Events& events, const Ways& before, const Segment* last, Instant now) const;
  enum class Suspects : std::uint8_t { none, acked, resets, all };
  [[nodiscard]] Suspects suspects(const Segment* segment) const;
  void call_late(const Segment& segment);
  [[nodiscard]] bool explains(const Events& events, const Mistake& mistake, Instant now, bool at_end,
                              const Rule*& rule) const;
  /// Moves ways over the inputs from their own to `until`, and hands each stage from `from` on to `look`.
  struct Rooms;
  /// What is done with the ways at one stage; the last one may use them up.
  using Look = std::function<void(Ways& stage, bool last)>;
  void commit(std::uint32_t from, std::uint32_t until, const Look& look);
  void try_stage(Ways& stage, bool last, const Segment* segment, Instant at, Ways& ways);
  [[nodiscard]] Rooms& rooms() const;
  void take_input(Ways& ways, std::uint32_t index);
  void spend(std::size_t steps);
  void settle(Ways& survivors);
  void refuse(const Refusal& refusal, std::optional<std::uint32_t> event);
  void violate(const Segment* segment, Instant at, std::size_t tag);
  [[nodiscard]] Ways look_back(const Events& events, Violation& violation) const;
  [[nodiscard]] std::uint32_t sure(Instant at) const;
  [[nodiscard]] std::uint32_t possible(Instant at) const;
  void forget_inputs();
  void note_peer(const Segment& segment, Instant at);
  void note_target(const Segment& segment, Instant at);

  static constexpr std::size_t kMostEvents = 1024;    ///< longer conversations are judged, but not diagnosed
  static constexpr std::size_t kMostSteps = 200'000;  ///< of all ways, for one diagnosis: a fraction of a second
  static constexpr std::uint32_t kMostSuspects = 64;  ///< inputs that are suspected of having been taken wrongly

  Context context_;
  Start start_;
  Mistake mistake_;
  Ways ways_;
  History history_;
  std::size_t last_tag_ = 0;
  std::vector<Waiting> inputs_;
  std::uint32_t first_input_ = 0;  ///< so many inputs came before those of inputs_
  Refusal refusal_;
  bool refused_ = false;                        ///< refusal_ belongs to what is being looked at
  std::optional<std::uint32_t> refused_event_;  ///< the input that no way could take
  const Rule* mistaken_rule_ = nullptr;         ///< the row that the assumed mistake goes against
  std::optional<Violation> violation_;
  bool lost_ = false;
  std::optional<SeqNum> peer_iss_, target_iss_;
  std::optional<std::pair<SeqNum, Instant>> timing_;  ///< the end of the last text seen, and when
};

/// What the hypothesis could do at this moment, in words. Numbers are relative to the two initial ones.
std::vector<Way> allowed(const Context& context, const Hypothesis& h, Instant at);

}  // namespace finwait::model
