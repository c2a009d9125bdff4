#include "harness/lab/build.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <fstream>
#include <sstream>
#include <thread>

#include "harness/lab/source.hpp"
#include "harness/lab/texts.hpp"
#include "harness/target/child.hpp"

namespace finwait::lab {

namespace fs = std::filesystem;
using Kind = BuildFailure::Kind;
using target::Child;
using target::Program;
using Failed = tl::unexpected<BuildFailure>;

namespace {

constexpr std::size_t kTail = 15;
constexpr std::array kRates{100, 250, 1000};
constexpr std::string_view kRecipe = "1";  // to be raised when what build() does changes

struct Output {
  int code = 0;
  std::deque<std::string> tail;
};

Failed failure(Kind kind, std::string what) { return Failed(BuildFailure{kind, std::move(what)}); }
std::string why() { return std::strerror(errno); }

// Runs it to its end; each line goes to `observer`, and the last ones are kept.
tl::expected<Output, BuildFailure> run(Program program, BuildObserver& observer) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return failure(Kind::environment, "no pipe can be made: " + why());
  const UniqueFd out(ends[0]);
  UniqueFd in(ends[1]);
  program.output = in.get();
  auto child = Child::start(program);
  in.reset();
  if (!child) return failure(Kind::environment, child.error());
  Output output;
  std::string rest;
  std::array<char, 65536> buffer{};
  for (ssize_t n = 0; (n = read(out.get(), buffer.data(), buffer.size())) > 0;) {
    rest.append(buffer.data(), static_cast<std::size_t>(n));
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = rest.find('\n', begin)) != std::string::npos; begin = end + 1) {
      output.tail.push_back(rest.substr(begin, end - begin));
      if (output.tail.size() > kTail) output.tail.pop_front();
      observer.line(output.tail.back());
    }
    rest.erase(0, begin);
  }
  output.code = child->wait();
  return output;
}

// As run(), for what has to succeed.
tl::expected<Output, BuildFailure> must(const Program& program, BuildObserver& observer, Kind kind,
                                        std::string_view what) {
  auto output = run(program, observer);
  if (!output || output->code == 0) return output;
  return failure(kind, fmt::format("{}; the last lines were:\n  {}", what, fmt::join(output->tail, "\n  ")));
}

std::string read_file(const Path& file) {
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

tl::expected<void, BuildFailure> write_file(const Path& file, std::string_view text) {
  std::ofstream out(file, std::ios::binary);
  out << text;
  out.close();
  if (out) return {};
  return failure(Kind::environment, fmt::format("{} cannot be written: {}", file.string(), why()));
}

tl::expected<void, BuildFailure> need_tools() {
  std::vector<std::string> missing;
  const char* path = std::getenv("PATH");
  for (const char* tool : {"cc", "make", "flex", "bison", "bc", "tar", "xz", "perl"}) {
    bool found = false;
    std::stringstream folders(path == nullptr ? "/usr/bin:/bin" : path);
    for (std::string folder; std::getline(folders, folder, ':');) {
      found = found || access((Path(folder) / tool).c_str(), X_OK) == 0;
    }
    if (!found) missing.emplace_back(tool);
  }
  if (missing.empty()) return {};
  return failure(
      Kind::environment,
      fmt::format("to build a kernel {} {} missing: 'apt-get install gcc libc6-dev make bison flex bc xz-utils "
                  "perl' brings all it takes (ci/lab does all of the set-up)",
                  fmt::join(missing, ", "), missing.size() == 1 ? "is" : "are"));
}

// One build at a time in a cache; held until it is closed.
tl::expected<UniqueFd, BuildFailure> lock(const Path& cache, BuildObserver& observer) {
  std::error_code error;
  for (const char* part : {"kernels", "build", "source"}) fs::create_directories(cache / part, error);
  UniqueFd fd(open((cache / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (!fd) return failure(Kind::environment, fmt::format("the cache {} cannot be written: {}", cache.string(), why()));
  if (flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd;
  observer.step("another build is at work in this cache: waiting for it");
  flock(fd.get(), LOCK_EX);
  return fd;
}

tl::expected<void, BuildFailure> unpack(const Source& source, BuildObserver& observer) {
  std::error_code error;
  if (source.archive.empty() || fs::exists(source.tree / "Makefile", error)) return {};
  observer.step(fmt::format("unpacking {}", source.archive.string()));
  const Path partial = source.tree.string() + ".part";
  fs::remove_all(partial, error);
  fs::create_directories(partial, error);
  const auto done = must({.arguments = {"tar", "xf", source.archive.string(), "--strip-components=1"},
                          .environment = {},
                          .folder = partial.string()},
                         observer, Kind::environment, source.archive.string() + " cannot be unpacked");
  if (!done) return tl::unexpected(done.error());
  fs::rename(partial, source.tree, error);
  if (error) return failure(Kind::environment, fmt::format("{}: {}", source.tree.string(), error.message()));
  return {};
}

class Tree {
 public:
  Tree(const Source& source, Path out, int hz, BuildObserver& observer)
      : source_(source), out_(std::move(out)), hz_(hz), observer_(observer) {}

  tl::expected<void, BuildFailure> configure() {
    const std::string fragment = fmt::format("{}CONFIG_HZ={}\n", fragment_text(), hz_);
    // The front door of the kernel's configuration with one more line: User Mode Linux fixes HZ at 100, and a prompt in
    // front makes it a choice. So the tree itself stays as it is.
    std::string kconfig = read_file(source_.tree / "Kconfig");
    const auto title = kconfig.find("mainmenu");
    const auto end = kconfig.find('\n', title);
    if (title == std::string::npos || end == std::string::npos) {
      return failure(Kind::source, (source_.tree / "Kconfig").string() + " has no mainmenu line");
    }
    kconfig.insert(end + 1, "\nconfig HZ\n\tint \"Timer frequency\"\n");
    std::error_code ignored;
    fs::create_directories(out_, ignored);
    const bool same = read_file(out_ / "finwait.fragment") == fragment &&
                      read_file(out_ / "finwait.Kconfig") == kconfig && fs::exists(out_ / ".config", ignored);
    if (same) return {};
    observer_.step("configuring");
    fs::remove(out_ / ".config", ignored);
    auto written = write_file(out_ / "finwait.fragment", fragment);
    if (written) written = write_file(out_ / "finwait.Kconfig", kconfig);
    if (!written) return written;
    auto made = make({"KCONFIG_ALLCONFIG=" + (out_ / "finwait.fragment").string(), "allnoconfig"},
                     "the tree cannot be configured");
    if (!made) return tl::unexpected(made.error());
    return check(fragment);
  }

  tl::expected<void, BuildFailure> compile() {
    observer_.step("compiling");
    const unsigned jobs = std::max(1U, std::thread::hardware_concurrency());
    auto made = make({fmt::format("-j{}", jobs), "linux"}, source_.description + " does not build");
    if (!made) return tl::unexpected(made.error());
    return {};
  }

  [[nodiscard]] std::string release() const {
    std::string text = read_file(out_ / "include/config/kernel.release");
    return text.substr(0, text.find('\n'));
  }

 private:
  tl::expected<Output, BuildFailure> make(std::vector<std::string> words, const std::string& what) {
    std::vector<std::string> all{"make", "ARCH=um", "O=" + out_.string(),
                                 "LOCALVERSION=", "KBUILD_KCONFIG=" + (out_ / "finwait.Kconfig").string()};
    all.insert(all.end(), words.begin(), words.end());
    return must({.arguments = all,
                 .environment = {{"KBUILD_BUILD_TIMESTAMP", "Thu Jan  1 00:00:00 UTC 1970"},
                                 {"KBUILD_BUILD_USER", "finwait"},
                                 {"KBUILD_BUILD_HOST", "finwait"},
                                 {"LC_ALL", "C"}},
                 .folder = source_.tree.string()},
                observer_, Kind::source, what);
  }

  // Options that a kernel does not know are dropped without a word.
  tl::expected<void, BuildFailure> check(const std::string& fragment) {
    const std::string config = "\n" + read_file(out_ / ".config");
    std::stringstream lines(fragment);
    std::vector<std::string> missing;
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("CONFIG_") && config.find("\n" + line + "\n") == std::string::npos) missing.push_back(line);
    }
    if (missing.empty()) return {};
    std::error_code ignored;
    fs::remove(out_ / ".config", ignored);
    return failure(Kind::source, fmt::format("{} cannot have {}: it is too old for the lab, or its configuration has "
                                             "changed (6.1 and newer are known to do)",
                                             source_.description, fmt::join(missing, ", ")));
  }

  const Source& source_;
  Path out_;
  int hz_;
  BuildObserver& observer_;
};

// Beside the old one, which stays whole until this one is.
tl::expected<Kernel, BuildFailure> put_in_place(Kernel kernel, const Path& out, BuildObserver& observer) {
  std::error_code error;
  const Path place = kernel.folder;
  kernel.folder = place.string() + ".part";
  fs::remove_all(kernel.folder, error);
  fs::create_directories(kernel.folder, error);
  fs::copy_file(out / "linux", kernel.image(), error);
  if (!error) fs::copy_file(out / ".config", kernel.folder / "config", error);
  if (error) return failure(Kind::environment, fmt::format("{}: {}", kernel.folder.string(), error.message()));
  const Path shim = kernel.folder / "seed.c";
  if (auto written = write_file(shim, seed_text()); !written) return tl::unexpected(written.error());
  const auto compiled =
      must({.arguments = {"cc", "-O2", "-shared", "-fPIC", "-o", kernel.seed_library().string(), shim.string()},
            .environment = {},
            .folder = {}},
           observer, Kind::environment, "the C compiler does not work");
  if (!compiled) return tl::unexpected(compiled.error());
  write_kernel(kernel);
  fs::remove_all(place, error);
  fs::rename(kernel.folder, place, error);
  if (error) return failure(Kind::environment, fmt::format("{}: {}", place.string(), error.message()));
  kernel.folder = place;
  return kernel;
}

}  // namespace

void keep_to_one_source(const Path& out, const std::string& description) {
  const Path mark = out / "finwait-source";
  std::string last;
  std::getline(std::ifstream(mark), last);
  std::error_code ignored;
  if (last != description) fs::remove_all(out, ignored);
  fs::create_directories(out, ignored);
  std::ofstream(mark) << description;
}

tl::expected<Kernel, BuildFailure> build(const BuildRequest& request, BuildObserver& observer) {
  if (std::ranges::find(kRates, request.hz) == kRates.end()) {
    return failure(Kind::usage, fmt::format("HZ is one of {}, not {}", fmt::join(kRates, ", "), request.hz));
  }
  if (auto tools = need_tools(); !tools) return tl::unexpected(tools.error());
  const auto source = find_source(request.source, request.cache);
  if (!source) return tl::unexpected(source.error());
  const auto compiler =
      run({.arguments = {"cc", "--version"}, .environment = {{"LC_ALL", "C"}}, .folder = {}}, observer);
  if (!compiler) return tl::unexpected(compiler.error());

  Kernel kernel;
  kernel.name = request.name.empty() ? fmt::format("{}-hz{}", source->name, request.hz) : request.name;
  kernel.source = source->description;
  kernel.hz = request.hz;
  kernel.folder = request.cache / "kernels" / kernel.name;
  kernel.key = digest(fmt::format("{}|{}|{}|{}|{}|{}|{}", kRecipe, source->fingerprint, source->description,
                                  fragment_text(), seed_text(), request.hz, fmt::join(compiler->tail, "\n")));
  if (auto ready = read_kernel(kernel.folder); ready && ready->key == kernel.key) return *ready;

  const auto held = lock(request.cache, observer);
  if (!held) return tl::unexpected(held.error());
  if (auto unpacked = unpack(*source, observer); !unpacked) return tl::unexpected(unpacked.error());
  const Path out = request.cache / "build" / kernel.name;
  keep_to_one_source(out, source->description);
  Tree tree(*source, out, request.hz, observer);
  if (auto done = tree.configure(); !done) return tl::unexpected(done.error());
  if (auto done = tree.compile(); !done) return tl::unexpected(done.error());
  kernel.release = tree.release();
  return put_in_place(std::move(kernel), out, observer);
}

}  // namespace finwait::lab
