// Turns cases/requirements/*.toml into the table that model/requirement.hpp declares, when finwait is built.
//
//   embed_requirements OUT.cpp FILE.toml...
#include <fmt/format.h>
#include <fmt/os.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

struct Row {
  std::string id, standard, section, level, statement, same_as, untested;
};

[[noreturn]] void wrong(const toml::node& node, const std::string& what) {
  const auto& source = node.source();
  throw std::runtime_error(fmt::format("{}:{}: {}", *source.path, source.begin.line, what));
}

std::string text(const toml::table& table, std::string_view key) {
  const auto value = table[key].value<std::string>();
  if (!value) wrong(table, fmt::format("'{}' is missing or no string", key));
  return *value;
}

void read(const char* file, std::vector<Row>& rows) {
  const toml::table document = toml::parse_file(file);
  const std::string standard = text(document, "standard");
  const auto* list = document["requirement"].as_array();
  if (list == nullptr) wrong(document, "there is no [[requirement]]");
  for (const auto& node : *list) {
    const toml::table& table = *node.as_table();
    Row row{text(table, "id"),
            standard,
            text(table, "section"),
            text(table, "level"),
            text(table, "statement"),
            table["same_as"].value_or(std::string{}),
            table["untested"].value_or(std::string{})};
    if (row.level != "must" && row.level != "should" && row.level != "may") {
      wrong(table, fmt::format("level '{}' is none of must, should, may", row.level));
    }
    rows.push_back(std::move(row));
  }
}

std::string literal(const std::string& value) {
  std::string out = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

void write(const char* file, std::vector<Row>& rows) {
  std::ranges::sort(rows, {}, &Row::id);
  const auto twice = std::ranges::adjacent_find(rows, {}, &Row::id);
  if (twice != rows.end()) throw std::runtime_error("two requirements have the id " + twice->id);
  auto out = fmt::output_file(file);
  out.print("// Made by tools/embed from cases/requirements/*.toml.\n#include <array>\n\n");
  out.print("#include \"harness/model/requirement.hpp\"\n\nnamespace finwait::model {{\n\nnamespace {{\n");
  out.print("constexpr std::array<Requirement, {}> kAll{{{{\n", rows.size());
  for (const Row& row : rows) {
    out.print("    {{{}, {}, {}, Level::{}, {}, {}, {}}},\n", literal(row.id), literal(row.standard),
              literal(row.section), row.level, literal(row.statement), literal(row.same_as), literal(row.untested));
  }
  out.print("}}}};\n}}  // namespace\n\nstd::span<const Requirement> requirements() {{ return kAll; }}\n\n");
  out.print("}}  // namespace finwait::model\n");
}

}  // namespace

int main(int argc, char** argv) {
  try {
    std::vector<Row> rows;
    for (int i = 2; i < argc; i++) read(argv[i], rows);
    write(argv[1], rows);
    return 0;
  } catch (const toml::parse_error& error) {
    fmt::print(stderr, "{}:{}: {}\n", *error.source().path, error.source().begin.line, error.description());
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
  }
  return 1;
}
