// Bootable: a kernel that a guest can be started from.
#pragma once

#include <string>
#include <tl/expected.hpp>

#include "harness/lab/kernels.hpp"
#include "harness/lab/request.hpp"
#include "harness/target/child.hpp"

namespace finwait::lab {

using target::Child;
using target::Program;

class Bootable {
 public:
  Bootable() = default;
  Bootable(const Bootable&) = delete;
  Bootable& operator=(const Bootable&) = delete;
  virtual ~Bootable() = default;

  /// As --target names it.
  [[nodiscard]] virtual std::string target() const = 0;
  /// What starts a guest: it runs in `folder`, where the request is, its records have to go to the file there, and what
  /// its console says to the descriptor `console`.
  [[nodiscard]] virtual tl::expected<Program, std::string> program(const Path& folder, const Request& request,
                                                                   int console) const = 0;
};

/// One of kernels(), which is a program of its own: User Mode Linux in virtual time.
class UserModeLinux : public Bootable {
 public:
  explicit UserModeLinux(Kernel kernel) : kernel_(std::move(kernel)) {}
  [[nodiscard]] std::string target() const override { return "lab:" + kernel_.name; }
  [[nodiscard]] tl::expected<Program, std::string> program(const Path& folder, const Request& request,
                                                           int console) const override;

 private:
  Kernel kernel_;
};

}  // namespace finwait::lab
