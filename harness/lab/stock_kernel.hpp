// StockKernel: a distribution's own kernel, unchanged, in QEMU, whose clock counts instructions and does not wait when
// nobody has anything to do (-icount). The whole of finwait travels in its initramfs.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "harness/lab/boot.hpp"

namespace finwait::lab {

class StockKernel : public Bootable {
 public:
  /// `vmlinuz`: a kernel for a PC. Its modules have to be in ../lib/modules, as a package is unpacked, or in
  /// /lib/modules. `self` is the program that runs in it. Fails with what is wrong.
  static tl::expected<std::unique_ptr<StockKernel>, std::string> find(const std::string& vmlinuz,
                                                                      Path self = "/proc/self/exe");

  [[nodiscard]] std::string target() const override { return "qemu:" + image_.string(); }
  [[nodiscard]] tl::expected<Program, std::string> program(const Path& folder, const Request& request,
                                                           int console) const override;

 private:
  StockKernel(Path image, Path self) : image_(std::move(image)), self_(std::move(self)) {}

  Path image_, self_;
  std::map<std::string, std::string> modules_;  ///< by the name under which they are packed, in the order of loading
};

/// What a kernel's image says of itself: "6.1.0-56-cloud-amd64". Empty when it is no image for a PC.
std::string release_of(std::string_view image);
/// The modules that a module says it needs.
std::vector<std::string> needed_by(std::string_view module);

}  // namespace finwait::lab
