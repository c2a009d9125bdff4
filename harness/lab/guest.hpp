// Guest: finwait as the first process of a kernel that was started for it.
#pragma once

#include <string>
#include <tl/expected.hpp>

namespace finwait::lab {

/// Where the host's working folder is in the guest, with the request in it.
inline constexpr const char* kWork = "/tmp/work";
inline constexpr const char* kRequestFile = "request.json";
inline constexpr const char* kRecordsFile = "records";

/// Mounts what a program expects to be there. Fails when this is not the first process, with what went wrong otherwise.
tl::expected<void, std::string> become_init();

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
