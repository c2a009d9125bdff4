#include "harness/explore/shrink.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <span>

namespace finwait::explore {

namespace {

/// A change that makes a script shorter or plainer.
struct Edit {
  std::function<void(Start&)> start;
  std::map<std::size_t, std::optional<Step>> steps;  ///< by place: another one, or none
};

Script edited(const Script& script, std::span<const Edit> edits) {
  Script out{script.start, {}};
  std::map<std::size_t, std::optional<Step>> all;
  for (const Edit& edit : edits) {
    if (edit.start) edit.start(out.start);
    all.insert(edit.steps.begin(), edit.steps.end());  // of two for one place, the first
  }
  for (std::size_t i = 0; i < script.steps.size(); i++) {
    const auto found = all.find(i);
    if (found == all.end()) {
      out.steps.push_back(script.steps[i]);
    } else if (found->second) {
      out.steps.push_back(*found->second);
    }
  }
  return out;
}

Edit without(std::size_t from, std::size_t until) {
  Edit edit;
  for (std::size_t i = from; i < until; i++) edit.steps[i] = std::nullopt;
  return edit;
}

// What a segment can be instead. It never leads back: kinds, positions and stamps only ever become plainer.
std::vector<Send> plainer(const Send& send) {
  std::vector<Send> all;
  const auto with = [&](auto change) {
    Send plain = send;
    change(plain);
    if (plain != send) all.push_back(plain);
  };
  if (send.kind == Kind::text_fin || send.kind == Kind::bare_fin) with([](Send& s) { s.kind = Kind::fin; });
  if (send.kind == Kind::text_fin || send.kind == Kind::urgent || send.kind == Kind::bare_text) {
    with([](Send& s) { s.kind = Kind::text; });
  }
  if (send.kind == Kind::rst_ack || send.kind == Kind::rst_text) with([](Send& s) { s.kind = Kind::rst; });
  with([](Send& s) { s.zero_window = false; });
  with([](Send& s) { s.stamp = StampAt::usual; });
  with([](Send& s) { s.ack = AckAt::all; });
  with([](Send& s) { s.seq = SeqAt::left; });
  if (send.ack == AckAt::far_old) with([](Send& s) { s.ack = AckAt::too_old; });
  if (send.ack == AckAt::far_future) with([](Send& s) { s.ack = AckAt::future; });
  if (send.seq == SeqAt::far_below) with([](Send& s) { s.seq = SeqAt::below; });
  if (send.seq == SeqAt::beyond || send.seq == SeqAt::last) with([](Send& s) { s.seq = SeqAt::right; });
  return all;
}

std::vector<Step> plainer(const Step& step) {
  std::vector<Step> all;
  if (step.hurry) all.push_back({step.action, false});
  if (const auto* send = std::get_if<Send>(&step.action)) {
    for (const Send& plain : plainer(*send)) all.push_back({plain, step.hurry});
  }
  if (const auto* wait = std::get_if<Wait>(&step.action)) {
    for (const Wait shorter : {Wait::moment, Wait::throttle}) {
      if (shorter < *wait) all.push_back({shorter, step.hurry});
    }
  }
  return all;
}

std::vector<Edit> plainer_starts(const Start& start) {
  std::vector<Edit> all;
  if (start.timestamps) all.push_back({[](Start& s) { s.timestamps = false; }, {}});
  if (start.family != wire::Family::ipv4) all.push_back({[](Start& s) { s.family = wire::Family::ipv4; }, {}});
  if (start.opening != Opening::passive && start.opening != Opening::closed_port) {
    all.push_back({[](Start& s) { s.opening = Opening::passive; }, {}});
  }
  return all;
}

class Shrinking {
 public:
  Shrinking(Script failing, const StillFails& still_fails) : still_fails_(still_fails) {
    best_.script = std::move(failing);
  }

  Shrunk run() {
    for (bool changed = true; changed && !best_.interrupted;) {
      changed = leave_out();
      while (round(simplifications())) changed = true;
    }
    return std::move(best_);
  }

 private:
  std::vector<bool> ask(const std::vector<Script>& candidates) {
    auto fails = still_fails_(candidates);
    best_.interrupted = best_.interrupted || fails.size() != candidates.size();
    if (best_.interrupted) return {};
    best_.tried += candidates.size();
    return fails;
  }

  /// Tries every change by itself, side by side, and then as many of the good ones together as go together.
  bool round(const std::vector<Edit>& edits) {
    if (edits.empty() || best_.interrupted) return false;
    std::vector<Script> candidates;
    candidates.reserve(edits.size());
    for (const Edit& edit : edits) candidates.push_back(edited(best_.script, {&edit, 1}));
    const auto fails = ask(candidates);
    std::vector<Edit> good;
    for (std::size_t i = 0; i < fails.size(); i++) {
      if (fails[i]) good.push_back(edits[i]);
    }
    if (good.empty()) return false;
    candidates.clear();
    for (std::size_t n = good.size(); n > 1; n /= 2) {
      candidates.push_back(edited(best_.script, std::span(good).first(n)));
    }
    candidates.push_back(edited(best_.script, std::span(good).first(1)));
    const auto together = candidates.size() > 1 ? ask(candidates) : std::vector<bool>{true};
    const auto most = std::ranges::find(together, true);
    const auto which =
        most == together.end() ? candidates.size() - 1 : static_cast<std::size_t>(most - together.begin());
    best_.script = candidates[which];
    return true;
  }

  // Delta debugging: chunks of half the script, of a quarter, ..., of one action.
  bool leave_out() {
    bool changed = false;
    std::size_t chunk = std::max<std::size_t>(best_.script.steps.size() / 2, 1);
    while (!best_.script.steps.empty() && !best_.interrupted) {
      if (round(chunks(chunk))) {
        changed = true;
        chunk = std::clamp<std::size_t>(best_.script.steps.size() / 2, 1, chunk);
      } else if (chunk == 1) {
        break;
      } else {
        chunk /= 2;
      }
    }
    return changed;
  }

  [[nodiscard]] std::vector<Edit> chunks(std::size_t size) const {
    std::vector<Edit> all;
    const std::size_t steps = best_.script.steps.size();
    for (std::size_t from = 0; from < steps; from += size) all.push_back(without(from, std::min(from + size, steps)));
    return all;
  }

  [[nodiscard]] std::vector<Edit> simplifications() const {
    std::vector<Edit> all = plainer_starts(best_.script.start);
    for (std::size_t i = 0; i < best_.script.steps.size(); i++) {
      for (const Step& step : plainer(best_.script.steps[i])) all.push_back({{}, {{i, step}}});
    }
    return all;
  }

  const StillFails& still_fails_;
  Shrunk best_;
};

}  // namespace

Shrunk shrink(Script failing, const StillFails& still_fails) {
  return Shrinking(std::move(failing), still_fails).run();
}

}  // namespace finwait::explore
