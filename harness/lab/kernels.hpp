// Kernels: the kernels in virtual time that are built and ready, in a cache of the user's.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace finwait::lab {

using Path = std::filesystem::path;

/// A kernel that can be started. `folder` holds linux, seed.so, config and kernel.json.
struct Kernel {
  std::string name;     ///< "6.12-hz250"
  std::string release;  ///< "6.12.117"; as the kernel says it
  std::string source;   ///< "linux-source-6.12 6.12.117-1", or the folder
  int hz = 0;
  std::string key;  ///< of all that it was made from
  Path folder;

  [[nodiscard]] Path image() const { return folder / "linux"; }
  [[nodiscard]] Path seed_library() const { return folder / "seed.so"; }
};

/// $FINWAIT_LAB, or finwait/lab in the user's cache ($XDG_CACHE_HOME, ~/.cache).
Path cache_folder();

/// All that are ready, by name.
std::vector<Kernel> kernels(const Path& cache);
/// By its name or the beginning of it: "6.12" is 6.12-hz250 where there are several. Empty: the newest release. Fails
/// with what there is, and how to build one.
tl::expected<Kernel, std::string> find_kernel(const Path& cache, const std::string& name);

/// Reads a kernel's kernel.json; nullopt when it is not whole.
std::optional<Kernel> read_kernel(const Path& folder);
/// Writes it; the folder has to hold everything else.
void write_kernel(const Kernel& kernel);

}  // namespace finwait::lab
