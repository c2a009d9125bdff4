#include "harness/lab/source.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

namespace finwait::lab {

namespace fs = std::filesystem;
using Kind = BuildFailure::Kind;

namespace {

class Fnv {
 public:
  void add(std::string_view text) {
    for (const char c : text) state_ = (state_ ^ static_cast<unsigned char>(c)) * 1099511628211U;
  }
  void add(std::int64_t number) { add(std::to_string(number) + ";"); }
  [[nodiscard]] std::uint64_t value() const { return state_; }

 private:
  std::uint64_t state_ = 14695981039346656037U;
};

void add_file(Fnv& hash, const Path& file) {
  struct stat info {};
  if (lstat(file.c_str(), &info) != 0) return;
  hash.add(info.st_size);
  hash.add(info.st_mtim.tv_sec);
  hash.add(info.st_mtim.tv_nsec);
}

// Every file by name, size and time, in any order: a sum over hashes. What git keeps for itself is left out.
std::string fingerprint(const Path& tree) {
  std::uint64_t sum = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator i(tree, fs::directory_options::skip_permission_denied, error), end;
       !error && i != end; i.increment(error)) {
    if (i->is_directory(error)) {
      if (i->path().filename() == ".git") i.disable_recursion_pending();
      continue;
    }
    Fnv hash;
    hash.add(i->path().native());
    add_file(hash, i->path());
    sum += hash.value();
  }
  return fmt::format("{:016x}", sum);
}

tl::expected<Source, BuildFailure> of_tree(const std::string& given) {
  std::error_code error;
  const Path tree = fs::canonical(given, error);
  for (const char* file : {"Kconfig", "Makefile", "net/ipv4/tcp.c", "arch/um/Kconfig"}) {
    if (fs::exists(tree / file, error)) continue;
    return tl::unexpected(BuildFailure{Kind::usage, fmt::format("{} is no kernel tree: it has no {}", given, file)});
  }
  if (fs::exists(tree / ".config", error) || fs::exists(tree / "include/config", error)) {
    return tl::unexpected(BuildFailure{
        Kind::usage, fmt::format("{0} has been built in, and such a tree cannot be built elsewhere: "
                                 "'make -C {0} mrproper' cleans it (keep your .config), or use a git worktree",
                                 given)});
  }
  return Source{tree.filename().string(), tree.string(), fingerprint(tree), {}, tree};
}

}  // namespace

std::string digest(std::string_view text) {
  Fnv hash;
  hash.add(text);
  return fmt::format("{:016x}", hash.value());
}

tl::expected<Source, BuildFailure> find_source(const std::string& source, const Path& cache) {
  std::error_code error;
  if (fs::is_directory(source, error)) return of_tree(source);
  constexpr std::string_view kPackage = "linux-source-";
  if (!source.starts_with(kPackage) || source.find('/') != std::string::npos) {
    return tl::unexpected(BuildFailure{
        Kind::usage, fmt::format("'{}' is neither a folder nor a package such as linux-source-6.12", source)});
  }
  const Path archive = Path("/usr/src") / (source + ".tar.xz");
  if (!fs::exists(archive, error)) {
    return tl::unexpected(
        BuildFailure{Kind::environment,
                     fmt::format("{} is not there: 'apt-get install {}' brings it (ci/lab does all of the set-up)",
                                 archive.string(), source)});
  }
  Fnv hash;
  add_file(hash, archive);
  const std::string print = fmt::format("{:016x}", hash.value());
  return Source{source.substr(kPackage.size()), source, print, archive, cache / "source" / (source + "-" + print)};
}

}  // namespace finwait::lab
