// Request: what the guest is to run, as a text that it finds when it has started.
#pragma once

#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <vector>

namespace finwait::lab {

struct Request {
  std::vector<std::string> cases;  ///< ids of instances
  std::uint64_t seed = 1;
  std::size_t jobs = 0;
  int repeat = 1;
  std::string profile;  ///< a name or a file; empty: the target's own
};

std::string to_text(const Request& request);
/// Fails at what is no request.
tl::expected<Request, std::string> parse_request(const std::string& text);

}  // namespace finwait::lab
