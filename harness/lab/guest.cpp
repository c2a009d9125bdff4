#include "harness/lab/guest.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <random>
#include <system_error>

namespace finwait::lab {

namespace {

struct Mount {
  const char* kind;
  const char* place;
  const char* options;
};
// The working folder of the process that is this kernel, by a name that is always the same: it must not be in the
// kernel's command line, which feeds the kernel's random numbers.
constexpr Mount kMounts[]{
    {"proc", "/proc", ""},          {"sysfs", "/sys", ""}, {"devtmpfs", "/dev", ""},
    {"tmpfs", "/tmp", "mode=1777"}, {"tmpfs", "/run", ""}, {"hostfs", kWork, "/proc/self/cwd"},
};

void write_setting(const char* file, const char* value) {
  const int fd = open(file, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  [[maybe_unused]] const auto written = write(fd, value, std::strlen(value));
  close(fd);
}

}  // namespace

tl::expected<void, std::string> become_init() {
  if (getpid() != 1) return tl::unexpected(std::string("this verb is for the first process of a lab kernel"));
  for (const Mount& one : kMounts) {
    mkdir(one.place, 0755);
    if (mount(one.kind, one.place, one.kind, 0, one.options) == 0 || errno == EBUSY) continue;
    return tl::unexpected(fmt::format("{} cannot be mounted on {}: {}", one.kind, one.place, std::strerror(errno)));
  }
  // By default they follow the memory, of which a guest has little.
  write_setting("/proc/sys/fs/file-max", "1000000");
  write_setting("/proc/sys/net/ipv4/tcp_max_orphans", "262144");
  setenv("HOME", "/tmp", 1);
  setenv("TMPDIR", "/tmp", 1);
  return {};
}

void settle(std::uint64_t seed) {
  constexpr time_t kOldEnough = 10;
  std::mt19937_64 random(seed);
  const timespec until{kOldEnough, static_cast<long>(random() % 1'000'000'000)};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
}

SharedFile::SharedFile(const std::string& path) : fd_(open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC)) {
  if (fd_ < 0) throw std::system_error(errno, std::generic_category(), path);
}
SharedFile::~SharedFile() { close(fd_); }

void SharedFile::append(std::string_view octets) const {
  while (!octets.empty()) {
    const ssize_t n = write(fd_, octets.data(), octets.size());
    if (n < 0) throw std::system_error(errno, std::generic_category(), "the results cannot be handed over");
    octets.remove_prefix(static_cast<std::size_t>(n));
  }
  if (fsync(fd_) != 0) throw std::system_error(errno, std::generic_category(), "the results cannot be handed over");
}

void power_off() {
  sync();
  reboot(RB_POWER_OFF);
  _exit(1);
}

}  // namespace finwait::lab
