#include "harness/report/json.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "harness/model/requirement.hpp"
#include "harness/report/ladder.hpp"
#include "harness/report/measured.hpp"
#include "harness/report/questions.hpp"

namespace finwait::report {

using Value = nlohmann::ordered_json;

namespace {

constexpr int kFormatVersion = 1;

Value explanation(const run::CaseResult& result) {
  if (!result.finding) return nullptr;
  const auto& finding = *result.finding;
  Value allowed = Value::array();
  for (const auto& way : finding.allowed) {
    allowed.push_back({{"what", way.what}, {"when", way.when}, {"requirement", way.requirement}});
  }
  Value out{{"summary", finding.summary}, {"allowed", allowed}, {"seen", finding.seen}, {"detail", finding.detail}};
  if (!result.citation.empty()) out["judged_by"] = result.citation;
  if (result.transcript != nullptr) out["conversation"] = ladder(*result.transcript, result.started, 0);
  return out;
}

Value text_or_null(const std::string& text) { return text.empty() ? Value(nullptr) : Value(text); }

Value profile(const model::Profile& profile, const std::vector<model::Comparison>& comparisons) {
  Value values = Value::array();
  for (const auto& one : comparisons) {
    const bool stated = one.stated != nullptr;
    values.push_back({{"name", one.figure->name},
                      {"value", text_or_null(one.value)},
                      {"source", stated ? Value(one.stated->source) : Value(nullptr)},
                      {"verified", stated ? Value(to_string(one.stated->verified)) : Value(nullptr)},
                      {"standard", text_or_null(one.asked)},
                      {"standard_source", one.standard == nullptr ? Value(nullptr) : Value(one.standard->source)},
                      {"conformity", stated ? Value(to_string(one.conformity)) : Value(nullptr)}});
  }
  Value axes = Value::object();
  for (const auto& axis : model::all_axes()) {
    axes[std::string(axis.name)] = (profile.choices & model::Choices::of(axis.axis)).names();
  }
  return {{"name", profile.name}, {"title", profile.title}, {"values", values}, {"axes", axes}};
}

Value one_profile(const Consistency& consistency) {
  Value axes = Value::object();
  for (const auto& axis : model::all_axes()) {
    axes[std::string(axis.name)] = (consistency.common() & model::Choices::of(axis.axis)).names();
  }
  Value contradictions = Value::array();
  for (const auto& one : consistency.contradictions()) {
    Value told = Value::array();
    for (const auto& some : one.told) {
      told.push_back({{"choices", some.choices.names()}, {"connections", some.connections}, {"example", some.example}});
    }
    contradictions.push_back({{"axis", model::info(one.axis).name}, {"told", told}});
  }
  return {{"axes", axes}, {"contradictions", contradictions}};
}

Value answers(const Questions& questions) {
  using model::Level;
  return {
      {"standard",
       {{"must", questions.broken(Level::must)},
        {"should", questions.broken(Level::should)},
        {"may", questions.broken(Level::may)},
        {"cases", questions.cases_against_standard()}}},
      {"documented", {{"cases", questions.cases_on_documented()}, {"not_kept", questions.cases_against_documented()}}},
      {"one_profile", one_profile(questions.consistency())}};
}

Value measured(const Measured& measured) {
  Value out = Value::array();
  for (const auto& row : measured.rows()) {
    out.push_back({{"name", row.figure->name},
                   {"standard", text_or_null(row.standard)},
                   {"documented", text_or_null(row.documented)},
                   {"textbook", text_or_null(row.textbook)},
                   {"count", row.count},
                   {"least_ns", row.least.count()},
                   {"median_ns", row.median.count()},
                   {"most_ns", row.most.count()}});
  }
  return out;
}

// A target may have sent any octets: what is not UTF-8 is replaced, never an exception.
std::string dumped(const Value& value) { return value.dump(1, ' ', false, Value::error_handler_t::replace); }

// As it stands in the list of results. Line ends are only between values: in texts they are escaped.
std::string indented(std::string_view text) {
  std::string out;
  for (const char c : text) {
    out += c;
    if (c == '\n') out += "  ";
  }
  return out;
}

/// Why it could not be written; empty when it could.
/// A device or a pipe: it cannot be replaced by another file, and what was written to it cannot be taken back.
bool is_stream(const std::string& file) {
  std::error_code ignored;
  const auto status = std::filesystem::status(file, ignored);
  return std::filesystem::exists(status) && !std::filesystem::is_regular_file(status);
}

std::string write_file(const std::string& named, const std::vector<std::shared_ptr<const std::string>>& pieces) {
  std::error_code ignored;
  const bool link = std::filesystem::is_symlink(named, ignored);
  const std::filesystem::path folder = std::filesystem::path(named).parent_path();
  const std::string file = link ? (folder / std::filesystem::read_symlink(named, ignored)).string() : named;
  const bool stream = is_stream(file);
  const std::string partial = stream ? file : file + ".part";
  std::FILE* out = std::fopen(partial.c_str(), "w");
  bool good = out != nullptr;
  for (const auto& piece : pieces) {
    good = good && std::fwrite(piece->data(), 1, piece->size(), out) == piece->size();
  }
  int error = errno;
  if (out != nullptr && std::fclose(out) != 0) {
    good = false;
    error = errno;
  }
  if (good && stream) return {};
  if (good && std::rename(partial.c_str(), file.c_str()) == 0) return {};
  if (good) error = errno;
  if (out != nullptr && !stream) unlink(partial.c_str());
  return fmt::format("the results cannot be written to {}: {}", named, std::strerror(error));
}

}  // namespace

struct Json::Document {
  Value run = Value::object();
  Questions questions;
  Measured measured;
  TimePoint started;
  std::int64_t epoch_ns = 0;
  bool virtual_time = false;
  std::map<const run::Instance*, std::size_t> order;
  // By place in the plan and repetition, not by who ended first: two runs with the same outcome read the same.
  std::map<std::pair<std::size_t, int>, Pieces> results;
};

Json::Json(std::string file) : file_(std::move(file)), document_(std::make_unique<Document>()) {
  if (file_.empty()) return;
  const std::string partial = file_ + ".part";
  std::error_code ignored;
  const bool folder = std::filesystem::is_directory(file_, ignored);
  std::FILE* out = folder ? nullptr : std::fopen(partial.c_str(), "w");
  if (out == nullptr) {
    const int error = folder ? EISDIR : errno;
    problem_ = fmt::format("the results cannot be written to {}: {}", file_, std::strerror(error));
    return;
  }
  std::fclose(out);
  unlink(partial.c_str());
}
Json::~Json() = default;

void Json::run_started(const run::RunInfo& info) {
  auto& d = *document_;
  d.started = info.started;
  d.epoch_ns = info.epoch_ns;
  d.virtual_time = info.virtual_time;
  for (std::size_t i = 0; i < info.plan.size(); i++) d.order[info.plan[i]] = i;
  d.run = {{"finwait_version", info.finwait_version},
           {"target", info.target},
           {"target_version", info.target_version},
           {"machine", info.machine},
           {"profile", nullptr},
           {"seed", info.seed},
           {"started_ns", info.epoch_ns + info.started.time_since_epoch().count()},
           {"duration_ns", nullptr},
           {"virtual_time", info.virtual_time ? Value(info.target_argument) : Value(nullptr)},
           {"complete", false},
           {"planned", info.plan.size()}};
  d.questions.started(info);
  d.measured.started(info);
  if (info.profile != nullptr) {
    d.run["profile"] = profile(*info.profile, d.questions.values());
    d.run["profile"]["own"] = info.own_profile;
  }
  changed_ = true;
  if (!is_stream(file_)) write_now();
}

void Json::case_finished(run::CaseResult& result) {
  auto& d = *document_;
  d.questions.add(result);
  d.measured.add(result);
  const bool violated = result.finding && !result.finding->violated.empty();
  Value out{{"id", result.instance->id},
            {"title", result.instance->definition->title},
            {"target", d.run["target"]},
            {"verdict", to_string(result.verdict)},
            {"requirements", result.instance->definition->covers},
            {"violated", violated ? Value::array({result.finding->violated}) : Value::array()},
            {"basis", violated ? Value::array({to_string(result.basis)}) : Value::array()},
            {"explanation", explanation(result)},
            {"started_ns", (result.started - d.started).count()},
            {"duration_ns", result.duration.count()},
            {"seed", result.seed},
            {"attempts", result.attempts},
            {"trace", result.trace.empty() ? Value(nullptr) : Value(result.trace)}};
  if (!result.reason.empty()) out["expected_because"] = result.reason;
  d.results[{d.order[result.instance], result.repetition}].push_back(
      std::make_shared<const std::string>(indented(dumped(out))));
  changed_ = true;
}

void Json::progress(Duration /*elapsed*/, std::size_t /*done*/, std::size_t /*total*/) {
  if (writing_.valid() && writing_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return;
  take_problem();
  if (file_.empty() || !changed_ || !problem_.empty() || is_stream(file_)) return;
  changed_ = false;
  writing_ = aside_.ask([file = file_, all = pieces()] { return write_file(file, all); });
}

void Json::run_finished(const run::Totals& totals) {
  document_->run["duration_ns"] = totals.elapsed.count();
  document_->run["worst_lateness_ns"] = totals.worst_lateness.count();
  if (document_->virtual_time) document_->run["real_ns"] = totals.real.count();
  document_->run["complete"] = !totals.interrupted;
  changed_ = true;
  write_now();
}

Json::Pieces Json::pieces() const {
  const auto piece = [](std::string text) { return std::make_shared<const std::string>(std::move(text)); };
  Value run = document_->run;
  run["answers"] = answers(document_->questions);
  run["measured"] = measured(document_->measured);
  std::string head = dumped(Value{{"format", kFormatVersion}, {"run", run}});
  head.resize(head.rfind("\n}"));
  Pieces all{piece(head + ",\n \"results\": [")};
  const auto comma = piece(",\n  ");
  for (const auto& [place, some] : document_->results) {
    for (const auto& one : some) {
      all.push_back(all.size() == 1 ? piece("\n  ") : comma);
      all.push_back(one);
    }
  }
  all.push_back(piece(all.size() == 1 ? "]\n}\n" : "\n ]\n}\n"));
  return all;
}

std::string Json::text() const {
  std::string out;
  for (const auto& piece : pieces()) out += *piece;
  return out;
}

void Json::take_problem() {
  if (writing_.valid()) problem_ = writing_.get();
}

void Json::write_now() {
  take_problem();
  if (file_.empty() || !changed_ || !problem_.empty()) return;
  changed_ = false;
  problem_ = write_file(file_, pieces());
}

}  // namespace finwait::report
