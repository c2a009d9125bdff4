// docs/model.md: the model's table for people.
#pragma once

#include <string>
#include <string_view>

namespace finwait::docs {

/// `preface` is the part that is written by hand.
std::string model_page(std::string_view preface);

}  // namespace finwait::docs
