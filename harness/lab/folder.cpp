#include "harness/lab/folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

namespace finwait::lab {

namespace {

// Whoever used the folder is being killed at the same moment and may still write to it: hence more than one try.
constexpr const char* kRemove = R"(cat >/dev/null; for try in 1 2 3 4 5; do rm -rf "$1" && exit; sleep 0.1; done)";

std::string new_folder() {
  const char* const parents[]{"/dev/shm", std::getenv("TMPDIR"), "/tmp"};
  for (const char* parent : parents) {
    if (parent == nullptr) continue;
    std::string name = std::string(parent) + "/finwait-lab-XXXXXX";
    if (mkdtemp(name.data()) != nullptr) return name;
  }
  return {};
}

}  // namespace

tl::expected<std::unique_ptr<Folder>, std::string> Folder::make() {
  const auto failed = [] {
    return tl::unexpected(fmt::format("no working folder can be made: {}", std::strerror(errno)));
  };
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return failed();
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  const std::string path = new_folder();
  if (path.empty()) return failed();
  const pid_t pid = fork();
  if (pid < 0) {
    rmdir(path.c_str());
    return failed();
  }
  if (pid == 0) {
    setsid();  // what ends us by the terminal or by our group must not end this
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) signal(number, SIG_IGN);
    const int nowhere = open("/dev/null", O_WRONLY);
    if (dup2(read_end.get(), 0) == 0 && dup2(nowhere, 1) == 1 && dup2(nowhere, 2) == 2) {
      execl("/bin/sh", "sh", "-c", kRemove, "sh", path.c_str(), nullptr);
    }
    _exit(127);
  }
  return std::unique_ptr<Folder>(new Folder(path, std::move(write_end), pid));
}

Folder::~Folder() {
  alive_.reset();
  while (waitpid(remover_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace finwait::lab
