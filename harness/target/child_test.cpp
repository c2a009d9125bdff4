#include "harness/target/child.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string>

namespace finwait::target {
namespace {

using ::testing::HasSubstr;

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
    out = UniqueFd(ends[0]);
    in = UniqueFd(ends[1]);
  }
  /// All that was written, up to the end.
  std::string all() {
    in.reset();
    std::string text;
    std::array<char, 4096> buffer{};
    for (ssize_t n = 0; (n = read(out.get(), buffer.data(), buffer.size())) > 0;) {
      text.append(buffer.data(), static_cast<std::size_t>(n));
    }
    return text;
  }
  UniqueFd out, in;
};

Program shell(const std::string& script, int output = -1) {
  return {.arguments = {"sh", "-c", script}, .environment = {{"FINWAIT_TEST", "x y"}}, .folder = "/", .output = output};
}

TEST(Child, RunsWhereAndWithWhatItIsTold) {
  Pipe pipe;
  auto child = Child::start(shell("pwd; echo \"$FINWAIT_TEST\"; cat; echo end >&2; exit 7", pipe.in.get()));
  ASSERT_TRUE(child) << child.error();
  EXPECT_EQ(pipe.all(), "/\nx y\nend\n");
  EXPECT_EQ(child->wait(), 7);
  EXPECT_EQ(child->wait(), 7);
}

TEST(Child, ThatIsNoProgramIsAnError) {
  const auto child = Child::start({.arguments = {"finwait-no-such-program"}, .environment = {}, .folder = {}});
  ASSERT_FALSE(child);
  EXPECT_THAT(child.error(), HasSubstr("finwait-no-such-program cannot be started: No such file"));
}

TEST(Child, TellsOfASignalAndOfItsEnd) {
  auto child = Child::start(shell("kill -SEGV $$"));
  ASSERT_TRUE(child);
  pollfd end{child->fd(), POLLIN, 0};
  EXPECT_EQ(poll(&end, 1, 10000), 1);
  EXPECT_EQ(child->wait(), 128 + SIGSEGV);
}

TEST(Child, TakesItsGroupAlong) {
  Pipe pipe;
  pid_t grandchild = 0;
  {
    auto child = Child::start(shell("sleep 1000 & echo $!; wait", pipe.in.get()));
    ASSERT_TRUE(child);
    std::array<char, 32> line{};
    ASSERT_GT(read(pipe.out.get(), line.data(), line.size() - 1), 0);
    grandchild = std::stoi(line.data());
    EXPECT_EQ(kill(grandchild, 0), 0);
  }
  // The pipe ends when the last who could write to it is gone.
  EXPECT_EQ(pipe.all(), "");
}

}  // namespace
}  // namespace finwait::target
