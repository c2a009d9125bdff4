#include "harness/engine/op.hpp"

#include <cstring>

namespace finwait {

std::string Errno::name() const {
  const char* known = strerrorname_np(value);
  std::string text = known != nullptr ? known : "errno " + std::to_string(value);
  return note.empty() ? text : text + " (" + note + ")";
}

}  // namespace finwait
