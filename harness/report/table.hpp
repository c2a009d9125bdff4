// Table: rows of cells for people, and rows of IPv4 and IPv6 that say the same as one.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace finwait::report {

using Row = std::vector<std::string>;

/// Columns are as wide as their widest cell; every row has one cell for each of `columns`.
std::string table(const std::string& head, const Row& columns, const std::vector<std::pair<std::string, Row>>& rows);

/// "a/b/ipv4" and "a/b/ipv6" become "a/b" where their rows are the same.
std::map<std::string, Row> without_families(std::map<std::string, Row> rows);

}  // namespace finwait::report
