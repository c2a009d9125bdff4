#include "harness/report/matrix.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "harness/report/table.hpp"

namespace finwait::report {

namespace {

using Doc = nlohmann::json;
using State = Matrix::Cell::State;

StackRun from_json(std::string stack, const Doc& document) {
  StackRun out;
  out.stack = std::move(stack);
  const Doc& run = document.at("run");
  out.version = run.at("target").get<std::string>() + " " + run.at("target_version").get<std::string>();
  out.complete = run.at("complete").get<bool>();
  for (const Doc& one : document.at("results")) {
    StackRun::Result result;
    result.verdict = one.at("verdict").get<std::string>();
    const auto violated = one.at("violated").get<std::vector<std::string>>();
    if (!violated.empty()) result.violated = violated.front();
    result.covers = one.at("requirements").get<std::vector<std::string>>();
    const auto explanation = one.find("explanation");
    if (explanation != one.end() && explanation->is_object()) result.why = explanation->value("summary", "");
    if (const auto reason = one.find("expected_because"); reason != one.end() && reason->is_string()) {
      result.why = reason->get<std::string>();
    }
    out.results[one.at("id").get<std::string>()] = std::move(result);
  }
  return out;
}

// The worst one stays: in the order of the enumeration.
void take(Matrix::Cell& cell, State state, const std::string& why) {
  if (state < cell.state) return;
  if (state > cell.state) cell = {state, 0, why};
  cell.cases++;
}

State state_of(const StackRun::Result& result) {
  if (result.verdict == "UNSUPPORTED") return State::lacking;
  if (result.verdict == "ERROR" || result.verdict == "INCONCLUSIVE") return State::undecided;
  if (result.verdict == "FAIL" || result.verdict == "DEVIATION") return State::broken;
  return result.verdict == "XFAIL" ? State::known : State::kept;
}

std::string cell_text(const Matrix::Cell& cell) {
  if (cell.state == State::absent) return "-";
  if (cell.state == State::lacking) return "n/a";
  return fmt::format("{} {}", to_string(cell.state), cell.cases);
}

bool is_good(const Matrix::Cell& cell) { return cell.state <= State::kept; }
bool is_good(const std::string& verdict) { return verdict == "-" || verdict == "PASS" || verdict == "UNSUPPORTED"; }

std::string table_of(const std::string& head, const Matrix& matrix, const std::map<std::string, Row>& rows) {
  return table(head, matrix.stacks, {rows.begin(), rows.end()});
}

}  // namespace

std::string_view to_string(Matrix::Cell::State state) {
  constexpr std::array<std::string_view, 6> kNames{"absent", "lacking", "ok", "known", "BROKEN", "undecided"};
  return kNames.at(static_cast<std::size_t>(state));
}

tl::expected<StackRun, std::string> read_stack_run(std::string stack, std::string_view json) {
  try {
    return from_json(std::move(stack), Doc::parse(json));
  } catch (const Doc::exception& error) {
    return tl::unexpected(std::string(error.what()));
  }
}

Matrix make_matrix(std::span<const StackRun> runs) {
  Matrix matrix;
  for (std::size_t i = 0; i < runs.size(); i++) {
    matrix.stacks.push_back(runs[i].stack);
    const auto cell = [&](const std::string& requirement) -> Matrix::Cell& {
      return matrix.by_requirement.try_emplace(requirement, runs.size()).first->second[i];
    };
    for (const auto& [id, result] : runs[i].results) {
      matrix.by_case.try_emplace(id, runs.size(), "-").first->second[i] = result.verdict;
      const State state = state_of(result);
      if (!result.violated.empty()) take(cell(result.violated), state, result.why);
      // A case that has found something else tells nothing of what it is about.
      if (!result.violated.empty()) continue;
      for (const auto& requirement : result.covers) take(cell(requirement), state, result.why);
    }
  }
  return matrix;
}

std::string matrix_text(const Matrix& matrix, std::span<const StackRun> runs, bool all) {
  std::string out;
  for (const StackRun& run : runs) {
    out += fmt::format("{}: {}{}\n", run.stack, run.version, run.complete ? "" : ", interrupted");
  }
  std::map<std::string, Row> requirements, cases, totals;
  std::string reasons;
  int kept = 0;
  for (const auto& [id, cells] : matrix.by_requirement) {
    const bool good = std::ranges::all_of(cells, [](const auto& cell) { return is_good(cell); });
    kept += good ? 1 : 0;
    if (good && !all) continue;
    Row& row = requirements[id];
    for (const auto& cell : cells) row.push_back(cell_text(cell));
    for (std::size_t i = 0; i < cells.size(); i++) {
      if (!is_good(cells[i])) reasons += fmt::format("  {:<32} {:<8} {}\n", id, matrix.stacks[i], cells[i].why);
    }
  }
  for (const auto& [id, cells] : matrix.by_case) {
    for (std::size_t i = 0; i < cells.size(); i++) {
      auto& row = totals.try_emplace(cells[i], matrix.stacks.size(), "0").first->second;
      row[i] = fmt::format("{}", std::stoi(row[i]) + 1);
    }
    const bool good = std::ranges::all_of(cells, [](const auto& cell) { return is_good(cell); });
    if (!good || all) cases[id] = cells;
  }
  totals.erase("-");
  out += "\n" + table_of("requirement", matrix, requirements);
  if (kept > 0 && !all) out += fmt::format("and {} more that every stack keeps that could be asked\n", kept);
  out += "\nwhy\n" + reasons;
  out += "\n" + table_of("case", matrix, without_families(std::move(cases)));
  out += "\n" + table_of("cases", matrix, totals);
  return out;
}

std::string matrix_json(const Matrix& matrix, std::span<const StackRun> runs) {
  Doc document{{"format", 1}, {"stacks", Doc::array()}, {"requirements", Doc::object()}, {"cases", Doc::object()}};
  for (const StackRun& run : runs) {
    document["stacks"].push_back({{"name", run.stack}, {"version", run.version}, {"complete", run.complete}});
  }
  for (const auto& [id, cells] : matrix.by_requirement) {
    Doc& row = document["requirements"][id] = Doc::object();
    for (std::size_t i = 0; i < cells.size(); i++) {
      row[matrix.stacks[i]] = {{"state", to_string(cells[i].state)}, {"cases", cells[i].cases}, {"why", cells[i].why}};
    }
  }
  for (const auto& [id, cells] : matrix.by_case) {
    Doc& row = document["cases"][id] = Doc::object();
    for (std::size_t i = 0; i < cells.size(); i++) row[matrix.stacks[i]] = cells[i];
  }
  return document.dump(1) + "\n";
}

}  // namespace finwait::report
