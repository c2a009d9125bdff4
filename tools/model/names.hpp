// What the document and the diagrams call things.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "harness/model/rule.hpp"

namespace finwait::docs {

/// "FW1": for the heads of columns.
std::string_view short_name(model::State state);
/// "fin-wait-1": for names of files.
std::string file_name(model::State state);
/// The row leads from this state to another.
bool moves(const model::Rule& rule, model::State from);
/// The row does not apply to everything that the trigger is.
bool conditional(const model::Rule& rule);

inline constexpr std::array kSynchronizedStates{
    model::State::established, model::State::fin_wait_1, model::State::fin_wait_2, model::State::close_wait,
    model::State::closing,     model::State::last_ack,   model::State::time_wait};
inline constexpr std::array kOtherStates{model::State::closed, model::State::listen, model::State::syn_sent,
                                         model::State::syn_received};

}  // namespace finwait::docs
