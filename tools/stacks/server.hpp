// Server: an adapter's end of the stack protocol (docs/stack-protocol.md), for adapters in C++. It depends on nothing
// of finwait's: an adapter is a program of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace adapter {

using Json = nlohmann::json;

/// Thrown by a method: what the stack's API says, as an errno.
struct ApiError {
  int number;
};

class Server {
 public:
  using Method = std::function<Json(const Json& params)>;
  void on(const std::string& method, Method answer) { methods_[method] = std::move(answer); }

  /// A packet of the stack's; an application's socket that may have changed.
  void packet(const void* octets, std::size_t size);
  void event(int socket);
  /// Whether there was either since the last look.
  bool told() { return std::exchange(told_, false); }

  /// Answers lines from the standard input until it ends.
  int run();

 private:
  Json answer(const Json& request);

  std::map<std::string, Method> methods_;
  bool told_ = false;
};

using Octets = std::vector<std::uint8_t>;
std::string to_hex(const void* octets, std::size_t size);
/// Throws std::invalid_argument.
Octets from_hex(const std::string& text);

}  // namespace adapter
