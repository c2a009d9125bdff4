// Profile: the numbers one family of stacks is judged by, and how exactly its timers can keep them.
#pragma once

#include <optional>
#include <string>

#include "harness/model/axes.hpp"
#include "harness/time.hpp"

namespace finwait::model {

/// A span of time after some event in which something has to happen, and the reason for its edges in words.
struct TimerWindow {
  Duration nominal{};
  Duration earliest{};
  Duration latest{};
  std::string why;
};

/// How a stack rounds its timers.
enum class Granularity : std::uint8_t {
  exact,        ///< fires when due
  linux_wheel,  ///< the kernel's timer wheel: up to one step of the wheel late, the step growing with the length
};

struct Profile {
  std::string name;
  Choices choices = Choices::all();  ///< what the stack has chosen where the standards leave it a choice
  Duration two_msl{};                ///< how long TIME-WAIT lasts
  Duration fin_wait_2_orphan{};      ///< how long an orphan stays in FIN-WAIT-2; zero: for ever
  Duration r2{};                     ///< unacknowledged text or FIN is not given up before (RFC 9293 SHLD-11)
  Duration r2_syn{};                 ///< an unanswered SYN is not given up before (RFC 9293 MUST-23)
  Duration
      challenge_throttle{};      ///< after an answer to an unacceptable segment the next ones may draw none for so long
  bool tail_loss_probe = false;  ///< RFC 8985 7: the last segment may come again before the RTO, with SACK
  Duration rto_initial{};        ///< RFC 6298 2.1
  Duration rto_min{};            ///< RFC 6298 2.4, as the stack has it
  Duration rto_max{};            ///< where the back-off stops
  Duration keepalive_idle{};     ///< defaults of the stack
  Duration keepalive_interval{};
  int keepalive_count = 0;
  Granularity granularity = Granularity::exact;
  Duration tick{};      ///< one jiffy; the phase of a timer against it is unknown
  Duration reaction{};  ///< how long a due timer or an immediate answer may take to become a segment

  /// The window for a timer of this length: one tick early (elapsed time is counted in whole ticks) to one step of the
  /// timer wheel, plus one tick, plus `reaction` late.
  [[nodiscard]] TimerWindow timer(Duration nominal) const;
};

/// The step of the Linux timer wheel for a timer of this length (kernel/time/timer.c: 64 slots a level, 8 times coarser
/// from level to level).
Duration linux_wheel_step(Duration nominal, Duration tick);

/// Linux with timers of the given tick; TIME-WAIT 60 s, keepalive 7200 s, 75 s, 9 (tcp(7), include/net/tcp.h).
Profile linux_profile(Duration tick);
/// The standard as a stack with exact timers would follow it: MSL 2 min, RTO at least 1 s (RFC 9293, RFC 6298).
Profile rfc9293_profile();

}  // namespace finwait::model
