#include "tools/stacks/server.hpp"

#include <cstring>
#include <iostream>
#include <stdexcept>

namespace adapter {

namespace {

Json error(int code, const std::string& message) { return {{"code", code}, {"message", message}}; }

}  // namespace

std::string to_hex(const void* octets, std::size_t size) {
  constexpr const char* kDigits = "0123456789abcdef";
  const auto* bytes = static_cast<const std::uint8_t*>(octets);
  std::string out;
  out.reserve(2 * size);
  for (std::size_t i = 0; i < size; i++) {
    out += kDigits[bytes[i] >> 4U];
    out += kDigits[bytes[i] & 0xfU];
  }
  return out;
}

Octets from_hex(const std::string& text) {
  const auto digit = [](char c) -> unsigned {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
    if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
    throw std::invalid_argument("octets are pairs of hexadecimal digits");
  };
  if (text.size() % 2 != 0) throw std::invalid_argument("octets are pairs of hexadecimal digits");
  Octets out(text.size() / 2);
  for (std::size_t i = 0; i < out.size(); i++) {
    out[i] = static_cast<std::uint8_t>(16 * digit(text[2 * i]) + digit(text[2 * i + 1]));
  }
  return out;
}

void Server::packet(const void* octets, std::size_t size) {
  std::cout << R"({"jsonrpc":"2.0","method":"packet","params":{"octets":")" << to_hex(octets, size) << "\"}}\n";
  told_ = true;
}

void Server::event(int socket) {
  std::cout << R"({"jsonrpc":"2.0","method":"event","params":{"socket":)" << socket << "}}\n";
  told_ = true;
}

Json Server::answer(const Json& request) {
  Json reply{{"jsonrpc", "2.0"}, {"id", nullptr}};
  if (request.is_discarded()) {
    reply["error"] = error(-32700, "no JSON");
    return reply;
  }
  const bool formed =
      request.is_object() && request.contains("id") && request.contains("method") && request["method"].is_string();
  if (!formed) {
    reply["error"] = error(-32600, "no request");
    return reply;
  }
  reply["id"] = request["id"];
  const auto method = methods_.find(request["method"].get<std::string>());
  if (method == methods_.end()) {
    reply["error"] = error(-32601, "there is no method " + request["method"].get<std::string>());
    return reply;
  }
  try {
    reply["result"] = method->second(request.value("params", Json::object()));
  } catch (const ApiError& api) {
    reply["error"] = error(1, std::strerror(api.number));
    reply["error"]["data"] = {{"errno", strerrorname_np(api.number)}};
  } catch (const Json::exception& wrong) {
    reply["error"] = error(-32602, wrong.what());
  } catch (const std::invalid_argument& wrong) {
    reply["error"] = error(-32602, wrong.what());
  }
  return reply;
}

int Server::run() {
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) {
    const Json reply = answer(Json::parse(line, nullptr, false));
    std::cout << reply.dump() << '\n' << std::flush;
  }
  return 0;
}

}  // namespace adapter
