#include "harness/run/expectation_update.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <tuple>

#include "harness/run/expectations.hpp"

namespace finwait::run {

namespace {

using Ids = std::set<std::string>;

/// One [[expect]] with its place in the text.
struct Entry {
  Expectation says;
  std::size_t begin = 0, end = 0;              ///< of the whole entry
  std::size_t cases_begin = 0, cases_end = 0;  ///< of the value of `cases`
  Ids shown, passed, more;
};

class Text {
 public:
  explicit Text(std::string_view text) : text_(text) {
    lines_.push_back(0);
    for (std::size_t i = 0; i < text.size(); i++) {
      if (text[i] == '\n') lines_.push_back(i + 1);
    }
  }
  [[nodiscard]] std::size_t at(const toml::source_position& p) const { return line(p.line) + p.column - 1; }
  [[nodiscard]] std::size_t line(std::size_t number) const {
    return number > lines_.size() ? text_.size() : lines_[number - 1];
  }

 private:
  std::string_view text_;
  std::vector<std::size_t> lines_;
};

std::vector<Entry> entries_of(std::string_view toml, const std::string& file, std::vector<Expectation> parsed) {
  const Text text(toml);
  const toml::table document = toml::parse(toml, file);
  std::vector<Entry> all;
  const auto* list = document["expect"].as_array();
  if (list == nullptr) return all;
  for (std::size_t i = 0; i < list->size(); i++) {
    const toml::table& table = *list->get(i)->as_table();
    const auto& cases = table.get("cases")->source();
    Entry entry;
    entry.says = std::move(parsed[i]);
    entry.begin = text.line(table.source().begin.line);
    entry.cases_begin = text.at(cases.begin);
    entry.cases_end = text.at(cases.end);
    for (const auto& [key, value] : table) {
      entry.end = std::max(entry.end, text.line(value.source().end.line + 1));
    }
    all.push_back(std::move(entry));
  }
  return all;
}

std::string in_quotes(std::string_view value) {
  std::string out = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string value_of(const std::vector<std::string>& globs) {
  if (globs.size() == 1) return in_quotes(globs.front());
  std::string out = "[\n";
  for (const auto& glob : globs) out += fmt::format("  {},\n", in_quotes(glob));
  return out + "]";
}

/// A case whose instances are all in `ids` by its own name, the others by theirs.
std::vector<std::string> shortest(const Ids& ids, const Ids& everything) {
  std::vector<std::string> out;
  for (const auto& id : ids) {
    const std::string name(case_of(id));
    const auto other = [&](const std::string& one) { return case_of(one) != name || ids.contains(one); };
    const std::string& shown = std::ranges::all_of(everything, other) ? name : id;
    if (std::ranges::find(out, shown) == out.end()) out.push_back(shown);
  }
  return out;
}

/// A regular expression for what was seen, numbers left open.
std::string pattern_of(std::string_view seen) {
  constexpr std::size_t kMost = 40;
  constexpr std::string_view kSpecial = R"(\^$.|?*+()[]{})";
  std::string out = "^";
  bool number = false;
  for (const char c : seen.substr(0, std::min(kMost, seen.find_first_of(",\n")))) {
    const bool digit = c >= '0' && c <= '9';
    if (digit && !number) out += "[0-9]+";
    number = digit;
    if (digit) continue;
    if (kSpecial.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

/// The globs that are left when what has passed is taken out.
std::vector<std::string> remaining(const Entry& entry, const Ids& everything) {
  std::vector<std::string> globs;
  for (const auto& glob : entry.says.cases) {
    const auto matching = [&](const Ids& ids) {
      Ids out;
      std::ranges::copy_if(ids, std::inserter(out, out.end()), [&](const std::string& id) {
        return glob_matches(glob, id) || glob_matches(glob, case_of(id));
      });
      return out;
    };
    if (matching(entry.passed).empty()) {
      globs.push_back(glob);
      continue;
    }
    Ids left = matching(everything);
    for (const auto& id : entry.passed) left.erase(id);
    for (auto& one : shortest(left, everything)) globs.push_back(std::move(one));
  }
  for (auto& one : shortest(entry.more, everything)) globs.push_back(std::move(one));
  return globs;
}

struct News {
  std::map<std::tuple<std::string, std::string, std::string>, Ids> groups;  ///< verdict, requirement, pattern
  std::map<std::tuple<std::string, std::string, std::string>, std::string> summaries;
};

void sort_out(const Observed& o, std::vector<Entry>& entries, News& news) {
  const auto last = [&](auto fits) {
    const auto found = std::find_if(entries.rbegin(), entries.rend(), fits);
    return found == entries.rend() ? nullptr : &*found;
  };
  const auto about = [&](const Entry& e) { return concerns(e.says, o.id, o.version); };
  if (o.verdict == Verdict::xfail) {
    Entry* by = last([&](const Entry& e) { return about(e) && shows(e.says, e.says.verdict, o.requirement, o.seen); });
    if (by != nullptr) by->shown.insert(o.id);
  } else if (o.verdict == Verdict::xpass) {
    Entry* by = last([&](const Entry& e) { return about(e) && !e.says.sometimes; });
    if (by != nullptr) by->passed.insert(o.id);
  } else if (o.verdict == Verdict::fail || o.verdict == Verdict::deviation) {
    const auto says = [&](const Entry& e) { return shows(e.says, o.verdict, o.requirement, o.seen); };
    if (Entry* by = last([&](const Entry& e) { return about(e) && says(e); }); by != nullptr) {
      by->shown.insert(o.id);  // a run without expectations
      return;
    }
    Entry* same = last([&](const Entry& e) {
      const bool version = e.says.versions.empty() || std::regex_search(o.version, std::regex(e.says.versions));
      return version && !e.says.sometimes && !e.says.seen.empty() && shows(e.says, o.verdict, o.requirement, o.seen);
    });
    if (same != nullptr) {
      same->more.insert(o.id);
      return;
    }
    const auto key = std::tuple(std::string(to_string(o.verdict)), o.requirement, pattern_of(o.seen));
    news.groups[key].insert(o.id);
    news.summaries.try_emplace(key, o.summary);
  }
}

}  // namespace

tl::expected<ExpectationUpdate, std::string> update_expectations(std::string_view toml, const std::string& file,
                                                                 const std::vector<Observed>& observed,
                                                                 const std::vector<std::string>& known) {
  auto parsed = parse_expectations(toml, file);
  if (!parsed) return tl::unexpected(parsed.error());
  auto entries = entries_of(toml, file, std::move(*parsed));
  Ids everything(known.begin(), known.end());
  News news;
  for (const Observed& o : observed) {
    everything.insert(o.id);
    sort_out(o, entries, news);
  }
  ExpectationUpdate out{std::string(toml), {}};
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {  // from behind: the places before stay right
    for (const auto& id : entry->shown) entry->passed.erase(id);
    if (entry->passed.empty() && entry->more.empty()) continue;
    for (const auto& id : entry->passed) out.changes.push_back(fmt::format("out: {} ({})", id, entry->says.reason));
    for (const auto& id : entry->more) out.changes.push_back(fmt::format("in:  {} ({})", id, entry->says.reason));
    const auto globs = remaining(*entry, everything);
    if (globs.empty()) {
      out.text.erase(entry->begin, entry->end - entry->begin);
    } else {
      out.text.replace(entry->cases_begin, entry->cases_end - entry->cases_begin, value_of(globs));
    }
  }
  for (const auto& [key, ids] : news.groups) {
    const auto& [verdict, requirement, pattern] = key;
    for (const auto& id : ids) out.changes.push_back(fmt::format("new: {} breaks {}", id, requirement));
    out.text += fmt::format("\n[[expect]]\ncases = {}\nverdict = {}\nrequirement = {}\nseen = {}\nreason = {}\n",
                            value_of(shortest(ids, everything)), in_quotes(verdict), in_quotes(requirement),
                            in_quotes(pattern), in_quotes(std::string(kUnread) + news.summaries[key]));
  }
  return out;
}

}  // namespace finwait::run
