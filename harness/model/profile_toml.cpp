// Reading a profile: cases/profiles/README.md says what is in it.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <utility>

#include "harness/model/profile.hpp"
#include "harness/model/profile_texts.hpp"
#include "harness/model/requirement.hpp"

namespace finwait::model {

using namespace std::chrono_literals;

namespace {

constexpr std::string_view kStandard = "rfc9293";

/// What is wrong, and where; it does not leave this file.
struct Wrong : std::runtime_error {
  Wrong(const toml::node& node, const std::string& what)
      : std::runtime_error(fmt::format("{}: {}", node.source().begin.line, what)) {}
};

template <class Names>
void only_keys(const toml::table& table, const Names& known, std::string_view where) {
  for (const auto& [key, value] : table) {
    if (std::ranges::find(known, key.str()) != std::end(known)) continue;
    throw Wrong(value, fmt::format("unknown key '{}' in {}: there are {}", key.str(), where, fmt::join(known, ", ")));
  }
}

/// Of the key, or of the table it is missing in.
[[noreturn]] void wrong(const toml::table& table, std::string_view key, const std::string& what) {
  const toml::node* node = table.get(key);
  throw Wrong(node != nullptr ? *node : table, what);
}

std::string text(const toml::table& table, std::string_view key) {
  const toml::node* node = table.get(key);
  if (node == nullptr) return {};
  if (!node->is_string()) wrong(table, key, fmt::format("'{}' has to be a string", key));
  return *node->value<std::string>();
}

/// The value of `key`, one of these words.
template <class Value, std::size_t N>
Value one_of(const toml::table& table, std::string_view key, const std::pair<std::string_view, Value> (&words)[N]) {
  const std::string word = text(table, key);
  std::vector<std::string_view> known;
  for (const auto& [name, value] : words) {
    if (name == word) return value;
    known.push_back(name);
  }
  wrong(table, key, fmt::format("'{}' has to be one of {}, not '{}'", key, fmt::join(known, ", "), word));
}

/// `zero`: the word for it; empty: there is none.
Duration duration(const toml::table& table, const char* key, std::string_view zero_word) {
  const std::string written = text(table, key);
  if (!zero_word.empty() && written == zero_word) return Duration{0};
  constexpr std::pair<std::string_view, Duration> kUnits[]{{" ms", 1ms}, {" s", 1s}, {" min", 1min}, {" h", 1h}};
  int number = 0;
  const auto [end, error] = std::from_chars(written.data(), written.data() + written.size(), number);
  const std::string_view unit(end, static_cast<std::size_t>(written.data() + written.size() - end));
  for (const auto& [name, length] : kUnits) {
    if (error == std::errc{} && number > 0 && unit == name) return number * length;
  }
  const std::string zero = zero_word.empty() ? "" : fmt::format(", or \"{}\"", zero_word);
  wrong(
      table, key,
      fmt::format("'{}' is no duration: write a number, a space and ms, s, min or h, as in \"60 s\"{}", written, zero));
}

int count(const toml::table& table) {
  const auto value = table["is"].value_exact<std::int64_t>();
  if (!value || *value < 0 || !std::in_range<int>(*value)) wrong(table, "is", "'is' has to be a number of times");
  return static_cast<int>(*value);
}

bool yes_or_no(const toml::table& table) {
  const auto value = table["is"].value_exact<bool>();
  if (!value) wrong(table, "is", "'is' has to be true or false");
  return *value;
}

void read_value(Profile& p, const Figure& figure, const toml::table& table) {
  constexpr std::string_view kKeys[]{"is", "source", "verified", "note", "bound", "requirement"};
  const std::span known(kKeys, p.name == kStandard ? 6 : 4);
  only_keys(table, std::vector(known.begin(), known.end()), fmt::format("[values.{}]", figure.name));
  if (!table.contains("is")) throw Wrong(table, "'is' is missing: the value itself");
  std::visit(
      [&](auto field) {
        using Value = std::remove_reference_t<decltype(p.*field)>;
        if constexpr (std::is_same_v<Value, Duration>) p.*field = duration(table, "is", figure.zero);
        if constexpr (std::is_same_v<Value, bool>) p.*field = yes_or_no(table);
        if constexpr (std::is_same_v<Value, int>) p.*field = count(table);
      },
      figure.field);
  Stated stated{&figure, text(table, "source"), {}, text(table, "note"), {}, text(table, "requirement")};
  if (stated.source.empty()) wrong(table, "source", "'source' is missing: where is the value from?");
  stated.verified =
      one_of<Verified>(table, "verified", {{"yes", Verified::yes}, {"partly", Verified::partly}, {"no", Verified::no}});
  if (table.contains("bound")) {
    stated.bound = one_of<Bound>(table, "bound", {{"exactly", Bound::exactly}, {"at-least", Bound::at_least}});
  }
  if (!stated.requirement.empty() && find_requirement(stated.requirement) == nullptr) {
    wrong(table, "requirement", fmt::format("there is no requirement '{}'", stated.requirement));
  }
  p.stated.push_back(std::move(stated));
}

const toml::table& as_table(const toml::node& node, std::string_view name) {
  if (!node.is_table()) throw Wrong(node, fmt::format("'{}' has to be a table", name));
  return *node.as_table();
}

void read_values(Profile& p, const toml::table& table) {
  for (const auto& [key, node] : table) {
    const Figure* figure = find_figure(key.str());
    if (figure == nullptr) {
      std::vector<std::string_view> known;
      for (const Figure& one : figures()) known.push_back(one.name);
      throw Wrong(node, fmt::format("unknown value '{}': there are {}", key.str(), fmt::join(known, ", ")));
    }
    read_value(p, *figure, as_table(node, key.str()));
  }
  std::ranges::sort(p.stated, {}, &Stated::figure);
}

Axis axis_of(const toml::key& key, const toml::node& node) {
  if (const auto axis = find_axis(key.str())) return *axis;
  std::vector<std::string_view> known;
  for (const AxisInfo& one : all_axes()) known.push_back(one.name);
  throw Wrong(node, fmt::format("unknown axis '{}': there are {}", key.str(), fmt::join(known, ", ")));
}

Choice choice_of(Axis axis, const toml::node& node) {
  const auto word = node.value_exact<std::string>();
  const auto choice = word ? find_choice(axis, *word) : std::nullopt;
  if (choice) return *choice;
  std::vector<std::string_view> known;
  for (const ChoiceInfo& one : all_choices()) {
    if (one.axis == axis) known.push_back(one.name);
  }
  throw Wrong(node, fmt::format("{} is no value of {}: there are {}", word ? "'" + *word + "'" : "this",
                                info(axis).name, fmt::join(known, ", ")));
}

void read_axes(Profile& p, const toml::table& table) {
  for (const auto& [key, node] : table) {
    const Axis axis = axis_of(key, node);
    Choices chosen;
    if (const auto* list = node.as_array()) {
      for (const auto& one : *list) chosen = chosen | Choices{choice_of(axis, one)};
      if (chosen.empty()) throw Wrong(node, fmt::format("{}: an axis that is open is left out", key.str()));
    } else {
      chosen = Choices{choice_of(axis, node)};
    }
    p.choices = *p.choices.narrowed(chosen);
  }
}

void read_document(Profile& p, const toml::table& document) {
  constexpr std::string_view kKeys[]{"title", "notes", "timers", "values", "axes", "axis-sources"};
  only_keys(document, kKeys, "a profile");
  p.title = text(document, "title");
  if (p.title.empty()) throw Wrong(document, "'title' is missing: whose values are these?");
  p.notes = text(document, "notes");
  for (const auto& [key, node] : document) {
    if (node.is_string()) continue;
    const toml::table& table = as_table(node, key.str());
    if (key.str() == "values") read_values(p, table);
    if (key.str() == "axes") read_axes(p, table);
    if (key.str() == "axis-sources") {
      for (const auto& [name, why] : table) {
        p.axis_sources.at(static_cast<std::size_t>(axis_of(name, why))) = text(table, name.str());
      }
    }
    if (key.str() == "timers") {
      constexpr std::string_view kTimerKeys[]{"granularity", "tick", "note"};
      only_keys(table, kTimerKeys, "[timers]");
      p.granularity = one_of<Granularity>(
          table, "granularity",
          {{"exact", Granularity::exact}, {"linux-wheel", Granularity::linux_wheel}, {"ticks", Granularity::ticks}});
      if (p.granularity == Granularity::ticks) p.tick = duration(table, "tick", {});
      p.granularity_note = text(table, "note");
    }
  }
}

/// What a file starts from: the standard's values, and nothing said.
Profile blank(const std::string& name) {
  Profile p;
  if (name != kStandard) p = standard_profile();
  p.name = name;
  p.choices = Choices::all();
  p.stated.clear();
  p.axis_sources = {};
  p.granularity = Granularity::exact;
  p.granularity_note.clear();
  return p;
}

}  // namespace

tl::expected<Profile, std::string> parse_profile(std::string_view toml, const std::string& file) {
  constexpr Duration kSlowestTick = 10ms;  // 100 Hz, until the target's own is known
  Profile p = blank(std::filesystem::path(file).stem());
  try {
    read_document(p, toml::parse(toml, file));
  } catch (const toml::parse_error& error) {
    return tl::unexpected(fmt::format("{}:{}: {}", file, error.source().begin.line, error.description()));
  } catch (const Wrong& error) {
    return tl::unexpected(fmt::format("{}:{}", file, error.what()));
  }
  if (p.granularity == Granularity::linux_wheel) p.tick = kSlowestTick;
  return p;
}

std::vector<std::string_view> profile_names() {
  std::vector<std::string_view> names;
  for (const ProfileText& one : profile_texts()) names.push_back(one.name);
  return names;
}

const Profile* find_profile(std::string_view name) {
  static std::map<std::string_view, Profile> read;
  const auto texts = profile_texts();
  const auto found = std::ranges::find(texts, name, &ProfileText::name);
  if (found == texts.end()) return nullptr;
  const auto known = read.find(found->name);
  if (known != read.end()) return &known->second;
  auto parsed = parse_profile(found->toml, fmt::format("cases/profiles/{}.toml", name));
  if (!parsed) throw std::logic_error(parsed.error());  // a test reads all of them
  return &read.emplace(found->name, std::move(*parsed)).first->second;
}

Profile linux_profile(Duration tick) {
  Profile profile = *find_profile("linux");
  profile.tick = tick;
  return profile;
}

const Profile& standard_profile() {
  static const Profile& standard = *find_profile(kStandard);
  return standard;
}

Profile rfc9293_profile() { return standard_profile(); }

}  // namespace finwait::model
