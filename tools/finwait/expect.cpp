// finwait expect: the known deviations of a target, brought up to date with what runs have shown.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "harness/run/expectation_update.hpp"
#include "harness/run/expectations.hpp"
#include "tools/finwait/commands.hpp"

namespace finwait::tool {

namespace {

using Doc = nlohmann::json;

tl::expected<std::string, std::string> text_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::stringstream text;
  if (in) text << in.rdbuf();
  if (!in) return tl::unexpected(fmt::format("{} cannot be read: {}", file, std::strerror(errno)));
  return text.str();
}

std::string text_at(const Doc& object, const char* key) {
  return object.is_object() ? object.value(key, std::string{}) : std::string{};
}

/// Adds what one run has shown.
tl::expected<void, std::string> add_run(const std::string& file, std::vector<run::Observed>& all) {
  const auto text = text_of(file);
  if (!text) return tl::unexpected(text.error());
  try {
    const Doc document = Doc::parse(*text);
    const auto version = document.at("run").at("target_version").get<std::string>();
    for (const Doc& result : document.at("results")) {
      const auto verdict = run::verdict_of(result.at("verdict").get<std::string>());
      if (!verdict) return tl::unexpected(fmt::format("{}: there is no such verdict", file));
      const auto violated = result.at("violated").get<std::vector<std::string>>();
      const Doc& explanation = result.at("explanation");
      all.push_back({result.at("id").get<std::string>(), *verdict, violated.empty() ? "" : violated.front(),
                     text_at(explanation, "seen"), text_at(explanation, "summary"), version});
    }
  } catch (const Doc::exception& error) {
    return tl::unexpected(
        fmt::format("{} holds no results of a run ('finwait run --json FILE' writes them): {}", file, error.what()));
  }
  return {};
}

}  // namespace

int expect(const ExpectArguments& arguments) {
  const auto text = text_of(arguments.file);
  if (!text) return complain(kUsage, text.error());
  std::vector<run::Observed> observed;
  for (const auto& file : arguments.runs) {
    if (const auto added = add_run(file, observed); !added) return complain(kUsage, added.error());
  }
  std::vector<std::string> known;
  for (const auto& instance : selectable({"**", "sweep/**"})) known.push_back(instance.id);
  const auto update = run::update_expectations(*text, arguments.file, observed, known);
  if (!update) return complain(kUsage, update.error());
  for (const auto& change : update->changes) fmt::print("{}\n", change);
  if (update->changes.empty()) {
    fmt::print("{} says what {} shown\n", arguments.file, arguments.runs.size() == 1 ? "the run has" : "the runs have");
    return kAsExpected;
  }
  if (!arguments.update) {
    fmt::print("{} is left as it is; --update rewrites it\n", arguments.file);
    return kNotAsExpected;
  }
  std::ofstream out(arguments.file, std::ios::binary);
  out << update->text;
  out.flush();
  if (!out)
    return complain(kEnvironment, fmt::format("{} cannot be written: {}", arguments.file, std::strerror(errno)));
  if (update->text.find(run::kUnread) != std::string::npos) {
    fmt::print(
        "{}: where a reason begins with '{}', read the conversation and say why it is so; it is a failure until "
        "then\n",
        arguments.file, run::kUnread);
  }
  return kAsExpected;
}

}  // namespace finwait::tool
