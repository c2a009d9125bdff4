#include "harness/lab/initramfs.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <utility>

namespace finwait::lab {

void Initramfs::add_file(std::string_view path, std::string_view content, mode_t mode) {
  add_above(path);
  add(path, S_IFREG | mode, content, {});
}

void Initramfs::add_device(std::string_view path, unsigned int major, unsigned int minor) {
  add_above(path);
  add(path, S_IFCHR | 0600, {}, {major, minor});
}

void Initramfs::add_above(std::string_view path) {
  for (std::size_t at = path.find('/', 1); at != std::string_view::npos; at = path.find('/', at + 1)) {
    const std::string folder(path.substr(0, at));
    if (folders_.insert(folder).second) add(folder, S_IFDIR | 0755, {}, {});
  }
}

void Initramfs::add(std::string_view path, mode_t mode, std::string_view content, Device device) {
  const std::string_view name = path.substr(path.starts_with('/') ? 1 : 0);
  const auto pad = [this] { archive_.append((4 - archive_.size() % 4) % 4, '\0'); };
  const unsigned int links = S_ISDIR(mode) ? 2 : 1;
  // Number, mode, user, group, links, time, size, the device it is on, the device it is, length of the name, checksum.
  archive_ +=
      fmt::format("070701{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}", ++count_,
                  mode, 0, 0, links, 0, content.size(), 0, 0, device.major, device.minor, name.size() + 1, 0);
  archive_ += name;
  archive_ += '\0';
  pad();
  archive_ += content;
  pad();
}

std::string Initramfs::finish() && {
  add("TRAILER!!!", 0, {}, {});
  return std::move(archive_);
}

}  // namespace finwait::lab
