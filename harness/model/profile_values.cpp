// What a profile can state, and how that compares with the standard's own profile.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "harness/model/profile.hpp"

namespace finwait::model {

using namespace std::chrono_literals;

namespace {

constexpr std::array kFigures{
    Figure{"time-wait", "how long TIME-WAIT lasts: 2 MSL", {}, &Profile::two_msl},
    Figure{"fin-wait-2-orphan", "how long FIN-WAIT-2 lasts once nobody holds the socket", "never ends",
           &Profile::fin_wait_2_orphan},
    Figure{"r2", "text or FIN that stays unacknowledged is not given up before", {}, &Profile::r2},
    Figure{"r2-syn", "an unanswered SYN is not given up before", {}, &Profile::r2_syn},
    Figure{"r2-syn-ack", "an unanswered SYN,ACK is not given up before", {}, &Profile::r2_syn_ack},
    Figure{"rto-initial", "the first retransmission timeout", {}, &Profile::rto_initial},
    Figure{"rto-min", "no retransmission timeout is shorter", {}, &Profile::rto_min},
    Figure{"rto-max", "where the back-off stops", {}, &Profile::rto_max},
    Figure{"challenge-throttle", "for so long after an answer to an unacceptable segment there may be no other", "none",
           &Profile::challenge_throttle},
    Figure{"tail-loss-probe",
           "the last segment may come again before its timeout (RFC 8985 7)",
           {},
           &Profile::tail_loss_probe},
    Figure{"keepalive-idle",
           "idle so long, a connection is first probed, once keepalive is on",
           {},
           &Profile::keepalive_idle},
    Figure{"keepalive-interval", "from one unanswered probe to the next", {}, &Profile::keepalive_interval},
    Figure{"keepalive-count", "so many unanswered probes end the connection", {}, &Profile::keepalive_count},
};

std::string text(Duration value) {
  if (value % 1s == 0s) return fmt::format("{} s", value / 1s);
  if (value % 1ms == 0ms) return fmt::format("{} ms", value / 1ms);
  return fmt::format("{:.6f} s", seconds(value));
}
std::string text(int value) { return std::to_string(value); }
std::string text(bool value) { return value ? "yes" : "no"; }

std::string asked_text(const Profile& standard, const Stated& stated) {
  return (stated.bound == Bound::at_least ? "at least " : "") + value_text(standard, *stated.figure);
}

}  // namespace

std::span<const Figure> figures() { return kFigures; }

const Figure* find_figure(std::string_view name) {
  const auto* found = std::ranges::find(kFigures, name, &Figure::name);
  return found == kFigures.end() ? nullptr : found;
}

std::string_view to_string(Verified verified) {
  constexpr std::array<std::string_view, 3> kNames{"yes", "partly", "no"};
  return kNames.at(static_cast<std::size_t>(verified));
}

std::string_view to_string(Conformity conformity) {
  constexpr std::array<std::string_view, 3> kNames{"follows", "differs", "not specified"};
  return kNames.at(static_cast<std::size_t>(conformity));
}

const Stated* Profile::find_stated(const Figure& figure) const {
  const auto found = std::ranges::find(stated, &figure, &Stated::figure);
  return found == stated.end() ? nullptr : &*found;
}

std::string value_text(const Profile& profile, const Figure& figure) {
  return std::visit(
      [&](auto field) {
        const auto value = profile.*field;
        return value == decltype(value){} && !figure.zero.empty() ? std::string(figure.zero) : text(value);
      },
      figure.field);
}

std::string citation(const Profile& profile, const Figure& figure) {
  const Stated* stated = profile.find_stated(figure);
  return fmt::format("the profile {} has {} = {} ({})", profile.name, figure.name, value_text(profile, figure),
                     stated != nullptr ? stated->source : "not stated: the standard's");
}

Conformity conformity(const Profile& profile, const Figure& figure) {
  const Profile& standard = standard_profile();
  const Stated* rule = standard.find_stated(figure);
  if (rule == nullptr || rule->bound == Bound::none) return Conformity::not_specified;
  return std::visit(
      [&](auto field) {
        const bool good =
            rule->bound == Bound::exactly ? profile.*field == standard.*field : profile.*field >= standard.*field;
        return good ? Conformity::follows : Conformity::differs;
      },
      figure.field);
}

bool is_the_standards(const Profile& profile, const Figure& figure) {
  return conformity(profile, figure) == Conformity::follows &&
         value_text(profile, figure) == value_text(standard_profile(), figure);
}

std::vector<Comparison> compare(const Profile& profile) {
  const Profile& standard = standard_profile();
  std::vector<Comparison> all;
  for (const Figure& figure : kFigures) {
    Comparison one{&figure, profile.find_stated(figure), standard.find_stated(figure), {}, {}, {}};
    if (one.stated == nullptr && one.standard == nullptr) continue;
    if (one.stated != nullptr) {
      one.value = value_text(profile, figure);
      one.conformity = conformity(profile, figure);
    }
    if (one.standard != nullptr && one.standard->bound != Bound::none) {
      one.asked = asked_text(standard, *one.standard);
    }
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace finwait::model
