#include "harness/lab/stock_kernel.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "harness/lab/initramfs.hpp"

namespace finwait::lab {
namespace {

using namespace std::string_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string image(std::string_view release) {
  std::string octets(0x1000, '\0');
  octets.replace(0x202, 4, "HdrS");
  octets[0x20f] = 0x08;  // 0x800 from 0x200 on
  octets.replace(0xa00, release.size(), release);
  return octets;
}

TEST(StockKernel, TheImageSaysWhatItIs) {
  EXPECT_EQ(release_of(image("6.1.0-56-cloud-amd64 (debian-kernel@lists.debian.org)")), "6.1.0-56-cloud-amd64");
  EXPECT_EQ(release_of(image("6.12")), "6.12");
  EXPECT_EQ(release_of(""), "");
  EXPECT_EQ(release_of("\177ELF"s + std::string(0x1000, 'x')), "");
  EXPECT_EQ(release_of(image("6.12").substr(0, 0x900)), "") << "cut short";
  EXPECT_EQ(release_of(image("6.12").substr(0, 0x20f)), "");
}

TEST(StockKernel, AModuleSaysWhatItNeeds) {
  EXPECT_THAT(needed_by("\0license=GPL\0depends=\0name=tun\0"s), IsEmpty());
  EXPECT_THAT(needed_by("\0license=GPL\0depends=ipv6,nf-x\0name=sit\0"s), ElementsAre("ipv6", "nf-x"));
  EXPECT_THAT(needed_by("no module"), IsEmpty());
}

class StockKernelFiles : public ::testing::Test {
 protected:
  StockKernelFiles() { std::filesystem::create_directories(root / "boot"); }
  ~StockKernelFiles() override { std::filesystem::remove_all(root); }
  std::string problem(const std::string& content) {
    std::ofstream(root / "boot/vmlinuz") << content;
    const auto kernel = StockKernel::find((root / "boot/vmlinuz").string());
    return kernel ? "" : kernel.error();
  }
  Path root = Path(::testing::TempDir()) / ("finwait_stock_kernel_" + std::to_string(getpid()));
};

TEST_F(StockKernelFiles, WhatIsMissingIsSaid) {
  EXPECT_THAT(StockKernel::find("/nowhere/vmlinuz").error(), HasSubstr("'/nowhere/vmlinuz' cannot be read"));
  EXPECT_THAT(problem("text"), HasSubstr("is no kernel image for a PC"));
  EXPECT_THAT(problem(image("9.9-none")), HasSubstr("the modules of 9.9-none are neither in"));
  std::filesystem::create_directories(root / "lib/modules/9.9-none/kernel");
  EXPECT_EQ(problem(image("9.9-none")), "") << "all may be built in";
  std::ofstream(root / "lib/modules/9.9-none/kernel/tun.ko.xz") << "no xz";
  EXPECT_THAT(problem(image("9.9-none")), HasSubstr("tun.ko.xz cannot be unpacked by xz"));
}

TEST_F(StockKernelFiles, ModulesAreLoadedAfterWhatTheyNeed) {
  const Path modules = root / "lib/modules/9.9-none/kernel";
  std::filesystem::create_directories(modules);
  std::ofstream(modules / "tun.ko") << "\0depends=the-base\0"s
                                    << "TUN";
  std::ofstream(modules / "the-base.ko") << "BASE";
  std::ofstream(root / "boot/vmlinuz") << image("9.9-none");
  const auto kernel = StockKernel::find((root / "boot/vmlinuz").string(), "/bin/true");  // not all of the tests
  ASSERT_TRUE(kernel) << kernel.error();
  EXPECT_EQ((*kernel)->target(), "qemu:" + (root / "boot/vmlinuz").string());
  const auto program = (*kernel)->program(root, {.cases = {"a/case"}, .profile = ""}, -1);
  ASSERT_TRUE(program) << program.error();
  EXPECT_EQ(program->arguments.front(), "qemu-system-x86_64");
  std::ifstream in(root / "initrd", std::ios::binary);
  const std::string packed(std::istreambuf_iterator<char>(in), {});
  for (const char* name : {"work/modules/00-the_base.ko", "work/modules/01-tun.ko", "work/request.json", "libc.so.6"}) {
    EXPECT_NE(packed.find(name), std::string::npos) << name;
  }
  EXPECT_NE(packed.find("a/case"), std::string::npos);
}

TEST(Initramfs, IsWhatAKernelUnpacks) {
  Initramfs files;
  files.add_file("/a/b/c", "text", 0644);
  files.add_file("/a/b/d", "");
  files.add_device("/dev/console", 5, 1);
  const std::string archive = std::move(files).finish();
  std::vector<std::string> seen;
  for (std::size_t at = 0; at < archive.size();) {
    ASSERT_EQ(archive.substr(at, 6), "070701");
    const auto field = [&](std::size_t i) { return std::stoul(archive.substr(at + 6 + 8 * i, 8), nullptr, 16); };
    const auto up = [](std::size_t n) { return (n + 3) / 4 * 4; };
    const std::size_t content = up(at + 110 + field(11));
    seen.push_back(fmt::format("{:o} {} {}{}", field(1), archive.c_str() + at + 110, archive.substr(content, field(6)),
                               field(9) > 0 ? fmt::format("{}:{}", field(9), field(10)) : ""));
    at = up(content + field(6));
  }
  EXPECT_THAT(seen, ElementsAre("40755 a ", "40755 a/b ", "100644 a/b/c text", "100755 a/b/d ", "40755 dev ",
                                "20600 dev/console 5:1", "0 TRAILER!!! "));
}

}  // namespace
}  // namespace finwait::lab
