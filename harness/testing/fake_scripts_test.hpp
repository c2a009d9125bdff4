// Conversations in which the defects of the fake TCP show: each in a file of its own kind.
#pragma once

#include <span>

#include "harness/testing/fake_peer_test.hpp"

namespace finwait::testing {

using Script = void (*)(Talk&);

std::span<const Script> closing_scripts();
std::span<const Script> opening_scripts();
std::span<const Script> text_scripts();
std::span<const Script> timestamp_scripts();

}  // namespace finwait::testing
