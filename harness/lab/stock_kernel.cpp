#include "harness/lab/stock_kernel.hpp"

#include <fmt/format.h>
#include <link.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <memory>
#include <sstream>

#include "harness/lab/guest.hpp"
#include "harness/lab/initramfs.hpp"

namespace finwait::lab {

namespace fs = std::filesystem;

namespace {

constexpr const char* kStart = "2023-11-14T22:13:20";
constexpr const char* kMemory = "512M";
// What finwait needs of a kernel that may have it as a module; what is not there is built in, or finwait will say so.
constexpr std::array kWanted{"tun", "ipv6"};

tl::expected<std::string, std::string> content_of(const Path& file) {
  std::ifstream in(file, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  if (!in) return tl::unexpected(fmt::format("{} cannot be read", file.string()));
  return text.str();
}

tl::expected<std::string, std::string> content_of_module(const Path& file) {
  if (file.extension() == ".ko") return content_of(file);
  const std::string tool = file.extension() == ".xz" ? "xz" : file.extension() == ".zst" ? "zstd" : "gzip";
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> out(std::tmpfile(), &std::fclose);
  if (!out) return tl::unexpected(std::string("no temporary file can be made"));
  auto child = Child::start({.arguments = {tool, "--decompress", "--stdout", file.string()},
                             .environment = {},
                             .folder = {},
                             .output = fileno(out.get())});
  if (!child) return tl::unexpected(child.error());
  if (child->wait() != 0) return tl::unexpected(fmt::format("{} cannot be unpacked by {}", file.string(), tool));
  return content_of(fmt::format("/proc/self/fd/{}", fileno(out.get())));
}

/// Each module of a kernel by its name, with '_' for '-'.
std::map<std::string, Path> modules_in(const Path& tree) {
  std::map<std::string, Path> all;
  std::error_code error;
  for (fs::recursive_directory_iterator i(tree, error), end; !error && i != end; i.increment(error)) {
    std::string name = i->path().filename().string();
    const auto dot = name.find(".ko");
    if (dot == std::string::npos) continue;
    name.resize(dot);
    std::ranges::replace(name, '-', '_');
    all[name] = i->path();
  }
  return all;
}

/// The module `name`, after those that it needs.
tl::expected<void, std::string> load(const std::map<std::string, Path>& all, const std::string& name,
                                     std::map<std::string, std::string>& into) {
  const auto found = all.find(name);
  const bool there = std::ranges::any_of(into, [&](const auto& one) { return one.first.substr(3) == name + ".ko"; });
  if (there || found == all.end()) return {};
  auto content = content_of_module(found->second);
  if (!content) return tl::unexpected(content.error());
  for (std::string needed : needed_by(*content)) {
    std::ranges::replace(needed, '-', '_');
    if (auto loaded = load(all, needed, into); !loaded) return loaded;
  }
  into[fmt::format("{:02}-{}.ko", into.size(), name)] = std::move(*content);
  return {};
}

/// What a program that is running has loaded, by the names under which it looks for it.
std::vector<std::string> own_libraries() {
  std::vector<std::string> names;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* out) {
        const std::string_view name = info->dlpi_name;
        if (name.starts_with('/')) static_cast<std::vector<std::string>*>(out)->emplace_back(name);
        return 0;
      },
      &names);
  return names;
}

}  // namespace

std::string release_of(std::string_view image) {
  // The kernel's Documentation/arch/x86/boot.rst: at 0x202 "HdrS", at 0x20e where the text is, less 0x200.
  constexpr std::size_t kMagic = 0x202, kPointer = 0x20e, kBase = 0x200;
  if (image.size() < kPointer + 2 || image.substr(kMagic, 4) != "HdrS") return {};
  const auto octet = [&](std::size_t at) { return static_cast<std::size_t>(static_cast<unsigned char>(image[at])); };
  const std::size_t begin = kBase + octet(kPointer) + (octet(kPointer + 1) << 8U);
  const std::size_t end = image.find_first_of(std::string_view(" \0", 2), begin);
  return begin < image.size() && end != std::string_view::npos ? std::string(image.substr(begin, end - begin)) : "";
}

std::vector<std::string> needed_by(std::string_view module) {
  constexpr std::string_view kKey("\0depends=", 9);
  const auto at = module.find(kKey);
  if (at == std::string_view::npos) return {};
  const auto begin = at + kKey.size();
  std::stringstream list{std::string(module.substr(begin, module.find('\0', begin) - begin))};
  std::vector<std::string> names;
  for (std::string name; std::getline(list, name, ',');) names.push_back(name);
  return names;
}

tl::expected<std::unique_ptr<StockKernel>, std::string> StockKernel::find(const std::string& vmlinuz, Path self) {
  std::error_code error;
  const Path image = fs::canonical(vmlinuz, error);
  const auto content = content_of(image);
  if (error || !content) {
    return tl::unexpected(
        fmt::format("the kernel '{}' cannot be read: --target qemu: takes the path of a vmlinuz", vmlinuz));
  }
  const std::string release = release_of(*content);
  if (release.empty()) return tl::unexpected(fmt::format("{} is no kernel image for a PC (a bzImage)", vmlinuz));
  Path tree = image.parent_path().parent_path() / "lib/modules" / release;
  if (!fs::exists(tree, error)) tree = Path("/lib/modules") / release;
  if (!fs::exists(tree, error)) {
    return tl::unexpected(fmt::format(
        "the modules of {} are neither in {} nor in {}: unpack the kernel's whole package "
        "('dpkg -x') and name its boot/vmlinuz",
        release, (image.parent_path().parent_path() / "lib/modules").string(), tree.parent_path().string()));
  }
  auto kernel = std::unique_ptr<StockKernel>(new StockKernel(image, std::move(self)));
  const auto all = modules_in(tree);
  for (const char* name : kWanted) {
    if (auto loaded = load(all, name, kernel->modules_); !loaded) return tl::unexpected(loaded.error());
  }
  return kernel;
}

tl::expected<Program, std::string> StockKernel::program(const Path& folder, const Request& request, int console) const {
  Initramfs files;
  const auto copy = [&](const std::string& from, const std::string& to) -> tl::expected<void, std::string> {
    auto content = content_of(from);
    if (!content) return tl::unexpected(content.error());
    files.add_file(to, *content);
    return {};
  };
  files.add_device("/dev/console", 5, 1);
  for (const char* place : {"/proc", "/sys", "/tmp", "/run"}) files.add_folder(place);
  if (auto done = copy(self_.string(), "/finwait"); !done) return tl::unexpected(done.error());
  for (const auto& library : own_libraries()) {
    if (auto done = copy(library, library); !done) return tl::unexpected(done.error());
  }
  for (const auto& [name, content] : modules_) files.add_file(std::string(kPacked) + "/modules/" + name, content);
  files.add_file(std::string(kPacked) + "/" + kRequestFile, to_text(request), 0644);
  if (request.profile.starts_with('/')) {
    if (auto done = copy(request.profile, request.profile); !done) return tl::unexpected(done.error());
  }
  std::ofstream initrd(folder / "initrd", std::ios::binary);
  initrd << std::move(files).finish();
  initrd.close();
  if (!initrd) return tl::unexpected(fmt::format("{} cannot be written", (folder / "initrd").string()));
  // The first serial line is the console, the second one takes the records (guest.cpp).
  return Program{.arguments = {"qemu-system-x86_64",
                               "-nodefaults",
                               "-no-user-config",
                               "-display",
                               "none",
                               "-no-reboot",
                               "-accel",
                               "tcg",
                               "-icount",
                               "shift=0,sleep=off",
                               "-rtc",
                               fmt::format("base={},clock=vm", kStart),
                               "-seed",
                               std::to_string(request.seed % 0xffffffff),
                               "-m",
                               kMemory,
                               "-kernel",
                               image_.string(),
                               "-initrd",
                               "initrd",
                               "-append",
                               "console=ttyS0 quiet panic=-1 rdinit=/finwait -- lab-guest",
                               "-serial",
                               "stdio",
                               "-chardev",
                               fmt::format("file,id=records,path={},append=on", kRecordsFile),
                               "-serial",
                               "chardev:records"},
                 .environment = {},
                 .folder = folder.string(),
                 .output = console};
}

}  // namespace finwait::lab
