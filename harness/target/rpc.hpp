// Rpc: JSON-RPC 2.0 with a program of somebody's: one message a line, over its standard input and output
// (docs/stack-protocol.md). Calls are answered before they return; a program that does not keep to the protocol, says
// too much or nothing, or ends, is told of once and believed nothing any more.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "harness/target/child.hpp"
#include "harness/time.hpp"

namespace finwait::target {

using Json = nlohmann::json;

/// The error that a call was answered with, or `code` zero: there is nobody any more who answers.
struct RpcError {
  int code = 0;
  std::string message;
  Json data{};
};

inline constexpr int kParseError = -32700, kInvalidRequest = -32600, kMethodNotFound = -32601, kInvalidParams = -32602;

class Rpc {
 public:
  /// What the program says of its own accord, while a call is under way.
  using Told = std::function<void(const std::string& method, const Json& params)>;
  struct Limits {
    std::chrono::milliseconds patience{10'000};    ///< without a word, while a call is under way
    std::size_t line = std::size_t{16} << 20U;     ///< octets of a message
    std::size_t messages = 100'000;                ///< until a call is answered
    std::size_t octets = std::size_t{256} << 20U;  ///< all of them together
  };

  /// The program first; looked for on PATH. Killed when this object or finwait ends.
  static tl::expected<std::unique_ptr<Rpc>, std::string> start(std::vector<std::string> command, Limits limits);
  static tl::expected<std::unique_ptr<Rpc>, std::string> start(std::vector<std::string> command) {
    return start(std::move(command), Limits{});
  }

  void on_told(Told told) { told_ = std::move(told); }
  tl::expected<Json, RpcError> call(std::string_view method, Json params);
  /// A line as it is, and the message that answers it: for those who try a program out.
  tl::expected<Json, RpcError> raw(const std::string& line);
  /// Says nothing more to it, as at the end; true when it then ends by itself within the patience.
  bool hang_up();

  /// Why there is nobody any more who answers; empty: there is.
  [[nodiscard]] const std::string& broken() const { return broken_; }
  /// From now on it is believed nothing any more.
  void give_up(const std::string& why);

 private:
  Rpc(Limits limits, Child child, UniqueFd line, UniqueFd errors);
  bool write_line(std::string line);
  bool read_line(std::string& line);
  /// `any`: an error may come without the request's id, which could not be read.
  enum class Id : bool { same, any };
  tl::expected<Json, RpcError> answer(const Json& id, Id which);
  tl::expected<Json, RpcError> gone() const { return tl::unexpected(RpcError{0, broken_, {}}); }
  [[nodiscard]] std::string last_words() const;

  Limits limits_;
  Child child_;
  UniqueFd line_, errors_;
  Told told_;
  std::string buffer_, broken_;
  std::int64_t next_id_ = 1;
  TimePoint since_{};       ///< the call under way began
  std::size_t octets_ = 0;  ///< and so many have come
};

}  // namespace finwait::target
