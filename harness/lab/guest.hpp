// Guest: finwait as the first process of a kernel that was started for it.
#pragma once

#include <cstdint>
#include <string>
#include <tl/expected.hpp>

namespace finwait::lab {

/// Where the host's working folder is in the guest, with the request in it.
inline constexpr const char* kWork = "/tmp/work";
inline constexpr const char* kRequestFile = "request.json";
inline constexpr const char* kRecordsFile = "records";

/// Mounts what a program expects to be there. Fails when this is not the first process, with what went wrong otherwise.
tl::expected<void, std::string> become_init();

/// Waits (no real time) until the kernel is older than any that has users: in its first second stamps are 0, which it
/// takes for "none". And until a phase of its clock that the seed determines.
void settle(std::uint64_t seed);

/// Writes to the end of a file of the working folder, and it is on the host when the call returns. Throws
/// std::system_error.
class SharedFile {
 public:
  explicit SharedFile(const std::string& path);
  ~SharedFile();
  SharedFile(const SharedFile&) = delete;
  SharedFile& operator=(const SharedFile&) = delete;
  void append(std::string_view octets) const;

 private:
  int fd_;
};

/// The end of the kernel.
[[noreturn]] void power_off();

}  // namespace finwait::lab
