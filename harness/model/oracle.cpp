#include "harness/model/oracle.hpp"

#include <algorithm>
#include <functional>
#include <iterator>

namespace finwait::model {

namespace {

void drop_duplicates(std::vector<Hypothesis>& ways) {
  for (std::size_t i = 0; i + 1 < ways.size(); i++) {
    ways.erase(std::remove(ways.begin() + static_cast<std::ptrdiff_t>(i) + 1, ways.end(), ways[i]), ways.end());
  }
}

}  // namespace

Oracle::Oracle(const Profile& profile, const Start& start) : Oracle(profile, start, {}) {}

Oracle::Oracle(const Profile& profile, const Start& start, const Mistake& mistake)
    : context_{.profile = profile,
               .written = {},
               .received = {},
               .peer_iss = {},
               .peer_ts = {},
               .peer_ts_first = {},
               .peer_ts_last = {},
               .target_ts = {},
               .longest_rtt = {},
               .bent = mistake.bent,
               .syn_lost = false},
      start_(start),
      mistake_(mistake) {
  lost_ = !start.judges;
  Hypothesis h;
  h.listens = start.listens;
  h.state = start.listens ? State::listen : State::closed;
  h.choices = profile.choices;
  h.keepalive.idle = profile.keepalive_idle;
  h.keepalive.interval = profile.keepalive_interval;
  h.keepalive.count = profile.keepalive_count;
  h.keepalive.on = !profile.choices.contains(Choice::keepalive_off) && !profile.choices.contains(Choice::no_keepalive);
  ways_.push_back(std::move(h));
}

// Rooms to work in, kept so that nothing is allocated for every packet. A diagnosis works in rooms of its own.
struct Oracle::Rooms {
  Successors on_time, next;
  Ways current, survivors;
  std::vector<Waiting> inputs;
};

Oracle::Rooms& Oracle::rooms() const {
  static thread_local Rooms judging, diagnosing;
  return mistake_.kind == Mistake::Kind::none ? judging : diagnosing;
}

// --- what goes to the target

void Oracle::remember(const Event& event) {
  history_.add(event);
  if (history_.size() >= 2 * kMostEvents) history_.keep(kMostEvents);
}

void Oracle::add(Event event) {
  if (violation_ || lost_) return;
  if (inputs_.capacity() == 0) inputs_.swap(rooms().inputs);
  inputs_.push_back({std::move(event), history_.end()});
  remember(inputs_.back().event);
}

// Told again, for a diagnosis.
void Oracle::tell(const Event& event) {
  std::visit(
      [&](const auto& what) {
        using What = std::decay_t<decltype(what)>;
        if constexpr (std::is_same_v<What, Segment>) sent(what, event.at, event.tag);
        if constexpr (std::is_same_v<What, Call>) called(what, event.at, event.tag);
        if constexpr (std::is_same_v<What, IcmpError>) icmp(what, event.at, event.tag);
        if constexpr (std::is_same_v<What, Output>) received(what.segment, event.at, event.tag);
      },
      event.what);
}

void Oracle::note_peer(const Segment& s, Instant at) {
  if (s.flags.any(wire::kSyn) && !s.flags.any(wire::kRst) && (!peer_iss_ || !s.flags.any(wire::kAck))) {
    if (!peer_iss_) context_.peer_iss = peer_iss_ = s.seq;
  }
  constexpr std::size_t kMostEchoes = 64;
  if (const auto ts = s.options.timestamps()) {
    const SeqNum value(ts->value);
    if (!context_.peer_ts_first && s.flags.any(wire::kSyn)) context_.peer_ts_first = context_.peer_ts_last = value;
    if (!context_.peer_ts_first || wire::before(value, *context_.peer_ts_first)) {
      if (context_.peer_ts.size() == kMostEchoes) context_.peer_ts.erase(context_.peer_ts.begin());
      context_.peer_ts.push_back(ts->value);
    }
    if (wire::after(value, context_.peer_ts_last)) context_.peer_ts_last = value;
  }
  if (timing_ && s.flags.any(wire::kAck) && !wire::before(s.ack, timing_->first)) {
    context_.longest_rtt = std::max(context_.longest_rtt, at.latest - timing_->second.earliest);
    timing_.reset();
  }
  if (!peer_iss_ || s.payload.empty()) return;
  context_.received.put((s.seq - (*peer_iss_ + 1)) + (s.flags.any(wire::kSyn) ? 1 : 0), s.payload);
}

void Oracle::sent(const Segment& segment, Instant at, std::size_t tag) {
  if (violation_ || lost_) return;
  note_peer(segment, at);
  last_tag_ = tag;
  add({segment, at, tag});
}

void Oracle::icmp(IcmpError error, Instant at, std::size_t tag) { add({error, at, tag}); }

void Oracle::called(Call call, Instant at, std::size_t tag) {
  if (call.kind == Call::Kind::send && call.error == 0) {
    context_.written.insert(context_.written.end(), call.text.begin(),
                            call.text.begin() + static_cast<std::ptrdiff_t>(std::min(call.taken, call.text.size())));
  }
  add({std::move(call), at, tag});
}

// --- what comes from it

void Oracle::note_target(const Segment& s, Instant at) {
  if (s.flags.any(wire::kSyn)) {
    if (target_iss_ == s.seq) context_.syn_lost = true;
    target_iss_ = s.seq;
  }
  if (s.length() > 0 && !s.flags.any(wire::kRst)) timing_.emplace(s.seq + s.length(), at);
}

std::uint32_t Oracle::sure(Instant at) const {
  std::uint32_t count = first_input_;
  for (; count < first_input_ + inputs_.size(); count++) {
    if (input(count).event.at.latest + start_.transit >= at.earliest) break;
  }
  return count;
}

std::uint32_t Oracle::possible(Instant at) const {
  std::uint32_t count = first_input_;
  for (; count < first_input_ + inputs_.size(); count++) {
    if (input(count).event.at.earliest > at.latest) break;
  }
  return count;
}

void Oracle::apply(Hypothesis&& h, const Event& event, std::uint32_t index, Successors& out) {
  if (mistake_.input == index && mistake_.kind != Mistake::Kind::none && mistake_.kind != Mistake::Kind::parameter) {
    return err(std::move(h), event, out);
  }
  if (const auto* segment = std::get_if<Segment>(&event.what)) {
    arrive(context_, std::move(h), *segment, event.at, out);
  } else if (const auto* call = std::get_if<Call>(&event.what)) {
    model::called(context_, std::move(h), *call, event.at, out);
  } else if (const auto* error = std::get_if<IcmpError>(&event.what)) {
    icmp_arrives(context_, std::move(h), *error, event.at, out);
  }
}

// Of all the ways that come to an end the one that nearly fitted says most.
void Oracle::refuse(const Refusal& refusal, std::optional<std::uint32_t> event) {
  const auto rank = [](Why why) {
    switch (why) {
      case Why::unasked_ack:
      case Why::unasked_rst:
      case Why::rst_to_rst:
      case Why::rst_to_unacceptable:
      case Why::rst_in_close_wait:
      case Why::rst_in_fin_wait_2:
      case Why::rst_in_time_wait:
      case Why::rst_unprovoked:
      case Why::gave_up_after_one_probe:
      case Why::gave_up_probing:
      case Why::gave_up_although_answered:
      case Why::unasked_syn:
      case Why::unasked_fin:
      case Why::segment_without_connection:
        return 1;
      default:
        return 2;
    }
  };
  if (refused_ && rank(refusal.why) < rank(refusal_.why)) return;
  refused_ = true;
  refusal_ = refusal;
  refused_event_ = event;
}

void Oracle::take_input(Ways& ways, std::uint32_t index) {
  spend(ways.size());
  const Event& event = input(index).event;
  Successors& on_time = rooms().on_time;
  Successors& next = rooms().next;
  next.all.clear();
  for (Hypothesis& h : ways) {
    on_time.all.clear();
    const bool goes_on = passed(context_, h, event.at, on_time);
    if (!goes_on && on_time.all.empty()) refuse(on_time.refusal, input(index).number);
    const auto take = [&](Hypothesis& one) {
      const std::size_t before = next.all.size();
      apply(std::move(one), event, index, next);
      if (next.all.size() == before) refuse(next.refusal, input(index).number);
    };
    std::ranges::for_each(on_time.all, take);
    if (goes_on) take(h);
  }
  for (Hypothesis& h : next.all) {
    h.inputs = index + 1;
    h.touched = event.at.latest;
  }
  drop_duplicates(next.all);
  if (next.all.size() > kMostWays) lost_ = true;
  ways.swap(next.all);
}

void Oracle::commit(std::uint32_t from, std::uint32_t until, const Look& look) {
  // Ways differ in how many inputs they have seen: the one that has seen fewest catches up with the next.
  if (ways_.size() > 1) std::ranges::stable_sort(ways_, {}, &Hypothesis::inputs);
  Ways& current = rooms().current;
  current.clear();
  std::size_t taken = 0;
  for (std::uint32_t index = ways_.empty() ? until : ways_.front().inputs; !lost_; index++) {
    while (taken < ways_.size() && ways_[taken].inputs == index) current.push_back(std::move(ways_[taken++]));
    drop_duplicates(current);
    if (index >= from && !current.empty()) look(current, index == until);
    if (index >= until) break;
    take_input(current, index);
  }
  ways_.clear();
}

// Every stage keeps what it finds in `ways`; a stage that is not the last one is still needed afterwards.
void Oracle::try_stage(Ways& stage, bool last, const Segment* segment, Instant at, Ways& ways) {
  spend(stage.size());
  refused_ = false;  // the more inputs it has seen, the likelier
  Successors& on_time = rooms().on_time;
  Successors& next = rooms().next;
  next.all.clear();
  const auto send = [&](Hypothesis&& one) {
    const std::size_t before = next.all.size();
    emitted(context_, std::move(one), *segment, at, next);
    if (next.all.size() == before) refuse(next.refusal, std::nullopt);
  };
  for (Hypothesis& h : stage) {
    on_time.all.clear();
    Hypothesis copy;
    if (!last) copy = h;
    Hypothesis& one = last ? h : copy;
    if (passed(context_, one, at, on_time)) on_time.all.push_back(std::move(one));
    if (on_time.all.empty()) refuse(on_time.refusal, std::nullopt);
    for (Hypothesis& way : on_time.all) {
      if (segment != nullptr) {
        send(std::move(way));
      } else {
        next.all.push_back(std::move(way));
      }
    }
  }
  std::ranges::move(next.all, std::back_inserter(ways));
}

void Oracle::received(const Segment& segment, Instant at, std::size_t tag) {
  if (violation_ || lost_) return;
  note_target(segment, at);
  last_tag_ = tag;
  remember({Output{segment}, at, tag});
  refused_ = false;
  Ways& survivors = rooms().survivors;
  survivors.clear();
  const auto look = [&](Ways& stage, bool last) { try_stage(stage, last, &segment, at, survivors); };
  commit(sure(at), possible(at), std::ref(look));
  if (const auto ts = segment.options.timestamps()) context_.target_ts = ts->value;
  settle(survivors);
  if (ways_.empty() && !lost_) violate(&segment, at, tag);
}

void Oracle::finish(TimePoint now) {
  if (violation_ || lost_) return;
  const Instant at{now, now};
  const auto all = first_input_ + static_cast<std::uint32_t>(inputs_.size());
  refused_ = false;
  Ways& survivors = rooms().survivors;
  survivors.clear();
  const auto look = [&](Ways& stage, bool last) { try_stage(stage, last, nullptr, at, survivors); };
  commit(all, all, std::ref(look));
  settle(survivors);
  if (ways_.empty() && !lost_) violate(nullptr, at, last_tag_);
}

void Oracle::spend(std::size_t steps) {
  if (mistake_.budget == nullptr) return;
  if (*mistake_.budget < steps) lost_ = true;
  *mistake_.budget -= std::min(*mistake_.budget, steps);
}

void Oracle::settle(Ways& survivors) {
  drop_duplicates(survivors);
  // No larger than it has to be: what a connection keeps is what ten thousand of them cost.
  if (ways_.capacity() > survivors.size()) ways_ = Ways();
  ways_.reserve(survivors.size());
  std::ranges::move(survivors, std::back_inserter(ways_));
  if (ways_.size() > kMostWays) lost_ = true;
  forget_inputs();
}

void Oracle::forget_inputs() {
  std::uint32_t least = first_input_ + static_cast<std::uint32_t>(inputs_.size());
  for (const Hypothesis& h : ways_) least = std::min(least, h.inputs);
  inputs_.erase(inputs_.begin(), inputs_.begin() + (least - first_input_));
  first_input_ = least;
  if (inputs_.empty()) inputs_.swap(rooms().inputs);  // few connections have some waiting at any one time
}

// --- what can be said about it

StateSet Oracle::states() const {
  StateSet set;
  for (const Hypothesis& h : ways_) set = set | StateSet{h.state};
  return set;
}

Choices Oracle::choices() const {
  Choices some;
  for (const Hypothesis& h : ways_) some = some | h.choices;
  return some;
}

}  // namespace finwait::model
