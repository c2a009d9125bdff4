#include "harness/report/table.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace finwait::report {

std::string table(const std::string& head, const Row& columns, const std::vector<std::pair<std::string, Row>>& rows) {
  std::size_t names = head.size();
  std::vector<std::size_t> widths;
  widths.reserve(columns.size());
  for (const auto& column : columns) widths.push_back(column.size());
  for (const auto& [name, row] : rows) {
    names = std::max(names, name.size());
    for (std::size_t i = 0; i < row.size(); i++) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  const auto line = [&](const std::string& name, const Row& row) {
    std::string text = fmt::format("{:<{}}", name, names);
    for (std::size_t i = 0; i < row.size(); i++) text += fmt::format("  {:<{}}", row[i], widths[i]);
    out += text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
  };
  line(head, columns);
  for (const auto& [name, row] : rows) line(name, row);
  return out;
}

std::map<std::string, Row> without_families(std::map<std::string, Row> rows) {
  const std::string four = "/ipv4";
  std::map<std::string, Row> out;
  while (!rows.empty()) {
    auto one = rows.extract(rows.begin());
    std::string& id = one.key();
    if (id.ends_with(four)) {
      const auto other = rows.find(id.substr(0, id.size() - 1) + "6");
      if (other != rows.end() && other->second == one.mapped()) {
        rows.erase(other);
        id.resize(id.size() - four.size());
      }
    }
    out.insert(std::move(one));
  }
  return out;
}

}  // namespace finwait::report
