#include "harness/explore/sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "harness/model/rule.hpp"

namespace finwait::explore {

using namespace std::chrono_literals;
using model::Trigger;
using run::Case;
using run::Scenario;

namespace {

// On the way, so long after each action: over the longest delay of an ACK there (40 ms on Linux), under the least RTO.
constexpr Duration kOnTheWay = 60ms;
// After the trigger and after each action of the completion: over the half second within which a reply has to come
// (RFC 9293 MUST-40) and the throttle of answers (500 ms on Linux), which would hide the next.
constexpr Duration kReply = 650ms;
constexpr Duration kAccept = 50ms;

bool impossible(model::State state, Trigger trigger) {
  return std::ranges::all_of(model::rules_for(state, trigger),
                             [](const model::Rule* rule) { return rule->reply == model::Reply::not_applicable; });
}

bool fits(const Place& place, const Stimulus& stimulus, bool timestamps) {
  if (timestamps && !model::kSynchronized.contains(place.state) && place.state != model::State::syn_received) {
    return false;  // nothing was agreed on yet
  }
  if (stimulus.stamps == Stamps::only_with && !timestamps) return false;
  if (stimulus.stamps == Stamps::only_without && timestamps) return false;
  return !impossible(place.state, stimulus.trigger);
}

std::string id_of(const Trial& trial) {
  const std::string variant = trial.stimulus.variant.empty() ? "" : "/" + trial.stimulus.variant;
  return fmt::format("sweep/{}/{}{}{}", trial.place.name, slug(trial.stimulus.trigger), variant,
                     trial.timestamps ? "/timestamps" : "");
}

std::vector<std::string> covered(const Trial& trial) {
  std::vector<std::string> ids;
  for (const model::Rule* rule : model::rules_for(trial.place.state, trial.stimulus.trigger)) {
    const std::string id(rule->requirement);
    if (!id.empty() && std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
  }
  return ids;
}

std::string title_of(const Trial& trial) {
  std::string text = fmt::format("{}:", trial.place.name);
  for (std::size_t i = 0; i < trial.stimulus.actions.size(); i++) {
    text += fmt::format("{} {}", i == 0 ? "" : ";", describe(trial.stimulus.actions[i]));
  }
  switch (trial.stimulus.prep) {
    case Prep::none:
      return text;
    case Prep::text:
      return text + "; text of the target is not acknowledged";
    case Prep::shut_window:
      return text + "; text and FIN of the target wait for a window";
    case Prep::fin_only:
      return text + "; the FIN of the target waits for a window";
    case Prep::unread:
      return text + "; there is text that nobody has read";
    case Prep::narrow:
      return text + "; the target's window has 5 octets";
    case Prep::closed:
      return text + "; the target's window is closed";
  }
  return text;
}

Task<> run_trial(Scenario& scenario, std::shared_ptr<const Trial> trial) {
  auto reaching = reach(scenario, *trial, scenario.family());
  Subject subject = co_await reaching;
  bool first = true;
  for (const Action& action : trial->stimulus.actions) {
    if (!std::exchange(first, false)) co_await settle(subject.peer, kOnTheWay);
    co_await perform(subject, action);
  }
  co_await complete(subject);
  insist_on_judgement(subject.peer);
}

constexpr int kCompletion = 8;  ///< waits of kReply in complete()

Case to_case(Trial trial) {
  Case c;
  c.id = trial.id;
  c.title = title_of(trial);
  c.covers = covered(trial);
  c.sysctls = trial.stimulus.sysctls;
  if (trial.stimulus.ipv4_only) c.families = {wire::Family::ipv4};
  c.scripted = false;
  c.file = __FILE__;
  Script whole{{trial.place.opening, trial.timestamps, {}}, {}};
  for (const Action& action : trial.path) whole.steps.push_back({action});
  for (const Action& action : trial.stimulus.actions) whole.steps.push_back({action});
  c.needs = needs_of(whole);
  c.lasts = length_of(whole, 0s) + kCompletion * kReply;
  c.time_waits = static_cast<double>(std::ranges::count(trial.stimulus.actions, Action(Wait::two_msl)) +
                                     std::ranges::count(trial.stimulus.actions, Action(Wait::not_quite)));
  auto shared = std::make_shared<const Trial>(std::move(trial));
  c.body = [shared](Scenario& scenario) { return run_trial(scenario, shared); };
  return c;
}

}  // namespace

std::vector<Trial> trials() {
  std::vector<Trial> all;
  for (const Place& place : all_places()) {
    for (const Stimulus& stimulus : stimuli_at(place)) {
      for (const bool timestamps : {false, true}) {
        if (!fits(place, stimulus, timestamps)) continue;
        auto path = path_to(place, stimulus.prep, timestamps);
        if (!path) continue;
        Trial trial{place, stimulus, timestamps, std::move(*path), {}};
        trial.id = id_of(trial);
        all.push_back(std::move(trial));
      }
    }
  }
  return all;
}

const run::Chapter& sweep_chapter() {
  static const run::Chapter all = [] {
    run::Chapter chapter;
    for (Trial& trial : trials()) chapter.push_back(to_case(std::move(trial)));
    return chapter;
  }();
  return all;
}

bool asks_for_sweep(std::string_view selector) { return selector.starts_with("sweep"); }

Task<Subject> reach(Scenario& scenario, const Trial& trial, wire::Family family) {
  auto beginning = begin(scenario, {trial.place.opening, trial.timestamps, family});
  Subject subject = co_await beginning;
  co_await settle(subject.peer, kOnTheWay);
  for (const Action& action : trial.path) {
    co_await perform(subject, action);
    co_await settle(subject.peer, kOnTheWay);
  }
  co_return subject;
}

Task<> complete(Subject& subject) {
  run::Peer& peer = subject.peer;
  const Action probe = Send{.seq = SeqAt::below, .ack = AckAt::una};
  const Action acknowledge = Send{};
  const Action read = AppCall::recv;
  co_await settle(peer, kReply);
  co_await perform(subject, probe);
  co_await settle(peer, kReply);
  co_await perform(subject, acknowledge);
  co_await settle(peer, kOnTheWay);
  const bool opens = !subject.held() && peer.target().port == run::Door::kPort && peer.irs() != subject.incarnation;
  if (opens) {  // a listener may have accepted it meanwhile
    auto accepting = subject.scenario.try_accept(peer, kAccept);
    subject.app = co_await accepting;
    subject.incarnation = peer.irs();
  }
  co_await perform(subject, read);
  if (!subject.fin_taken()) {
    const Action fin = Send{.kind = Kind::fin};
    co_await perform(subject, fin);
    co_await settle(peer, kReply);
  }
  co_await perform(subject, read);
  co_await perform(subject, read);
  const Action close = AppCall::close;
  co_await perform(subject, close);
  co_await settle(peer, kReply);
  co_await perform(subject, acknowledge);
  co_await settle(peer, kReply);
  co_await perform(subject, probe);
  co_await settle(peer, kReply);
}

}  // namespace finwait::explore
