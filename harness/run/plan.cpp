#include "harness/run/plan.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "harness/model/requirement.hpp"

namespace finwait::run {

namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// "RFC 9293" -> "rfc9293", as a selector writes it.
std::string short_name(std::string_view standard) {
  std::string out = lower(standard);
  std::erase(out, ' ');
  return out;
}

bool covers_level(const Case& c, std::string_view level) {
  return std::ranges::any_of(c.covers, [&](const std::string& id) {
    const auto* requirement = model::find_requirement(id);
    return requirement != nullptr && lower(to_string(requirement->level)) == level;
  });
}

bool covers_section(const Case& c, std::string_view standard, std::string_view section) {
  return std::ranges::any_of(c.covers, [&](const std::string& id) {
    const auto* requirement = model::find_requirement(id);
    if (requirement == nullptr || short_name(requirement->standard) != standard) return false;
    const auto theirs = requirement->section;
    return section.empty() || theirs == section ||
           (theirs.starts_with(section) && theirs.substr(section.size()).starts_with('.'));
  });
}

bool known_standard(std::string_view name) {
  return std::ranges::any_of(model::requirements(), [&](const auto& r) { return short_name(r.standard) == name; });
}

// Ids that share the most leading characters with what was asked for.
std::vector<std::string> nearest(const std::vector<Instance>& all, std::string_view wanted) {
  std::size_t best = 0;
  std::set<std::string> ids;
  for (const auto& instance : all) {
    const std::string& id = instance.definition->id;
    const auto common =
        static_cast<std::size_t>(std::mismatch(id.begin(), id.end(), wanted.begin(), wanted.end()).first - id.begin());
    if (common < best) continue;
    if (common > best) ids.clear();
    best = common;
    ids.insert(id);
  }
  std::vector<std::string> out(ids.begin(), ids.end());
  if (best == 0) out.clear();
  out.resize(std::min<std::size_t>(out.size(), 3));
  return out;
}

// What may have been meant.
std::string hint(const std::vector<Instance>& all, std::string selector) {
  while (selector.ends_with('/')) selector.pop_back();
  const std::string below = selector + "/**";
  if (std::ranges::any_of(all, [&](const Instance& i) { return glob_matches(below, i.id); })) {
    return fmt::format("did you mean '{}'? ", below);
  }
  if (model::find_requirement(selector) != nullptr) return "no case covers this requirement yet; ";
  const auto ids = nearest(all, selector);
  return ids.empty() ? "" : fmt::format("near it: {}; ", fmt::join(ids, ", "));
}

}  // namespace

std::vector<Instance> instances(const Catalogue& catalogue) {
  std::vector<Instance> out;
  for (const Chapter* chapter : catalogue) {
    for (const Case& c : *chapter) {
      for (const wire::Family family : c.families) {
        out.push_back({&c, family, c.id + (family == wire::Family::ipv4 ? "/ipv4" : "/ipv6")});
      }
    }
  }
  return out;
}

bool glob_matches(std::string_view pattern, std::string_view id) {
  if (pattern.empty()) return id.empty();
  if (pattern.starts_with("**")) {
    for (std::size_t i = 0; i <= id.size(); i++) {
      if (glob_matches(pattern.substr(2), id.substr(i))) return true;
    }
    return false;
  }
  if (pattern.front() == '*') {
    for (std::size_t i = 0; i <= id.size(); i++) {
      if (glob_matches(pattern.substr(1), id.substr(i))) return true;
      if (i < id.size() && id[i] == '/') return false;
    }
    return false;
  }
  if (id.empty() || (pattern.front() != '?' && pattern.front() != id.front())) return false;
  return glob_matches(pattern.substr(1), id.substr(1));
}

tl::expected<bool, std::string> selects(std::string_view selector, const Instance& instance) {
  if (selector.starts_with('@')) {
    const std::string level = lower(selector.substr(1));
    if (level != "must" && level != "should" && level != "may") {
      return tl::unexpected(fmt::format("unknown level '{}': there are @must, @should and @may", selector));
    }
    return covers_level(*instance.definition, level);
  }
  if (const auto colon = selector.find(':'); colon != std::string_view::npos || known_standard(lower(selector))) {
    const std::string standard = lower(selector.substr(0, colon));
    if (!known_standard(standard)) {
      std::set<std::string> known;
      for (const auto& r : model::requirements()) known.insert(short_name(r.standard));
      return tl::unexpected(fmt::format("unknown standard '{}': there are {}", standard, fmt::join(known, ", ")));
    }
    const auto section = colon == std::string_view::npos ? std::string_view{} : selector.substr(colon + 1);
    return covers_section(*instance.definition, standard, section);
  }
  if (model::find_requirement(selector) != nullptr) {
    return std::ranges::find(instance.definition->covers, selector) != instance.definition->covers.end();
  }
  return glob_matches(selector, instance.id) || glob_matches(selector, instance.definition->id);
}

tl::expected<std::vector<Instance>, std::string> select(const std::vector<Instance>& all,
                                                        const std::vector<std::string>& selectors,
                                                        const std::vector<std::string>& excluded) {
  std::vector<bool> chosen(all.size(), selectors.empty());
  const auto mark = [&](const std::string& selector, bool value) -> tl::expected<bool, std::string> {
    bool any = false;
    for (std::size_t i = 0; i < all.size(); i++) {
      const auto hit = selects(selector, all[i]);
      if (!hit) return tl::unexpected(hit.error());
      if (*hit) chosen[i] = value;
      any |= *hit;
    }
    return any;
  };
  for (const auto& selector : selectors) {
    const auto any = mark(selector, true);
    if (!any) return tl::unexpected(any.error());
    if (!*any) {
      return tl::unexpected(
          fmt::format("no case is selected by '{}'; {}'finwait list' shows all", selector, hint(all, selector)));
    }
  }
  for (const auto& selector : excluded) {
    const auto any = mark(selector, false);
    if (!any) return tl::unexpected(any.error());
    if (!*any) return tl::unexpected(fmt::format("-x '{}' excludes no case", selector));
  }
  std::vector<Instance> out;
  for (std::size_t i = 0; i < all.size(); i++) {
    if (chosen[i]) out.push_back(all[i]);
  }
  if (out.empty()) return tl::unexpected(std::string("the selection is empty: -x excludes every selected case"));
  return out;
}

}  // namespace finwait::run
