// The table of rule.hpp, file by file, and the short names its rows are written with.
#pragma once

#include <optional>
#include <span>

#include "harness/model/rule.hpp"

namespace finwait::model::parts {

std::span<const Rule> app_rules();
std::span<const Rule> text_rules();
std::span<const Rule> reset_rules();
std::span<const Rule> time_rules();

inline constexpr Choices kAny{};                    ///< whatever the stack has chosen
inline constexpr std::optional<State> kSame{};      ///< the state stays
inline constexpr std::optional<State> kAsJudged{};  ///< with Reply::as_other: another row tells
inline constexpr Choices kSimplex{Choice::simplex_close};
inline constexpr Choices kHalfDuplex{Choice::half_duplex_close};
inline constexpr Choices k793{Choice::rfc793};
inline constexpr Choices k5961{Choice::rfc5961};

/// All synchronized states but TIME-WAIT.
inline constexpr StateSet kConnected{State::established, State::fin_wait_1, State::fin_wait_2,
                                     State::close_wait,  State::closing,    State::last_ack};
inline constexpr StateSet kFinWait{State::fin_wait_1, State::fin_wait_2};

}  // namespace finwait::model::parts
