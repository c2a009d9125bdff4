#include "harness/report/measured.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace finwait::report {

void Measured::started(const run::RunInfo& info) {
  if (info.profile != nullptr) values_ = model::compare(*info.profile);
}

void Measured::add(const run::CaseResult& result) {
  for (const auto& [figure, times] : result.measured) {
    auto& all = times_[figure->name];
    all.insert(all.end(), times.begin(), times.end());
  }
}

std::vector<Measured::Row> Measured::rows() const {
  static const model::Profile& textbook = *model::find_profile("textbook");
  std::vector<Row> out;
  for (const auto& [name, times] : times_) {
    Row row;
    row.figure = model::find_figure(name);
    for (const auto& one : values_) {
      if (one.figure == row.figure) row.standard = one.asked, row.documented = one.value;
    }
    row.textbook = model::value_text(textbook, *row.figure);
    std::vector<Duration> sorted = times;
    std::ranges::sort(sorted);
    row.count = sorted.size();
    row.least = sorted.front();
    row.median = sorted[sorted.size() / 2];
    row.most = sorted.back();
    out.push_back(row);
  }
  return out;
}

std::string Measured::text() const {
  const auto all = rows();
  if (all.empty()) return {};
  constexpr const char* kLine = "{:<20} {:<18} {:<12} {:<10} {:>12} {:>12} {:>12} {:>6}\n";
  std::string out =
      fmt::format(kLine, "measured", "standard", "documented", "textbook", "least", "median", "most", "times");
  const auto time = [](Duration d) { return fmt::format("{:.3f} s", seconds(d)); };
  for (const Row& row : all) {
    out += fmt::format(kLine, row.figure->name, row.standard.empty() ? "-" : row.standard,
                       row.documented.empty() ? "-" : row.documented, row.textbook, time(row.least), time(row.median),
                       time(row.most), row.count);
  }
  return out;
}

}  // namespace finwait::report
