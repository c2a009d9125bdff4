// Initramfs: a file system that a kernel unpacks from memory when it starts.
#pragma once

#include <sys/types.h>

#include <set>
#include <string>
#include <string_view>

namespace finwait::lab {

/// In the form "newc" of cpio (the kernel's Documentation/driver-api/early-userspace/buffer-format.rst). Paths are
/// absolute; folders above them are made.
class Initramfs {
 public:
  void add_folder(std::string_view path) { add_above(std::string(path) + "/"); }
  void add_file(std::string_view path, std::string_view content, mode_t mode = 0755);
  void add_device(std::string_view path, unsigned int major, unsigned int minor);
  /// The whole archive; nothing can be added after it.
  [[nodiscard]] std::string finish() &&;

 private:
  struct Device {
    unsigned int major = 0, minor = 0;
  };
  void add_above(std::string_view path);
  void add(std::string_view path, mode_t mode, std::string_view content, Device device);

  std::string archive_;
  std::set<std::string> folders_;
  unsigned int count_ = 0;
};

}  // namespace finwait::lab
