// Source: where a lab kernel is built from.
#pragma once

#include <string>
#include <tl/expected.hpp>

#include "harness/lab/build.hpp"

namespace finwait::lab {

struct Source {
  std::string name;         ///< "6.12", or the folder's
  std::string description;  ///< "linux-source-6.12 6.12.117-1", or the folder
  std::string fingerprint;  ///< changes when any file does
  Path archive;             ///< to unpack first; empty when `tree` is there
  Path tree;
};

/// What a BuildRequest's source is; nothing is unpacked or written.
tl::expected<Source, BuildFailure> find_source(const std::string& source, const Path& cache);

/// FNV-1a, as 16 hexadecimal digits.
std::string digest(std::string_view text);

}  // namespace finwait::lab
