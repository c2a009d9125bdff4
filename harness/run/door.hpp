// Door: the one listening socket that the cases of a sandbox share, for each family, made when the first case needs it.
#pragma once

#include <memory>

#include "harness/target/target.hpp"

namespace finwait::run {

class Door {
 public:
  static constexpr wire::Port kPort{1999};

  Door(target::Target& target, wire::Family family) : target_(target), family_(family) {}

  Result<target::Listener*> listener() {
    if (!listener_) {
      auto made = target_.listen({target_.address(family_), kPort}, {});
      if (!made) return tl::unexpected(made.error());
      listener_ = std::move(*made);
    }
    return listener_.get();
  }
  /// It listens no more, until somebody asks for the listener again.
  void close() { listener_.reset(); }

 private:
  target::Target& target_;
  wire::Family family_;
  std::unique_ptr<target::Listener> listener_;
};

}  // namespace finwait::run
