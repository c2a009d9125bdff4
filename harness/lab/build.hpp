// Build: makes a kernel in virtual time (User Mode Linux with time travel) from Debian's source or from a kernel tree.
#pragma once

#include <functional>
#include <string>
#include <tl/expected.hpp>

#include "harness/lab/kernels.hpp"

namespace finwait::lab {

struct BuildRequest {
  std::string source = "linux-source-6.12";  ///< a package of Debian's that has a kernel's source, or a kernel tree
  int hz = 250;                              ///< 100, 250 or 1000
  std::string name;                          ///< what to call it; empty: from the source and hz
  Path cache = cache_folder();
};

struct BuildFailure {
  enum class Kind : std::uint8_t {
    usage,        ///< the source is none
    environment,  ///< a tool is missing, the disk is full
    source,       ///< the tree does not build; `what` ends with the build's last lines
  };
  Kind kind = Kind::usage;
  std::string what;
};

/// Told of each step and of each line that the build prints.
class BuildObserver {
 public:
  virtual ~BuildObserver() = default;
  virtual void step(const std::string& /*what*/) {}
  virtual void line(const std::string& /*text*/) {}
};

/// At once when nothing has changed since the last time: neither source, nor configuration, nor compiler. A kernel tree
/// is never written to; what make needs to keep is in the cache, so that a small change is built in seconds.
tl::expected<Kernel, BuildFailure> build(const BuildRequest& request, BuildObserver& observer);

/// Empties a build's folder that another source was built in: make takes what it has built for right as long as it is
/// newer than the source, which files of another tree may be older than.
void keep_to_one_source(const Path& out, const std::string& description);

}  // namespace finwait::lab
