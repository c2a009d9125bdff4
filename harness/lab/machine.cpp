#include "harness/lab/machine.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "harness/lab/guest.hpp"

namespace finwait::lab {

namespace {

// The console's end that a failure shows.
constexpr std::size_t kLastWords = 1500;

std::string why() { return std::strerror(errno); }

}  // namespace

Machine::Machine(engine::Epoll& epoll, run::RecordReader::Lookup lookup, Events events)
    : epoll_(epoll), events_(std::move(events)), reader_(std::move(lookup)), heard_(epoll.now()) {}

tl::expected<std::unique_ptr<Machine>, std::string> Machine::start(engine::Epoll& epoll, const Bootable& kernel,
                                                                   const Request& request, Begin begin,
                                                                   run::RecordReader::Lookup lookup, Events events) {
  auto machine = std::unique_ptr<Machine>(new Machine(epoll, std::move(lookup), std::move(events)));
  if (auto booted = machine->boot(kernel, request, begin); !booted) return tl::unexpected(booted.error());
  return machine;
}

tl::expected<void, std::string> Machine::boot(const Bootable& kernel, const Request& request, Begin begin) {
  auto made = Folder::make();
  if (!made) return tl::unexpected(made.error());
  folder_ = std::move(*made);
  const Path& folder = folder_->path();
  std::ofstream(folder / kRequestFile) << to_text(request);
  const auto file = [&](const char* name) {
    return UniqueFd(open((folder / name).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  };
  records_ = file(kRecordsFile);
  console_ = file("console");
  news_ = UniqueFd(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!records_ || !console_ || !news_) return tl::unexpected(fmt::format("{}: {}", folder.string(), why()));
  if (inotify_add_watch(news_.get(), (folder / kRecordsFile).c_str(), IN_MODIFY) < 0) {
    return tl::unexpected(fmt::format("{}: {}", folder.string(), why()));
  }
  auto program = kernel.program(folder, request, console_.get());
  if (!program) return tl::unexpected(program.error());
  if (begin == Begin::stopped) {
    program->arguments.insert(program->arguments.begin(), {"sh", "-c", R"(kill -STOP $$; exec "$@")", "sh"});
  }
  auto child = Child::start(*program);
  if (!child) return tl::unexpected(child.error());
  child_ = std::make_unique<Child>(std::move(*child));
  epoll_.watch(news_.get(), EPOLLIN, [this](std::uint32_t) {
    std::array<char, 4096> events{};
    while (read(news_.get(), events.data(), events.size()) > 0) {
    }
    read_records();
  });
  epoll_.watch(child_->fd(), EPOLLIN, [this](std::uint32_t) { over(); });
  return {};
}

Machine::~Machine() {
  if (news_) epoll_.unwatch(news_.get());
  if (child_) epoll_.unwatch(child_->fd());
  child_.reset();  // before its folder
}

void Machine::read_records() {
  std::array<char, 65536> buffer{};
  for (ssize_t n = 0; (n = read(records_.get(), buffer.data(), buffer.size())) > 0;) {
    reader_.feed({buffer.data(), static_cast<std::size_t>(n)});
    heard_ = epoll_.now();
  }
  for (;;) {
    auto record = reader_.next();
    if (!record) return stop("the guest handed over " + record.error());
    if (!*record) return;
    finished_ = finished_ || std::holds_alternative<run::Totals>(**record);
    events_.record(std::move(**record));
  }
}

void Machine::over() {
  if (std::exchange(ended_, true)) return;
  epoll_.unwatch(child_->fd());
  const int code = child_->wait();
  read_records();
  if (finished_ && stopped_.empty()) return events_.ended("");
  events_.ended(stopped_.empty() ? last_words(code) : stopped_);
}

void Machine::stop(const std::string& reason) {
  if (stopped_.empty()) stopped_ = reason;
  child_->kill();
}

std::string Machine::last_words(int code) const {
  std::string text;
  std::array<char, 65536> buffer{};
  ssize_t n = 0;
  for (off_t at = 0; (n = pread(console_.get(), buffer.data(), buffer.size(), at)) > 0; at += n) {
    text.append(buffer.data(), static_cast<std::size_t>(n));
  }
  std::erase(text, '\r');
  const auto panic = text.find("Kernel panic");
  const std::string first = panic == std::string::npos ? "" : text.substr(panic, text.find('\n', panic) - panic);
  if (text.size() > kLastWords) text = "..." + text.substr(text.size() - kLastWords);
  return fmt::format("{}{}", first.empty() ? fmt::format("the guest ended with {}", code) : "the guest's " + first,
                     text.empty() ? "" : "; its console ended with:\n" + text);
}

}  // namespace finwait::lab
