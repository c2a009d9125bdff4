// Folder: a working folder that is gone when its owner is, also when that is killed.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>
#include <tl/expected.hpp>

#include "harness/unique_fd.hpp"

namespace finwait::lab {

class Folder {
 public:
  /// In memory (/dev/shm) where there is such a place, else where temporary files go.
  static tl::expected<std::unique_ptr<Folder>, std::string> make();
  /// Removes it, with all that is in it.
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  Folder(std::filesystem::path path, UniqueFd alive, pid_t remover)
      : path_(std::move(path)), alive_(std::move(alive)), remover_(remover) {}

  std::filesystem::path path_;
  UniqueFd alive_;  // a pipe to a shell that waits for its end, which comes with ours, and then removes the folder
  pid_t remover_;
};

}  // namespace finwait::lab
