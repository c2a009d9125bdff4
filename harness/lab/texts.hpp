// The files of recipe/, which travel inside the program.
#pragma once

#include <string_view>

namespace finwait::lab {

std::string_view fragment_text();  ///< recipe/fragment.config
std::string_view seed_text();      ///< recipe/seed.c

}  // namespace finwait::lab
