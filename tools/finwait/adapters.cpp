#include "tools/finwait/adapters.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>

namespace finwait::tool {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kProgram = "stack:";

bool can_run(const fs::path& file) { return access(file.c_str(), X_OK) == 0 && !fs::is_directory(file); }

// Beside this program in a build folder, where it was installed, or on PATH.
std::optional<std::string> find_program(const std::string& name) {
  std::error_code error;
  const fs::path here = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (const char* folder : {"../stacks", "../libexec/finwait"}) {
    if (const auto file = (here / folder / name).lexically_normal(); can_run(file)) return file.string();
  }
  const char* path = std::getenv("PATH");
  std::stringstream folders(path != nullptr ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (const auto file = fs::path(folder) / name; can_run(file)) return file.string();
  }
  return std::nullopt;
}

}  // namespace

const std::vector<std::string>& adapter_names() {
  static const std::vector<std::string> names{"lwip", "gvisor"};
  return names;
}

std::optional<tl::expected<std::vector<std::string>, std::string>> adapter_of(const std::string& target) {
  if (target.starts_with(kProgram)) {
    std::istringstream words(target.substr(kProgram.size()));
    std::vector<std::string> command;
    for (std::string word; words >> word;) command.push_back(word);
    if (command.empty())
      return tl::unexpected(std::string("stack: needs a program, as in 'stack:./my-adapter --fast'"));
    return command;
  }
  if (std::ranges::find(adapter_names(), target) == adapter_names().end()) return std::nullopt;
  const std::string name = "finwait-" + target;
  const auto file = find_program(name);
  if (!file) {
    return tl::unexpected(fmt::format(
        "the adapter {} is not built: 'ci/install stacks-{}' installs what it needs, and then cmake builds it", name,
        target));
  }
  return std::vector<std::string>{*file};
}

}  // namespace finwait::tool
