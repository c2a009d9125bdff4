#include "harness/lab/guest.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <random>
#include <set>
#include <system_error>

#include "harness/unique_fd.hpp"

namespace finwait::lab {

namespace {

struct Mount {
  const char* kind;
  const char* place;
  const char* options;
};
constexpr Mount kMounts[]{
    {"proc", "/proc", ""},          {"sysfs", "/sys", ""}, {"devtmpfs", "/dev", ""},
    {"tmpfs", "/tmp", "mode=1777"}, {"tmpfs", "/run", ""},
};
// The working folder of the process that is this kernel, by a name that is always the same: it must not be in the
// kernel's command line, which feeds the kernel's random numbers.
constexpr Mount kWorkMount{"hostfs", kWork, "/proc/self/cwd"};

void write_setting(const char* file, const char* value) {
  const int fd = open(file, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  [[maybe_unused]] const auto written = write(fd, value, std::strlen(value));
  close(fd);
}

// 0 or an errno.
int make(const Mount& one) {
  mkdir(one.place, 0755);
  return mount(one.kind, one.place, one.kind, 0, one.options) == 0 || errno == EBUSY ? 0 : errno;
}

tl::expected<void, std::string> load_modules() {
  std::error_code error;
  std::set<std::string> files;
  for (std::filesystem::directory_iterator i(std::string(kPacked) + "/modules", error), end; !error && i != end; ++i) {
    files.insert(i->path().string());
  }
  for (const auto& file : files) {
    const UniqueFd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd || syscall(SYS_finit_module, fd.get(), "", 0) != 0) {
      return tl::unexpected(fmt::format("{} cannot be loaded: {}", file, std::strerror(errno)));
    }
  }
  return {};
}

// A process of its own: everything from the pipe goes to the line, unchanged. The least important one there is.
[[noreturn]] void pump(int from, int line) {
  termios settings{};
  if (tcgetattr(line, &settings) != 0) _exit(1);
  cfmakeraw(&settings);
  settings.c_cflag |= CLOCAL;
  cfsetspeed(&settings, B115200);
  if (tcsetattr(line, TCSANOW, &settings) != 0) _exit(1);
  [[maybe_unused]] const int lowest = nice(19);
  std::array<char, 4096> buffer{};
  for (ssize_t n = 0; (n = read(from, buffer.data(), buffer.size())) > 0;) {
    for (ssize_t at = 0, m = 0; at < n; at += m) {
      m = write(line, buffer.data() + at, static_cast<std::size_t>(n - at));
      if (m < 0) _exit(1);
    }
  }
  tcdrain(line);
  _exit(0);
}

}  // namespace

tl::expected<std::string, std::string> become_init() {
  if (getpid() != 1) return tl::unexpected(std::string("this verb is for the first process of a lab kernel"));
  const auto failed = [](const Mount& one, int error) {
    return tl::unexpected(fmt::format("{} cannot be mounted on {}: {}", one.kind, one.place, std::strerror(error)));
  };
  for (const Mount& one : kMounts) {
    if (const int error = make(one); error != 0) return failed(one, error);
  }
  // By default they follow the memory, of which a guest has little.
  write_setting("/proc/sys/fs/file-max", "1000000");
  write_setting("/proc/sys/net/ipv4/tcp_max_orphans", "262144");
  setenv("HOME", "/tmp", 1);
  setenv("TMPDIR", "/tmp", 1);
  const int error = make(kWorkMount);
  if (error == 0) return std::string(kWork) + "/" + kRequestFile;
  if (error != ENODEV) return failed(kWorkMount, error);
  // No User Mode Linux, so all there is was packed.
  if (auto loaded = load_modules(); !loaded) return tl::unexpected(loaded.error());
  return std::string(kPacked) + "/" + kRequestFile;
}

void settle(std::uint64_t seed) {
  constexpr time_t kOldEnough = 10;
  std::mt19937_64 random(seed);
  const timespec until{kOldEnough, static_cast<long>(random() % 1'000'000'000)};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
}

Handover::Handover() {
  const std::string file = std::string(kWork) + "/" + kRecordsFile;
  const auto check = [](int result, const char* what) {
    if (result < 0) throw std::system_error(errno, std::generic_category(), what);
    return result;
  };
  if (access(file.c_str(), W_OK) == 0) {
    fd_ = check(open(file.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC), kRecordsFile);
    return;
  }
  const UniqueFd line(check(open("/dev/ttyS1", O_WRONLY | O_NOCTTY | O_CLOEXEC), "/dev/ttyS1"));
  std::array<int, 2> ends{};
  check(pipe2(ends.data(), O_CLOEXEC), "pipe");
  const UniqueFd read_end(ends[0]);
  fd_ = ends[1];
  // As much as the kernel gives: while there is room, nobody waits for the line.
  constexpr int kRoom = 64 << 20;
  write_setting("/proc/sys/fs/pipe-max-size", std::to_string(kRoom).c_str());
  fcntl(fd_, F_SETPIPE_SZ, kRoom);
  pump_ = check(fork(), "fork");
  if (pump_ != 0) return;
  close(fd_);
  pump(read_end.get(), line.get());
}

Handover::~Handover() {
  close(fd_);
  if (pump_ > 0) waitpid(pump_, nullptr, 0);
}

void Handover::append(std::string_view octets) const {
  const auto failed = [] {
    return std::system_error(errno, std::generic_category(), "the results cannot be handed over");
  };
  while (!octets.empty()) {
    const ssize_t n = write(fd_, octets.data(), octets.size());
    if (n < 0) throw failed();
    octets.remove_prefix(static_cast<std::size_t>(n));
  }
  if (pump_ < 0 && fsync(fd_) != 0) throw failed();
}

void power_off() {
  sync();
  reboot(RB_POWER_OFF);
  _exit(1);
}

}  // namespace finwait::lab
