#include "harness/lab/kernels.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

namespace finwait::lab {

namespace {

constexpr int kUsualHz = 250;  // Debian's

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// "6.12.117" as numbers, so that 6.12 is above 6.2.
std::vector<int> numbers(const std::string& release) {
  std::vector<int> out;
  for (std::size_t i = 0; i < release.size();) {
    int number = 0;
    const std::size_t begin = i;
    while (i < release.size() && release[i] >= '0' && release[i] <= '9') number = number * 10 + (release[i++] - '0');
    if (i == begin) break;
    out.push_back(number);
    if (i < release.size() && release[i] == '.') i++;
  }
  return out;
}

}  // namespace

Path cache_folder() {
  if (const auto own = variable("FINWAIT_LAB"); !own.empty()) return own;
  if (const auto cache = variable("XDG_CACHE_HOME"); !cache.empty()) return Path(cache) / "finwait" / "lab";
  std::string home = variable("HOME");
  const passwd* user = home.empty() ? getpwuid(geteuid()) : nullptr;
  if (user != nullptr) home = user->pw_dir;
  return Path(home.empty() ? "/" : home) / ".cache" / "finwait" / "lab";
}

std::optional<Kernel> read_kernel(const Path& folder) {
  std::ifstream in(folder / "kernel.json");
  const auto text = nlohmann::json::parse(in, nullptr, false);
  if (!text.is_object()) return std::nullopt;
  try {
    Kernel kernel{text.at("name"), text.at("release"), text.at("source"), text.at("hz"), text.at("key"), folder};
    std::error_code ignored;
    const bool whole =
        std::filesystem::exists(kernel.image(), ignored) && std::filesystem::exists(kernel.seed_library(), ignored);
    return whole ? std::optional(kernel) : std::nullopt;
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

void write_kernel(const Kernel& kernel) {
  const nlohmann::ordered_json text{{"name", kernel.name},
                                    {"release", kernel.release},
                                    {"source", kernel.source},
                                    {"hz", kernel.hz},
                                    {"key", kernel.key}};
  std::ofstream(kernel.folder / "kernel.json") << text.dump(1) << "\n";
}

std::vector<Kernel> kernels(const Path& cache) {
  std::vector<Kernel> all;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(cache / "kernels", error)) {
    if (auto kernel = read_kernel(entry.path())) all.push_back(std::move(*kernel));
  }
  std::ranges::sort(all, {}, &Kernel::name);
  return all;
}

tl::expected<Kernel, std::string> find_kernel(const Path& cache, const std::string& name) {
  const auto all = kernels(cache);
  std::vector<std::string> names;
  const Kernel* best = nullptr;
  const auto better = [](const Kernel& a, const Kernel& b) {
    const auto of_a = numbers(a.release);
    const auto of_b = numbers(b.release);
    return of_a != of_b ? of_a > of_b : (a.hz == kUsualHz) > (b.hz == kUsualHz);
  };
  for (const Kernel& kernel : all) {
    if (kernel.name == name) return kernel;
    names.push_back(kernel.name);
    const bool fits = name.empty() || (kernel.name.starts_with(name) && kernel.name[name.size()] == '-');
    if (fits && (best == nullptr || better(kernel, *best))) best = &kernel;
  }
  if (best != nullptr) return *best;
  if (all.empty()) {
    return tl::unexpected(fmt::format(
        "no lab kernel is built yet (in {}): 'finwait lab build' builds one, in some minutes", cache.string()));
  }
  return tl::unexpected(fmt::format("there is no lab kernel '{}'; there is {} ('finwait lab build' builds others)",
                                    name, fmt::join(names, ", ")));
}

}  // namespace finwait::lab
