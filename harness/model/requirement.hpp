// Requirements: the testable statements of the standards, from cases/requirements/*.toml.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace finwait::model {

enum class Level : std::uint8_t {
  must,  ///< MUST, MUST NOT, and the prescriptive event processing of RFC 9293 3.10
  should,
  may,
};
std::string_view to_string(Level level);

struct Requirement {
  std::string_view id;        ///< "RFC9293-MUST-13"
  std::string_view standard;  ///< "RFC 9293"
  std::string_view section;   ///< "3.6.1"
  Level level = Level::must;
  std::string_view statement;   ///< in our own words
  std::string_view same_as{};   ///< the id of another one that says the same, and that cases name
  std::string_view untested{};  ///< why no case can be written for it from outside
};

/// All of them, sorted by id; made from the TOML files when finwait is built.
std::span<const Requirement> requirements();
/// nullptr when there is none with this id.
const Requirement* find_requirement(std::string_view id);

}  // namespace finwait::model
