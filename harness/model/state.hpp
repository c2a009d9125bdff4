// The states of a connection (RFC 9293 3.3.2) and sets of them.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace finwait::model {

enum class State : std::uint8_t {
  closed,
  listen,
  syn_sent,
  syn_received,
  established,
  fin_wait_1,
  fin_wait_2,
  close_wait,
  closing,
  last_ack,
  time_wait,
};
inline constexpr std::array kAllStates{State::closed,      State::listen,     State::syn_sent,   State::syn_received,
                                       State::established, State::fin_wait_1, State::fin_wait_2, State::close_wait,
                                       State::closing,     State::last_ack,   State::time_wait};

/// "FIN-WAIT-1" and so on.
std::string_view to_string(State state);
/// The other way round; also takes "fin-wait-1" and "fin_wait_1".
std::optional<State> find_state(std::string_view name);

class StateSet {
 public:
  constexpr StateSet() = default;
  constexpr StateSet(std::initializer_list<State> states) {
    for (const State state : states) bits_ = static_cast<std::uint16_t>(bits_ | bit(state));
  }
  [[nodiscard]] constexpr bool contains(State state) const { return (bits_ & bit(state)) != 0; }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
  constexpr bool operator==(const StateSet&) const = default;
  friend constexpr StateSet operator|(StateSet a, StateSet b) {
    a.bits_ = static_cast<std::uint16_t>(a.bits_ | b.bits_);
    return a;
  }

 private:
  static constexpr unsigned bit(State state) { return 1U << static_cast<unsigned>(state); }
  std::uint16_t bits_ = 0;
};

/// Synchronized (RFC 9293 3.5.2, group 3).
inline constexpr StateSet kSynchronized{State::established, State::fin_wait_1, State::fin_wait_2, State::close_wait,
                                        State::closing,     State::last_ack,   State::time_wait};
/// The peer may still send: its FIN has not come.
inline constexpr StateSet kReceiving{State::established, State::fin_wait_1, State::fin_wait_2};
/// The peer's FIN has come.
inline constexpr StateSet kAfterPeerFin{State::close_wait, State::closing, State::last_ack, State::time_wait};
/// Our own FIN is on its way and not acknowledged.
inline constexpr StateSet kFinOutstanding{State::fin_wait_1, State::closing, State::last_ack};
/// Both have closed.
inline constexpr StateSet kLate{State::closing, State::last_ack, State::time_wait};

}  // namespace finwait::model
