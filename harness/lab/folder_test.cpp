#include "harness/lab/folder.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>

namespace finwait::lab {
namespace {

namespace fs = std::filesystem;

TEST(Folder, IsGoneWithItsOwner) {
  fs::path path;
  {
    const auto folder = Folder::make();
    ASSERT_TRUE(folder) << folder.error();
    path = (*folder)->path();
    fs::create_directories(path / "a/b");
    std::ofstream(path / "a/b/c") << "x";
    EXPECT_TRUE(fs::exists(path / "a/b/c"));
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST(Folder, IsGoneWhenItsOwnerIsKilled) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  const pid_t owner = fork();
  if (owner == 0) {
    const auto folder = Folder::make();
    const std::string path = folder ? (*folder)->path().string() : "";
    if (write(ends[1], path.data(), path.size()) > 0) raise(SIGKILL);
    _exit(1);
  }
  close(ends[1]);
  std::array<char, 200> text{};
  ASSERT_GT(read(ends[0], text.data(), text.size() - 1), 0);
  int status = 0;
  waitpid(owner, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status));
  // The shell holds our end of the pipe, too, until it is done.
  std::array<char, 1> end{};
  EXPECT_EQ(read(ends[0], end.data(), 1), 0);
  EXPECT_FALSE(fs::exists(text.data()));
  close(ends[0]);
}

}  // namespace
}  // namespace finwait::lab
