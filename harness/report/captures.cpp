#include "harness/report/captures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "harness/link/pcapng.hpp"

namespace finwait::report {

namespace {

std::string comment(const run::Entry& entry, const run::CaseResult& result) {
  if (!entry.unexplained) return entry.text;
  const std::string why = result.finding ? result.finding->summary + " (" + result.finding->violated + ")" : "";
  return entry.text.empty() ? "not explained: " + why : entry.text + "; not explained: " + why;
}

}  // namespace

Captures::Captures(std::string folder) : folder_(std::move(folder)) {
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error) problem_ = fmt::format("the folder {} cannot be made: {}", folder_, error.message());
}

void Captures::run_started(const run::RunInfo& info) {
  application_ = "finwait " + info.finwait_version;
  epoch_ns_ = info.epoch_ns;
}

void Captures::case_finished(run::CaseResult& result) {
  if (result.transcript == nullptr || !problem_.empty()) return;
  std::string name = result.instance->id;
  std::ranges::replace(name, '/', '-');
  if (result.repetition > 0) name += fmt::format(".{}", result.repetition + 1);
  const std::string path = folder_ + "/" + name + ".pcapng";
  std::ofstream out(path, std::ios::binary);
  link::PcapngWriter writer(out, "tun0", application_, epoch_ns_);
  using Kind = run::Entry::Kind;
  for (const run::Entry& entry : result.transcript->entries()) {
    if (entry.kind != Kind::sent && entry.kind != Kind::received) continue;
    const auto direction = entry.kind == Kind::sent ? link::Direction::to_target : link::Direction::from_target;
    writer.packet(direction, entry.shown(), result.transcript->octets(entry), comment(entry, result));
  }
  out.close();
  if (out) {
    result.trace = path;
    return;
  }
  problem_ =
      fmt::format("the capture {} cannot be written: {}; no further captures are kept", path, std::strerror(errno));
  std::error_code ignored;
  std::filesystem::remove(path, ignored);  // half a capture helps nobody
}

}  // namespace finwait::report
