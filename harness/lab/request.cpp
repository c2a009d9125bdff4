#include "harness/lab/request.hpp"

#include <nlohmann/json.hpp>

namespace finwait::lab {

std::string to_text(const Request& request) {
  return nlohmann::json{{"cases", request.cases},
                        {"seed", request.seed},
                        {"jobs", request.jobs},
                        {"repeat", request.repeat},
                        {"profile", request.profile}}
      .dump();
}

tl::expected<Request, std::string> parse_request(const std::string& text) {
  try {
    const auto value = nlohmann::json::parse(text);
    return Request{value.at("cases"), value.at("seed"), value.at("jobs"), value.at("repeat"), value.at("profile")};
  } catch (const nlohmann::json::exception& error) {
    return tl::unexpected(std::string("no request: ") + error.what());
  }
}

}  // namespace finwait::lab
