#include <fmt/format.h>

#include <filesystem>

#include "harness/lab/boot.hpp"

namespace finwait::lab {

namespace {

// Seconds since 1970 at which every guest starts; any constant would do.
constexpr const char* kStart = "1700000000000000000";
constexpr const char* kMemory = "256M";

}  // namespace

tl::expected<Program, std::string> UserModeLinux::program(const Path& folder, const Request& request,
                                                          int console) const {
  std::error_code ignored;
  const std::string self = std::filesystem::read_symlink("/proc/self/exe", ignored).string();
  // Nothing in it may differ from run to run: it feeds the kernel's random numbers. Hence no path of the working
  // folder.
  return Program{
      .arguments = {kernel_.image().string(), "time-travel=inf-cpu", fmt::format("time-travel-start={}", kStart),
                    "quiet", "panic=-1", fmt::format("mem={}", kMemory), "root=/dev/root", "rootfstype=hostfs",
                    "rootflags=/", "ro", "con0=null,fd:1", "con=null", "ssl=null", "init=" + self, "lab-guest"},
      .environment = {{"LD_PRELOAD", kernel_.seed_library().string()},
                      {"FINWAIT_LAB_SEED", std::to_string(request.seed)},
                      {"HOME", folder.string()}},
      .folder = folder.string(),
      .output = console};
}

}  // namespace finwait::lab
