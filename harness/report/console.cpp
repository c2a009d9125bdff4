#include "harness/report/console.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "harness/model/requirement.hpp"
#include "harness/report/ladder.hpp"

namespace finwait::report {

using run::Verdict;

namespace {

constexpr std::size_t kVerdictColumn = 13;

const char* colour_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
      return "\033[32m";
    case Verdict::fail:
    case Verdict::error:
      return "\033[31m";
    case Verdict::deviation:
    case Verdict::inconclusive:
    case Verdict::xpass:
      return "\033[33m";
    default:
      return "\033[2m";
  }
}

std::string cited(const std::string& id) {
  const auto* requirement = model::find_requirement(id);
  if (requirement == nullptr) return id;
  return fmt::format("{} ({}, {} {})", id, to_string(requirement->level), requirement->standard, requirement->section);
}

std::string indented(const std::string& text, const std::string& margin) {
  std::string out;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    out += margin + text.substr(begin, end - begin) + "\n";
    begin = end + 1;
  }
  return out;
}

}  // namespace

std::string explain(const run::CaseResult& result, const std::string& target, const std::string& profile) {
  std::string out;
  if (result.finding) {
    const auto& finding = *result.finding;
    out += fmt::format("  {}\n", finding.summary);
    if (const auto* requirement = model::find_requirement(finding.violated)) {
      out += fmt::format("  breaks    {}{}\n            {}\n", cited(finding.violated),
                         result.basis == run::Basis::documented ? ", as documented" : "", requirement->statement);
    }
    if (!result.citation.empty()) out += fmt::format("  judged by {}\n", result.citation);
    for (const auto& way : finding.allowed) {
      const std::string by =
          way.requirement.empty() || way.requirement == finding.violated ? "" : cited(way.requirement);
      out += fmt::format("  allowed   {}{}{}\n", way.what, way.when.empty() ? "" : ", " + way.when,
                         by.empty() ? "" : "  by " + by);
    }
    if (!finding.seen.empty()) out += fmt::format("  seen      {}\n", finding.seen);
    if (!finding.detail.empty()) out += indented(finding.detail, "      ");
  }
  if (!result.reason.empty()) out += fmt::format("  expected  {}\n", result.reason);
  if (result.transcript != nullptr) out += ladder(*result.transcript, result.started);
  if (!result.trace.empty()) out += fmt::format("  capture: {}\n", result.trace);
  out += fmt::format("  again: finwait run '{}' --target {}{} --seed {}\n", result.instance->id, target,
                     profile.empty() ? "" : " --profile " + profile, result.seed);
  return out;
}

std::string Console::paint(Verdict verdict, const std::string& text) const {
  return style_.colour ? colour_of(verdict) + text + "\033[0m" : text;
}

void Console::clear_status() {
  if (status_shown_) std::fputs("\r\033[K", out_);
  status_shown_ = false;
}

void Console::line(const std::string& text) {
  clear_status();
  std::fputs(text.c_str(), out_);
  std::fflush(out_);
}

void Console::run_started(const run::RunInfo& info) {
  target_ = info.target + ":" + info.target_version;
  profile_argument_ = info.profile_argument;
  longest_ = info.longest;
  questions_.started(info);
  measured_.started(info);
  for (const auto* instance : info.plan) id_width_ = std::max(id_width_, instance->id.size());
  const std::string each = info.repeat > 1 ? fmt::format(", each {} times,", info.repeat) : "";
  virtual_time_ = info.virtual_time;
  target_argument_ = info.target_argument.empty() ? info.target : info.target_argument;
  const std::string where = virtual_time_ ? " in virtual time (" + target_argument_ + ")" : "";
  const std::string judged = info.own_profile ? "" : ", judged by the profile " + info.profile->name;
  line(fmt::format("finwait {}: {} case{}{} against {}{}{}, about {:.0f} s, seed {}\n", info.finwait_version,
                   info.plan.size(), info.plan.size() == 1 ? "" : "s", each, target_, where, judged,
                   std::max(1.0, seconds(info.longest)), info.seed));
}

void Console::case_started(const run::Instance& /*instance*/) { started_++; }

void Console::case_finished(run::CaseResult& result) {
  finished_++;
  questions_.add(result);
  measured_.add(result);
  const std::string verdict(to_string(result.verdict));
  const std::string gap(kVerdictColumn - verdict.size(), ' ');
  std::string text = fmt::format("{}{}{:<{}}  {:8.3f} s", paint(result.verdict, verdict), gap, result.instance->id,
                                 id_width_, seconds(result.duration));
  if (result.finding && !result.finding->violated.empty()) text += "  " + result.finding->violated;
  if (result.verdict == Verdict::unsupported && result.finding) text += "  " + result.finding->summary;
  if (result.attempts > 1) text += fmt::format("  (attempt {})", result.attempts);
  text += "\n";
  const bool story = result.verdict == Verdict::fail || result.verdict == Verdict::deviation ||
                     result.verdict == Verdict::error || result.verdict == Verdict::inconclusive;
  const bool stopped = result.finding && result.finding->summary == "interrupted";
  if ((story && !stopped) || style_.verbose) {
    text += explain(result, target_argument_, profile_argument_);
  } else if (!result.reason.empty()) {
    text += fmt::format("  {}: {}\n", result.verdict == Verdict::xfail ? "expected" : "was expected to fail",
                        result.reason);
  }
  line(text);
}

void Console::progress(Duration elapsed, std::size_t done, std::size_t total) {
  if (!style_.terminal) return;
  clear_status();
  std::fputs(fmt::format("{}/{} cases, {} running, {:.0f} s of about {:.0f} s", done, total, started_ - finished_,
                         seconds(elapsed), seconds(longest_))
                 .c_str(),
             out_);
  std::fflush(out_);
  status_shown_ = true;
}

void Console::run_finished(const run::Totals& totals) {
  std::vector<std::string> counts;
  for (std::size_t i = 0; i < totals.by_verdict.size(); i++) {
    const auto verdict = static_cast<Verdict>(i);
    if (totals.by_verdict[i] == 0) continue;
    counts.push_back(paint(verdict, fmt::format("{} {}", totals.by_verdict[i], to_string(verdict))));
  }
  const std::string real =
      virtual_time_ ? fmt::format(" of virtual time, {:.2f} s of real time", seconds(totals.real)) : "";
  line(fmt::format("{}{} in {:.1f} s{}; the harness was at most {:.1f} ms late\n",
                   totals.interrupted ? "interrupted: " : "", fmt::join(counts, ", "), seconds(totals.elapsed), real,
                   seconds(totals.worst_lateness) * 1e3) +
       questions_.text() + measured_.text());
}

}  // namespace finwait::report
