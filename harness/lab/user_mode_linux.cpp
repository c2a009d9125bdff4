#include <fmt/format.h>

#include <filesystem>

#include "harness/lab/boot.hpp"

namespace finwait::lab {

namespace {

// Seconds since 1970 at which every guest starts; any constant would do.
constexpr const char* kStart = "1700000000000000000";
constexpr const char* kMemory = "128M";

/// Beside the program, as it is built or as it is installed: libraries that stand in for some that are never called
/// (cmake/FinwaitStandIns.cmake).
std::vector<std::string> stand_ins(const Path& self) {
  for (const char* place : {"guest", "../" FINWAIT_LIBRARIES "/finwait/guest"}) {
    std::error_code error;
    const Path folder = std::filesystem::canonical(self.parent_path() / place, error);
    if (!error) return {"LD_LIBRARY_PATH=" + folder.string()};
  }
  return {};
}

}  // namespace

tl::expected<Program, std::string> UserModeLinux::program(const Path& folder, const Request& request,
                                                          int console) const {
  std::error_code ignored;
  const Path self = std::filesystem::read_symlink("/proc/self/exe", ignored);
  // Nothing in it may differ from run to run: it feeds the kernel's random numbers. Hence no path of the working
  // folder. What the kernel does not know goes to its first process, as arguments and environment.
  std::vector<std::string> arguments{kernel_.image().string(),
                                     "time-travel=inf-cpu",
                                     fmt::format("time-travel-start={}", kStart),
                                     "quiet",
                                     "panic=-1",
                                     fmt::format("mem={}", kMemory),
                                     "root=/dev/root",
                                     "rootfstype=hostfs",
                                     "rootflags=/",
                                     "ro",
                                     "con0=null,fd:1",
                                     "con=null",
                                     "ssl=null",
                                     "init=" + self.string(),
                                     "lab-guest"};
  for (auto& one : stand_ins(self)) arguments.push_back(std::move(one));
  return Program{.arguments = std::move(arguments),
                 .environment = {{"LD_PRELOAD", kernel_.seed_library().string()},
                                 {"FINWAIT_LAB_SEED", std::to_string(request.seed)},
                                 {"HOME", folder.string()}},
                 .folder = folder.string(),
                 .output = console};
}

}  // namespace finwait::lab
