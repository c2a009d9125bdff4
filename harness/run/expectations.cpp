#include "harness/run/expectations.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <array>
#include <regex>

#include "harness/model/requirement.hpp"

namespace finwait::run {

namespace {

constexpr std::array<std::string_view, 8> kKeys{"cases", "verdict", "requirement", "reason",
                                                "link",  "seen",    "versions",    "sometimes"};

struct Written {
  const toml::table& table;
  const std::string& file;

  /// At the line of this key, or of the entry's head.
  [[nodiscard]] std::string error(const std::string& what, std::string_view key = {}) const {
    const auto* node = table.get(key);
    return fmt::format("{}:{}: {}", file, (node != nullptr ? node->source() : table.source()).begin.line, what);
  }
  [[nodiscard]] std::string text(std::string_view key) const { return table[key].value_or(std::string{}); }

  /// `cases` is one glob or a list of them.
  [[nodiscard]] std::vector<std::string> globs() const {
    std::vector<std::string> all;
    if (const auto* list = table["cases"].as_array()) {
      for (const auto& one : *list) all.push_back(one.value_or(std::string{}));
    } else if (!text("cases").empty()) {
      all.push_back(text("cases"));
    }
    return all;
  }

  [[nodiscard]] tl::expected<Expectation, std::string> read() const {
    for (const auto& [key, value] : table) {
      if (std::ranges::find(kKeys, key.str()) == kKeys.end()) {
        return tl::unexpected(error(fmt::format("unknown key '{}'", key.str()), key.str()));
      }
      if (key.str() == "sometimes") {
        if (!value.is_boolean()) return tl::unexpected(error("'sometimes' has to be true or false", "sometimes"));
        continue;
      }
      const bool list = key.str() == "cases" && value.is_array() && value.as_array()->is_homogeneous<std::string>();
      if (!value.is_string() && !list) {
        return tl::unexpected(error(fmt::format("'{}' has to be a string", key.str()), key.str()));
      }
    }
    Expectation e{globs(),      Verdict::fail, text("requirement"), text("reason"),
                  text("link"), text("seen"),  text("versions"),    table["sometimes"].value_or(false)};
    if (e.cases.empty()) return tl::unexpected(error("'cases' is missing: an id glob"));
    if (e.reason.empty()) return tl::unexpected(error("'reason' is missing: why is this no defect of the case?"));
    if (model::find_requirement(e.requirement) == nullptr) {
      return tl::unexpected(
          error(fmt::format("'requirement' names no known requirement: '{}'", e.requirement), "requirement"));
    }
    const std::string verdict = text("verdict");
    if (verdict != "FAIL" && verdict != "DEVIATION") {
      return tl::unexpected(error(fmt::format("'verdict' has to be FAIL or DEVIATION, not '{}'", verdict), "verdict"));
    }
    e.verdict = verdict == "FAIL" ? Verdict::fail : Verdict::deviation;
    for (const auto* key : {"seen", "versions"}) {
      try {
        const std::regex check(text(key));
      } catch (const std::regex_error& bad) {
        return tl::unexpected(error(fmt::format("'{}' is no regular expression: {}", key, bad.what()), key));
      }
    }
    return e;
  }
};

}  // namespace

std::string_view case_of(std::string_view instance_id) { return instance_id.substr(0, instance_id.rfind('/')); }

bool concerns(const Expectation& e, std::string_view id, const std::string& version) {
  const auto fits = [&](const std::string& glob) { return glob_matches(glob, id) || glob_matches(glob, case_of(id)); };
  if (std::ranges::none_of(e.cases, fits)) return false;
  return e.versions.empty() || std::regex_search(version, std::regex(e.versions));
}

bool shows(const Expectation& e, Verdict verdict, std::string_view violated, const std::string& seen) {
  return verdict == e.verdict && violated == e.requirement && std::regex_search(seen, std::regex(e.seen));
}

tl::expected<std::vector<Expectation>, std::string> parse_expectations(std::string_view text, const std::string& file) {
  std::vector<Expectation> out;
  try {
    const toml::table document = toml::parse(text, file);
    for (const auto& [key, value] : document) {
      if (key.str() != "expect" || !value.is_array_of_tables()) {
        return tl::unexpected(fmt::format("{}:{}: unknown key '{}': the file is a list of [[expect]]", file,
                                          key.source().begin.line, key.str()));
      }
      for (const auto& node : *value.as_array()) {
        auto entry = Written{*node.as_table(), file}.read();
        if (!entry) return tl::unexpected(entry.error());
        out.push_back(std::move(*entry));
      }
    }
  } catch (const toml::parse_error& error) {
    return tl::unexpected(fmt::format("{}:{}: {}", file, error.source().begin.line, error.description()));
  }
  return out;
}

Expected expected(const std::vector<Expectation>& all, const Instance& instance, const std::string& version,
                  Verdict verdict, const Finding& finding) {
  bool have_strict = false;
  for (auto it = all.rbegin(); it != all.rend(); ++it) {
    if (it->reason.starts_with(kUnread)) continue;  // nobody has said yet that it is the target's behaviour
    if (have_strict && !it->sometimes) continue;
    if (!concerns(*it, instance.id, version)) continue;
    have_strict = have_strict || !it->sometimes;
    if (verdict == Verdict::pass && !it->sometimes) return {Verdict::xpass, &*it};
    if (shows(*it, verdict, finding.violated, finding.seen)) return {Verdict::xfail, &*it};
  }
  return {verdict, nullptr};
}

}  // namespace finwait::run
