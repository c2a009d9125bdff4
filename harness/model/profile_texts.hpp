// The texts of cases/profiles/*.toml as they were when finwait was built.
#pragma once

#include <span>
#include <string_view>

namespace finwait::model {

struct ProfileText {
  std::string_view name;  ///< "linux"
  std::string_view toml;
};
/// Sorted by name; made by CMake (harness/CMakeLists.txt).
std::span<const ProfileText> profile_texts();

}  // namespace finwait::model
