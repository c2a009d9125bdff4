// Profile: the numbers one family of stacks is judged by, where each is from, and how exactly its timers can keep them.
//
//   cases/profiles/*.toml   the profiles finwait brings along
//   profile.cpp             timer windows
//   profile_values.cpp      what can be stated, and how it compares with the standard
//   profile_toml.cpp        reading a profile
//   profile_settings.cpp    what a system-wide setting changes
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <variant>
#include <vector>

#include "harness/model/axes.hpp"
#include "harness/time.hpp"

namespace finwait::model {

struct Profile;

/// One of the numbers that a profile can state.
struct Figure {
  std::string_view name;     ///< "time-wait", as a profile writes it
  std::string_view meaning;  ///< one line
  std::string_view zero;     ///< the word for zero ("never"); empty: it cannot be zero
  std::variant<Duration Profile::*, int Profile::*, bool Profile::*> field;
};
std::span<const Figure> figures();
/// nullptr when there is none of this name.
const Figure* find_figure(std::string_view name);

/// A span of time after some event in which something has to happen, and the reason for its edges in words.
struct TimerWindow {
  Duration nominal{};
  Duration earliest{};
  Duration latest{};
  std::string why;
  const Figure* figure = nullptr;  ///< the value of the profile that `nominal` is; nullptr: a length somebody has set
};

struct TimerBounds {
  Duration earliest{};
  Duration latest{};
};

/// How a stack rounds its timers.
enum class Granularity : std::uint8_t {
  exact,        ///< fires when due
  linux_wheel,  ///< the kernel's timer wheel: up to one step of the wheel late, the step growing with the length
  ticks,        ///< all timers are looked at once a tick, and count whole ticks: up to two late, or one early
};

enum class Verified : std::uint8_t { yes, partly, no };
std::string_view to_string(Verified verified);

/// How the standard's own value binds others.
enum class Bound : std::uint8_t { none, exactly, at_least };

/// How one number is known. The number itself is in the profile's field.
struct Stated {
  const Figure* figure = nullptr;
  std::string source;
  Verified verified = Verified::no;
  std::string note;
  Bound bound = Bound::none;  ///< only in the standard's profile, and the requirement that says so
  std::string requirement;
};

/// What a file does not state has the standard's value, so that every stack can be judged; no RFC has keepalive's
/// interval and count, which are the textbook's then.
struct Profile {
  std::string name;                  ///< "linux"
  std::string title;                 ///< "Linux", and its versions
  std::string notes;                 ///< for the reader
  Choices choices = Choices::all();  ///< what the stack has chosen where the standards leave it a choice
  Duration two_msl{};                ///< how long TIME-WAIT lasts
  Duration fin_wait_2_orphan{};      ///< how long an orphan stays in FIN-WAIT-2; zero: for ever
  Duration r2{};                     ///< unacknowledged text or FIN is not given up before (RFC 9293 SHLD-11)
  Duration r2_syn{};                 ///< an unanswered SYN is not given up before (RFC 9293 MUST-23)
  Duration r2_syn_ack{};             ///< nor an unanswered SYN,ACK
  Duration
      challenge_throttle{};      ///< after an answer to an unacceptable segment the next ones may draw none for so long
  bool tail_loss_probe = false;  ///< RFC 8985 7: the last segment may come again before the RTO, with SACK
  Duration rto_initial{};        ///< RFC 6298 2.1
  Duration rto_min{};            ///< RFC 6298 2.4, as the stack has it
  Duration rto_max{};            ///< where the back-off stops
  Duration keepalive_idle{};     ///< defaults of the stack
  Duration keepalive_interval = std::chrono::seconds(75);
  int keepalive_count = 10;
  Granularity granularity = Granularity::exact;
  std::string granularity_note;
  Duration tick{};                                    ///< one jiffy; the phase of a timer against it is unknown
  Duration reaction = std::chrono::milliseconds(50);  ///< how long a due timer or an immediate answer may take
  std::vector<Stated> stated{};                       ///< what its file says, in the order of figures()
  std::array<std::string, kAxes> axis_sources{};      ///< why each axis is what it is

  /// The window for a timer of this length: one tick early (elapsed time is counted in whole ticks) to one step of the
  /// timer wheel, plus one tick, plus `reaction` late.
  [[nodiscard]] TimerWindow timer(Duration nominal) const;
  /// The same edges without the words: it is asked for at every packet.
  [[nodiscard]] TimerBounds bounds(Duration nominal) const;
  /// The window for a timer that the profile itself gives the length of: it says so.
  [[nodiscard]] TimerWindow timer(Duration Profile::*field) const;

  /// These values, for a target whose timers can keep them as exactly as `target`'s.
  [[nodiscard]] Profile with_timers_of(const Profile& target) const;
  /// A setting of the system (Linux's names: "net.ipv4.tcp_fin_timeout") has been made. False when it changes nothing
  /// here.
  bool apply_setting(std::string_view setting, std::string_view value);
  /// nullptr when the file does not state it.
  [[nodiscard]] const Stated* find_stated(const Figure& figure) const;
};

/// "60 s", "10", "never".
std::string value_text(const Profile& profile, const Figure& figure);
/// "the profile textbook has time-wait = 240 s (RFC 9293 3.4.2)".
std::string citation(const Profile& profile, const Figure& figure);

/// A number of a profile beside the standard's.
enum class Conformity : std::uint8_t {
  follows,
  differs,
  not_specified,  ///< the standard has none
};
std::string_view to_string(Conformity conformity);
struct Comparison {
  const Figure* figure = nullptr;
  const Stated* stated = nullptr;    ///< nullptr: the profile does not state it
  const Stated* standard = nullptr;  ///< nullptr: the standard does not
  std::string value;                 ///< "60 s"; empty when it is not stated
  std::string asked;                 ///< "at least 1 s"; empty when the standard has none
  Conformity conformity = Conformity::not_specified;
};
/// One for each figure that either of them states.
std::vector<Comparison> compare(const Profile& profile);
Conformity conformity(const Profile& profile, const Figure& figure);
/// The profile has the very value that the standard has.
bool is_the_standards(const Profile& profile, const Figure& figure);

/// The step of the Linux timer wheel for a timer of this length (kernel/time/timer.c: 64 slots a level, 8 times coarser
/// from level to level).
Duration linux_wheel_step(Duration nominal, Duration tick);

/// Reads a profile (cases/profiles/README.md). Its name is that of the file. Errors name file, line and what is wrong.
tl::expected<Profile, std::string> parse_profile(std::string_view toml, const std::string& file);

/// Those built in, sorted.
std::vector<std::string_view> profile_names();
/// nullptr when there is none of this name. Read when first asked for.
const Profile* find_profile(std::string_view name);

/// Linux with timers of the given tick.
Profile linux_profile(Duration tick);
/// The standard as a stack with exact timers would follow it: MSL 2 min, RTO at least 1 s (RFC 9293, RFC 6298).
Profile rfc9293_profile();
/// The same, made once.
const Profile& standard_profile();

}  // namespace finwait::model
