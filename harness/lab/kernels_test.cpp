#include "harness/lab/kernels.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "harness/lab/build.hpp"
#include "harness/lab/request.hpp"
#include "harness/lab/source.hpp"
#include "harness/lab/texts.hpp"

namespace finwait::lab {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class Cache : public ::testing::Test {
 public:
  ~Cache() override { fs::remove_all(folder); }

 protected:
  Cache() : folder(::testing::TempDir() + "finwait_lab_test_" + std::to_string(getpid())) {}

  void add(const std::string& name, const std::string& release, int hz) const {
    Kernel kernel{name, release, "somewhere", hz, "0", folder / "kernels" / name};
    fs::create_directories(kernel.folder);
    std::ofstream(kernel.image()) << "x";
    std::ofstream(kernel.seed_library()) << "x";
    write_kernel(kernel);
  }
  [[nodiscard]] std::string found(const std::string& name) const {
    const auto kernel = find_kernel(folder, name);
    return kernel ? kernel->name : kernel.error();
  }
  // What makes a folder a kernel tree.
  [[nodiscard]] Path tree() const {
    for (const char* file : {"Kconfig", "Makefile", "net/ipv4/tcp.c", "arch/um/Kconfig"}) {
      fs::create_directories((folder / "tree" / file).parent_path());
      std::ofstream(folder / "tree" / file) << file;
    }
    return folder / "tree";
  }

  Path folder;
};

TEST_F(Cache, GivesAKernelByItsNameOrTheBeginningOfIt) {
  EXPECT_THAT(found(""), HasSubstr("'finwait lab build' builds one"));
  add("6.1-hz250", "6.1.170", 250);
  add("6.12-hz1000", "6.12.90", 1000);
  add("6.12-hz250", "6.12.90", 250);
  add("6.2-hz250", "6.2.16", 250);
  EXPECT_EQ(found(""), "6.12-hz250") << "the newest, by number and not by text, with Debian's HZ";
  EXPECT_EQ(found("6.12"), "6.12-hz250");
  EXPECT_EQ(found("6.12-hz1000"), "6.12-hz1000");
  EXPECT_EQ(found("6.1"), "6.1-hz250");
  EXPECT_EQ(found("6"),
            "there is no lab kernel '6'; there is 6.1-hz250, 6.12-hz1000, 6.12-hz250, 6.2-hz250 ('finwait "
            "lab build' builds others)");
  fs::remove(folder / "kernels/6.12-hz250/linux");
  EXPECT_EQ(found("6.12"), "6.12-hz1000") << "half a kernel is none";
  std::ofstream(folder / "kernels/6.12-hz1000/kernel.json") << "{";
  EXPECT_EQ(found(""), "6.2-hz250");
}

TEST_F(Cache, SaysWhatIsNoSource) {
  const auto problem = [&](const std::string& source) {
    const auto found = find_source(source, folder);
    return found ? "" : found.error().what;
  };
  fs::create_directories(folder);
  EXPECT_THAT(problem("6.12"), HasSubstr("neither a folder nor a package"));
  EXPECT_THAT(problem("linux-source-2.2"), HasSubstr("'apt-get install linux-source-2.2' brings it"));
  EXPECT_THAT(problem(folder.string()), HasSubstr("is no kernel tree: it has no Kconfig"));
  EXPECT_EQ(problem(tree().string()), "");
  std::ofstream(tree() / ".config") << "";
  EXPECT_THAT(problem(tree().string()), HasSubstr("mrproper"));
}

TEST_F(Cache, KnowsATreeThatHasChanged) {
  const Path place = tree();
  const auto print = [&] { return find_source(place.string(), folder)->fingerprint; };
  const auto before = print();
  EXPECT_EQ(before.size(), 16U);
  fs::create_directories(place / ".git");
  std::ofstream(place / ".git/index") << "x";
  EXPECT_EQ(print(), before) << "what git keeps for itself is no source";
  const Path file = place / "net/ipv4/tcp.c";
  fs::last_write_time(file, fs::last_write_time(file) + std::chrono::seconds(2));
  const auto touched = print();
  EXPECT_NE(touched, before);
  std::ofstream(place / "net/new.c") << "x";
  EXPECT_NE(print(), touched);
}

TEST_F(Cache, RefusesWhatIsNoRate) {
  BuildObserver quiet;
  const auto built = build({.source = tree().string(), .hz = 300, .name = {}, .cache = folder}, quiet);
  ASSERT_FALSE(built);
  EXPECT_EQ(built.error().what, "HZ is one of 100, 250, 1000, not 300");
}

TEST(Request, ComesBackAsItWas) {
  const Request request{
      .cases = {"a/b/ipv4", "c/ipv6"}, .seed = ~std::uint64_t{0}, .jobs = 3, .repeat = 7, .profile = "x"};
  const auto back = parse_request(to_text(request));
  ASSERT_TRUE(back) << back.error();
  EXPECT_EQ(back->cases, request.cases);
  EXPECT_EQ(back->seed, request.seed);
  EXPECT_EQ(back->jobs, request.jobs);
  EXPECT_EQ(back->repeat, request.repeat);
  EXPECT_EQ(back->profile, request.profile);
  EXPECT_FALSE(parse_request("{"));
  EXPECT_FALSE(parse_request(R"({"cases": 3})"));
}

TEST(Recipe, TravelsWithTheProgram) {
  EXPECT_THAT(std::string(fragment_text()), HasSubstr("CONFIG_UML_TIME_TRAVEL_SUPPORT=y\n"));
  EXPECT_THAT(std::string(seed_text()), HasSubstr("ssize_t getrandom("));
}

TEST_F(Cache, WhatWasBuiltFromAnotherTreeIsNotUsed) {
  const Path out = folder / "build/mine", object = out / "tcp.o";
  keep_to_one_source(out, "/a/tree");
  std::ofstream(object) << "x";
  keep_to_one_source(out, "/a/tree");
  EXPECT_TRUE(fs::exists(object));
  keep_to_one_source(out, "/another/tree");
  EXPECT_FALSE(fs::exists(object));
}

}  // namespace
}  // namespace finwait::lab
