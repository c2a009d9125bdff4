// Adapters: programs that speak docs/stack-protocol.md for a stack that is no kernel.
#pragma once

#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

namespace finwait::tool {

/// Stacks that finwait has adapters for, built or not.
const std::vector<std::string>& adapter_names();
/// What --target means: "lwip", a stack of adapter_names(), or "stack:PROGRAM ARGUMENT...", anybody's. nullopt: it
/// names no stack. An error: it does, and the program is not there.
std::optional<tl::expected<std::vector<std::string>, std::string>> adapter_of(const std::string& target);

}  // namespace finwait::tool
