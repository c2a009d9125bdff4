// Guest: finwait as the first process of a kernel that was started for it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace finwait::lab {

/// Where the host's working folder is in a User Mode Linux, with the request in it.
inline constexpr const char* kWork = "/tmp/work";
/// Where the request is in another kernel's initramfs, with the modules that are to be loaded.
inline constexpr const char* kPacked = "/work";
inline constexpr const char* kRequestFile = "request.json";
inline constexpr const char* kRecordsFile = "records";

/// Mounts what a program expects to be there, and loads the modules that were packed. Fails when this is not the first
/// process, with what went wrong otherwise. The file with the request.
tl::expected<std::string, std::string> become_init();

/// Waits (no real time) until the kernel is older than any that has users: in its first second stamps are 0, which it
/// takes for "none". And until a phase of its clock that the seed determines.
void settle(std::uint64_t seed);

/// Hands octets over to the host: through a file of its working folder, or else through the second serial line. In the
/// first case they are there when append() returns, in the second when this object is gone. Throws std::system_error.
class Handover {
 public:
  Handover();
  ~Handover();
  Handover(const Handover&) = delete;
  Handover& operator=(const Handover&) = delete;
  void append(std::string_view octets) const;

 private:
  int fd_ = -1;
  pid_t pump_ = -1;  ///< writes to the line, which is slow, what comes through a pipe
};

/// The end of the kernel.
[[noreturn]] void power_off();

}  // namespace finwait::lab
