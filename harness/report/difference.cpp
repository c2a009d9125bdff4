#include "harness/report/difference.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "harness/report/table.hpp"

namespace finwait::report {

namespace {

using Doc = nlohmann::json;

constexpr const char* kMissing = "-";

std::string outcome(const Doc& result) {
  const auto violated = result.at("violated").get<std::vector<std::string>>();
  const auto verdict = result.at("verdict").get<std::string>();
  return violated.empty() ? verdict : fmt::format("{} {}", verdict, fmt::join(violated, " "));
}

FinishedRun from_json(std::string name, const Doc& document) {
  FinishedRun out;
  out.name = std::move(name);
  const Doc& run = document.at("run");
  const Doc& lab = run.at("virtual_time");
  out.target =
      fmt::format("{} {}{}, seed {}", run.at("target").get<std::string>(), run.at("target_version").get<std::string>(),
                  lab.is_null() ? "" : " (" + lab.get<std::string>() + ")", run.at("seed").get<std::uint64_t>());
  out.complete = run.at("complete").get<bool>();
  for (const Doc& result : document.at("results")) {
    out.outcomes[result.at("id").get<std::string>()].insert(outcome(result));
  }
  for (const Doc& row : run.value("measured", Doc::array())) {
    out.measured[row.at("name").get<std::string>()] = {Duration(row.at("least_ns").get<std::int64_t>()),
                                                       Duration(row.at("most_ns").get<std::int64_t>())};
  }
  return out;
}

/// Whether the cells that are there are not all the same.
bool differs(const Row& row) {
  std::set<std::string> cells(row.begin(), row.end());
  cells.erase(kMissing);
  return cells.size() > 1;
}

template <class Map, class Text>
std::map<std::string, Row> side_by_side(std::span<const FinishedRun> runs, Map FinishedRun::*field, Text text) {
  std::map<std::string, Row> rows;
  for (std::size_t i = 0; i < runs.size(); i++) {
    for (const auto& [key, value] : runs[i].*field) {
      Row& row = rows.try_emplace(key, Row(runs.size(), kMissing)).first->second;
      row[i] = text(value);
    }
  }
  return rows;
}

Row numbers(std::size_t runs) {
  Row out;
  for (std::size_t i = 1; i <= runs; i++) out.push_back(fmt::format("{}", i));
  return out;
}

}  // namespace

tl::expected<FinishedRun, std::string> read_run(std::string name, std::string_view json) {
  try {
    return from_json(std::move(name), Doc::parse(json));
  } catch (const Doc::exception& error) {
    return tl::unexpected(std::string(error.what()));
  }
}

Difference compare_runs(std::span<const FinishedRun> runs) {
  Difference out;
  for (std::size_t i = 0; i < runs.size(); i++) {
    out.text += fmt::format("{}  {}: {}{}\n", i + 1, runs[i].name, runs[i].target,
                            runs[i].complete ? "" : "; it was interrupted");
  }
  auto outcomes = side_by_side(runs, &FinishedRun::outcomes,
                               [](const auto& all) { return fmt::format("{}", fmt::join(all, ", ")); });
  const auto partly = std::ranges::count_if(
      outcomes, [](const auto& one) { return std::ranges::find(one.second, kMissing) != one.second.end(); });
  const auto all = outcomes.size();
  std::erase_if(outcomes, [](const auto& one) { return !differs(one.second); });
  out.cases = static_cast<int>(outcomes.size());
  auto shown = without_families(std::move(outcomes));
  std::vector<std::pair<std::string, Row>> rows(shown.begin(), shown.end());
  std::ranges::stable_sort(rows, {}, &std::pair<std::string, Row>::second);
  if (!rows.empty()) out.text += "\n" + table("case", numbers(runs.size()), rows);

  auto measured = side_by_side(runs, &FinishedRun::measured, [](const FinishedRun::Measure& m) {
    return fmt::format("{:.3f} .. {:.3f} s", seconds(m.least), seconds(m.most));
  });
  std::erase_if(measured, [](const auto& one) { return !differs(one.second); });
  out.measures = static_cast<int>(measured.size());
  if (!measured.empty()) out.text += "\n" + table("measured", numbers(runs.size()), {measured.begin(), measured.end()});

  out.text += fmt::format("\n{} of {} case{} differ{}", out.cases, all, all == 1 ? "" : "s", out.cases == 1 ? "s" : "");
  if (partly > 0) out.text += fmt::format("; {} not in every run", partly);
  out.text += "\n";
  return out;
}

}  // namespace finwait::report
