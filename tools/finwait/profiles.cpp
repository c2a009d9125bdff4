// Profiles at the command line: finding one by name or file, and showing what is in it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <fstream>
#include <sstream>

#include "tools/finwait/commands.hpp"

namespace finwait::tool {

namespace {

// The same words for every line, so that they stand below one another.
constexpr int kNameColumn = 20;
constexpr int kValueColumn = 12;

void show_values(const model::Profile& profile) {
  fmt::print("\n{:<{}}{:<{}}the standard\n", "value", kNameColumn, "", kValueColumn);
  for (const auto& one : model::compare(profile)) {
    const bool stated = one.stated != nullptr;
    const std::string asked = one.asked.empty() ? "has none" : one.asked;
    const std::string verdict = !stated                                        ? "not documented, so judged by it"
                                : one.conformity == model::Conformity::differs ? "DIFFERS"
                                                                               : std::string(to_string(one.conformity));
    fmt::print("{:<{}}{:<{}}{}: {}\n    {}\n", one.figure->name, kNameColumn, stated ? one.value : "-", kValueColumn,
               asked, verdict, one.figure->meaning);
    if (stated) fmt::print("    source: {} (verified: {})\n", one.stated->source, to_string(one.stated->verified));
    if (stated && !one.stated->note.empty()) fmt::print("    {}\n", one.stated->note);
    if (one.standard != nullptr && profile.name != model::standard_profile().name) {
      fmt::print("    standard: {}\n", one.standard->source);
    }
  }
}

void show_axes(const model::Profile& profile) {
  fmt::print("\nchoices\n");
  for (const auto& axis : model::all_axes()) {
    const auto all = model::Choices::of(axis.axis);
    const auto here = profile.choices & all;
    const std::string value = here == all ? "open" : fmt::format("{}", fmt::join(here.names(), " or "));
    fmt::print("{:<{}}{}\n    {}\n", axis.name, kNameColumn, value, axis.question);
    const std::string& source = profile.axis_sources.at(static_cast<std::size_t>(axis.axis));
    if (!source.empty()) fmt::print("    source: {}\n", source);
  }
}

void show(const model::Profile& profile) {
  fmt::print("{}: {}\n", profile.name, profile.title);
  if (!profile.notes.empty()) fmt::print("{}\n", profile.notes);
  fmt::print("timers: {}\n", profile.granularity == model::Granularity::exact ? "exact" : "Linux's timer wheel");
  if (!profile.granularity_note.empty()) fmt::print("    {}\n", profile.granularity_note);
  show_values(profile);
  show_axes(profile);
}

}  // namespace

tl::expected<model::Profile, std::string> load_profile(const std::string& name_or_file) {
  if (const auto* known = model::find_profile(name_or_file)) return *known;
  std::ifstream in(name_or_file);
  std::stringstream text;
  text << in.rdbuf();
  if (in) return model::parse_profile(text.str(), name_or_file);
  return tl::unexpected(fmt::format("there is no profile '{}', and no file of that name can be read; there are {}",
                                    name_or_file, fmt::join(model::profile_names(), ", ")));
}

int list_profiles(const std::string& name_or_file) {
  if (name_or_file.empty()) {
    for (const auto name : model::profile_names()) {
      fmt::print("{:<{}}{}\n", name, kNameColumn, model::find_profile(name)->title);
    }
    return kAsExpected;
  }
  const auto profile = load_profile(name_or_file);
  if (!profile) return complain(kUsage, profile.error());
  show(*profile);
  return kAsExpected;
}

}  // namespace finwait::tool
