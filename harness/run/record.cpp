#include "harness/run/record.hpp"

#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>

namespace finwait::run {

namespace {

using Value = nlohmann::json;

// A record is its length, four octets with the lowest first, and CBOR (RFC 8949). No result is longer than this: a
// transcript keeps 64 MiB at most.
constexpr std::size_t kHead = 4;
constexpr std::size_t kLongest = std::size_t{128} << 20;

std::string framed(const Value& value) {
  std::string out(kHead, '\0');
  Value::to_cbor(value, nlohmann::detail::output_adapter<char>(out));
  const auto size = static_cast<std::uint32_t>(out.size() - kHead);
  for (std::size_t i = 0; i < kHead; i++) out[i] = static_cast<char>(size >> (8 * i));
  return out;
}

// --- values

Value ns(TimePoint at) { return at.time_since_epoch().count(); }
TimePoint time_of(const Value& value) { return TimePoint(Duration(value.get<std::int64_t>())); }
model::Choices choices_of(const Value& value) { return model::Choices::from_bits(value.get<std::uint32_t>()); }
Value figure_name(const model::Figure* figure) { return figure == nullptr ? Value(nullptr) : Value(figure->name); }
const model::Figure* figure_of(const Value& value) {
  return value.is_null() ? nullptr : model::find_figure(value.get<std::string>());
}
template <class Enum>
Enum one_of(const Value& value, Enum last) {
  const auto number = value.get<std::uint32_t>();
  if (number > static_cast<std::uint32_t>(last)) throw std::out_of_range("an enumerator that does not exist");
  return static_cast<Enum>(number);
}
template <class Enum>
Value number_of(Enum value) {
  return static_cast<std::uint32_t>(value);
}

Value to_value(const Finding& finding) {
  Value allowed = Value::array();
  for (const auto& way : finding.allowed) allowed.push_back({way.what, way.when, way.requirement});
  return {{"kind", number_of(finding.kind)},
          {"summary", finding.summary},
          {"allowed", allowed},
          {"seen", finding.seen},
          {"detail", finding.detail},
          {"violated", finding.violated},
          {"figure", figure_name(finding.figure)}};
}
Finding to_finding(const Value& value) {
  Finding finding;
  finding.kind = one_of(value.at("kind"), Finding::Kind::unsupported);
  finding.summary = value.at("summary");
  for (const auto& way : value.at("allowed")) finding.allowed.push_back({way.at(0), way.at(1), way.at(2)});
  finding.seen = value.at("seen");
  finding.detail = value.at("detail");
  finding.violated = value.at("violated");
  finding.figure = figure_of(value.at("figure"));
  return finding;
}

Value to_value(const wire::Endpoint& end) {
  return {number_of(end.address.family), end.address.octets, number(end.port)};
}
wire::Endpoint to_endpoint(const Value& value) {
  wire::Endpoint end;
  end.address.family = one_of(value.at(0), wire::Family::ipv6);
  end.address.octets = value.at(1);
  end.port = wire::Port{value.at(2).get<std::uint16_t>()};
  return end;
}

Value to_value(const Transcript& transcript) {
  Value connections = Value::array();
  for (const auto& one : transcript.connections()) {
    connections.push_back({to_value(one.peer), to_value(one.target), one.peer_iss.value(), one.target_iss.value()});
  }
  Value entries = Value::array();
  for (const Entry& entry : transcript.entries()) {
    const auto octets = transcript.octets(entry);
    entries.push_back({number_of(entry.kind), entry.unexplained, entry.connection, ns(entry.at.earliest),
                       ns(entry.at.latest), entry.text, Value::binary({octets.begin(), octets.end()})});
  }
  return {{"connections", connections}, {"entries", entries}, {"dropped", transcript.dropped()}};
}
Transcript to_transcript(const Value& value) {
  Transcript out;
  for (const auto& one : value.at("connections")) {
    out.add_connection({to_endpoint(one.at(0)), to_endpoint(one.at(1)), wire::SeqNum(one.at(2).get<std::uint32_t>()),
                        wire::SeqNum(one.at(3).get<std::uint32_t>())});
  }
  for (const auto& one : value.at("entries")) {
    const auto kind = one_of(one.at(0), Entry::Kind::note);
    const std::uint32_t connection = one.at(2);
    const Instant at{time_of(one.at(3)), time_of(one.at(4))};
    const bool packet = kind == Entry::Kind::sent || kind == Entry::Kind::received;
    if (kind != Entry::Kind::note && connection >= out.connections().size()) {
      throw std::out_of_range("a packet of no connection");
    }
    std::size_t entry = 0;
    if (packet) {
      const auto direction = kind == Entry::Kind::sent ? link::Direction::to_target : link::Direction::from_target;
      entry = out.packet(direction, connection, at, one.at(6).get_binary());
      out.annotate(entry, one.at(5).get<std::string>());
    } else if (kind == Entry::Kind::app) {
      entry = out.app(connection, at, one.at(5));
    } else {
      entry = out.note(at, one.at(5));
    }
    if (one.at(1).get<bool>()) out.mark_unexplained(entry);
  }
  out.drop(value.at("dropped"));
  return out;
}

Value to_value(const CaseResult& result) {
  Value figures = Value::array();
  for (const auto* figure : result.figures) figures.push_back(figure_name(figure));
  Value choices = Value::array();
  for (const auto& one : result.choices) choices.push_back(one.bits());
  Value value{{"case", result.instance->id},
              {"verdict", number_of(result.verdict)},
              {"finding", result.finding ? to_value(*result.finding) : Value(nullptr)},
              {"basis", number_of(result.basis)},
              {"citation", result.citation},
              {"figures", figures},
              {"choices", choices},
              {"measured", Value::array()},
              {"detected", nullptr},
              {"started", ns(result.started)},
              {"duration", result.duration.count()},
              {"seed", result.seed},
              {"repetition", result.repetition},
              {"attempts", result.attempts},
              {"transcript", result.transcript == nullptr ? Value(nullptr) : to_value(*result.transcript)}};
  for (const auto& [figure, times] : result.measured) {
    Value all = Value::array();
    for (const Duration one : times) all.push_back(one.count());
    value["measured"].push_back({figure_name(figure), all});
  }
  if (result.detected) value["detected"] = {result.detected->choices.bits(), result.detected->seen};
  return value;
}

RecordedResult to_result(const Value& value, const RecordReader::Lookup& lookup) {
  RecordedResult out;
  CaseResult& result = out.result;
  result.instance = lookup(value.at("case"));
  if (result.instance == nullptr) throw std::invalid_argument("nobody asked for " + value.at("case").dump());
  result.verdict = one_of(value.at("verdict"), Verdict::error);
  if (!value.at("finding").is_null()) result.finding = to_finding(value.at("finding"));
  result.basis = one_of(value.at("basis"), Basis::documented);
  result.citation = value.at("citation");
  for (const auto& name : value.at("figures")) result.figures.push_back(figure_of(name));
  for (const auto& one : value.at("choices")) result.choices.push_back(choices_of(one));
  for (const auto& one : value.at("measured")) {
    auto& times = result.measured[figure_of(one.at(0))];
    for (const auto& time : one.at(1)) times.emplace_back(time.get<std::int64_t>());
  }
  const auto& detected = value.at("detected");
  if (!detected.is_null()) result.detected = Detected{choices_of(detected.at(0)), detected.at(1)};
  result.started = time_of(value.at("started"));
  result.duration = Duration(value.at("duration").get<std::int64_t>());
  result.seed = value.at("seed");
  result.repetition = value.at("repetition");
  result.attempts = value.at("attempts");
  if (!value.at("transcript").is_null()) out.transcript = to_transcript(value.at("transcript"));
  return out;
}

}  // namespace

void Recorder::run_started(const RunInfo& info) {
  sink_(framed({{"start",
                 {{"target", info.target},
                  {"target_version", info.target_version},
                  {"machine", info.machine},
                  {"tick", info.profile == nullptr ? 0 : info.profile->tick.count()},
                  {"epoch_ns", info.epoch_ns},
                  {"started", ns(info.started)}}}}));
}

void Recorder::case_finished(CaseResult& result) { sink_(framed({{"result", to_value(result)}})); }

void Recorder::run_finished(const Totals& totals) {
  sink_(framed({{"end",
                 {{"elapsed", totals.elapsed.count()},
                  {"lateness", totals.worst_lateness.count()},
                  {"interrupted", totals.interrupted}}}}));
}

tl::expected<std::optional<Recorded>, std::string> RecordReader::next() {
  const std::string_view rest = std::string_view(buffer_).substr(taken_);
  if (rest.size() < kHead) return std::nullopt;
  std::size_t size = 0;
  for (std::size_t i = 0; i < kHead; i++) size |= std::size_t{static_cast<unsigned char>(rest[i])} << (8 * i);
  if (size > kLongest) return tl::unexpected(fmt::format("a record of {} octets", size));
  if (rest.size() < kHead + size) {
    buffer_.erase(0, std::exchange(taken_, 0));
    return std::nullopt;
  }
  taken_ += kHead + size;
  try {
    const auto body = rest.substr(kHead, size);
    const Value value = Value::from_cbor(body.begin(), body.end());
    if (value.contains("result")) return Recorded(to_result(value.at("result"), lookup_));
    if (value.contains("end")) {
      const auto& end = value.at("end");
      Totals totals;
      totals.elapsed = Duration(end.at("elapsed").get<std::int64_t>());
      totals.worst_lateness = Duration(end.at("lateness").get<std::int64_t>());
      totals.interrupted = end.at("interrupted");
      return Recorded(totals);
    }
    const auto& start = value.at("start");
    return Recorded(RecordedStart{start.at("target"), start.at("target_version"), start.at("machine"),
                                  Duration(start.at("tick").get<std::int64_t>()), start.at("epoch_ns"),
                                  time_of(start.at("started"))});
  } catch (const std::exception& error) {
    return tl::unexpected(fmt::format("a record that makes no sense: {}", error.what()));
  }
}

}  // namespace finwait::run
