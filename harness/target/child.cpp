#include "harness/target/child.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace finwait::target {

namespace {

// In the child, between fork() and exec(): nothing but system calls. The errno goes back through `report`.
[[noreturn]] void become(char* const* arguments, char* const* environment, const Program& program, pid_t parent,
                         int report) {
  // Killed when finwait is; which may have been before this line.
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent) {
    setpgid(0, 0);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    for (const int number : {SIGPIPE, SIGINT, SIGTERM, SIGHUP}) signal(number, SIG_DFL);
    const int nowhere = open("/dev/null", O_RDWR);
    const int in = program.input >= 0 ? program.input : nowhere;
    const int out = program.output >= 0 ? program.output : nowhere;
    const int errors = program.errors >= 0 ? program.errors : out;
    const bool placed = nowhere >= 0 && dup2(in, 0) == 0 && dup2(out, 1) == 1 && dup2(errors, 2) == 2;
    if (placed && (program.folder.empty() || chdir(program.folder.c_str()) == 0))
      execvpe(arguments[0], arguments, environment);
  }
  const int error = errno;
  [[maybe_unused]] const auto told = write(report, &error, sizeof error);
  _exit(127);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

}  // namespace

tl::expected<Child, std::string> Child::start(const Program& program) {
  std::vector<std::string> arguments = program.arguments;
  std::vector<std::string> environment;
  for (char** one = environ; *one != nullptr; one++) {
    const std::string_view text(*one);
    const auto name = text.substr(0, text.find('='));
    bool replaced = false;
    for (const auto& [ours, value] : program.environment) replaced = replaced || ours == name;
    if (!replaced) environment.emplace_back(text);
  }
  for (const auto& [name, value] : program.environment) environment.push_back(fmt::format("{}={}", name, value));
  const auto argv = pointers(arguments);
  const auto envp = pointers(environment);
  const auto failed = [&](int error) {
    return tl::unexpected(fmt::format("{} cannot be started: {}", program.arguments[0], std::strerror(error)));
  };
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return failed(errno);
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return failed(errno);
  if (pid == 0) {
    become(argv.data(), envp.data(), program, parent, write_end.get());
  }
  setpgid(pid, pid);
  write_end.reset();
  Child child(pid, UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))));
  int error = 0;
  if (read(read_end.get(), &error, sizeof error) == sizeof error) return failed(error);
  if (!child.pidfd_) return failed(errno);
  return child;
}

Child::~Child() {
  if (pid_ < 0) return;
  kill();
  wait();
}

int Child::wait() {
  if (pid_ < 0) return status_;
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  ::kill(-pid_, SIGKILL);  // what it leaves behind
  pid_ = -1;
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return status_;
}

void Child::interrupt() const {
  if (pid_ >= 0) ::kill(-pid_, SIGINT);
}

void Child::kill() const {
  if (pid_ < 0) return;
  ::kill(-pid_, SIGKILL);
  ::kill(pid_, SIGKILL);  // wherever it has gone
}

}  // namespace finwait::target
