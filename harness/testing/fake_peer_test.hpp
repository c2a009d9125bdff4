// The other end of the fake target's link, for the tests of the fake target: one connection, written by hand.
#pragma once

#include <fmt/format.h>

#include <ostream>

#include "harness/testing/fake_target.hpp"
#include "harness/wire/codec.hpp"
#include "harness/wire/icmp.hpp"

namespace finwait::testing {

constexpr wire::Port kPort{7};
constexpr SeqNum kIss{5000};

/// A peer at one end of the link, with one connection; numbers are relative to the initial ones.
class FakePeer {
 public:
  struct Seen {
    Duration at;
    std::string text;  ///< "F. 1 ack 1", as wire::describe
    bool operator==(const Seen&) const = default;
    friend std::ostream& operator<<(std::ostream& out, const Seen& one) {
      return out << seconds(one.at) << " " << one.text;
    }
  };

  explicit FakePeer(const Defects& defects = {}) : lab(defects), made(*lab.make_target()) {}

  void send(wire::Flags flags, std::uint32_t seq = 0, std::uint32_t ack = 0, std::string_view text = {}) {
    wire::Segment segment;
    segment.source = made->first_peer_address(family);
    segment.destination = made->address(family);
    segment.source_port = wire::Port{1234};
    segment.destination_port = target_port;
    segment.flags = flags;
    segment.seq = kIss + seq;
    if (flags.any(wire::kAck)) segment.ack = irs + ack;
    segment.window = window;
    segment.urgent = flags.any(wire::kUrg) ? 1 : 0;
    segment.payload = wire::to_bytes(text);
    if (ts_value) segment.options.nop().nop().timestamps(*ts_value, last_ts ? last_ts->value : 0);
    (void)made->link().send(*wire::craft(segment));
    drain();
  }

  void drain() {
    (void)made->link().drain([this](Instant at, ByteView octets) {
      const auto parsed = wire::parse(octets);
      if (!parsed || !parsed->tcp_checksum_ok) return seen.push_back({at.latest - mark, "broken"});
      wire::Segment segment = parsed->segment;
      last_packet.assign(octets.begin(), octets.end());
      if (segment.flags.any(wire::kSyn)) irs = segment.seq;
      if (!segment.options.well_formed()) seen.push_back({at.latest - mark, "malformed options"});
      const std::string times = note_timestamps(segment);
      segment.window = 0;
      segment.options = {};
      const bool absolute = segment.flags.any(wire::kRst) && segment.seq == SeqNum{0};
      std::string text = wire::describe(segment, absolute ? SeqNum{0} : irs, kIss);
      if (const auto cut = text.find(" win"); cut != std::string::npos) text.resize(cut);
      text += times;
      seen.push_back({at.latest - mark, text});
    });
  }

  /// An ICMP error about the last packet that came; `seq_error` makes the quoted SEQ another one.
  void icmp(wire::IcmpError error, std::uint32_t seq_error = 0) {
    drain();
    wire::Segment quoted = wire::parse(last_packet)->segment;
    quoted.seq += seq_error;
    const auto packet = wire::icmp_error(error, made->first_peer_address(family), *wire::craft(quoted));
    (void)made->link().send(*packet);
    drain();
  }

  /// What came since the last call, without times.
  std::vector<std::string> replies() {
    drain();
    std::vector<std::string> texts;
    for (const Seen& one : std::exchange(seen, {})) texts.push_back(one.text);
    return texts;
  }
  void wait(Duration d) {
    const TimePoint until = lab.time().now() + d;
    while (lab.time().now() < until) {
      lab.time().wait(until);
      drain();
    }
  }
  /// The times, since mark_now(), of all that came while waiting.
  std::vector<double> times(Duration d) {
    wait(d);
    std::vector<double> all;
    for (const Seen& one : std::exchange(seen, {})) all.push_back(seconds(one.at));
    return all;
  }
  void mark_now() { mark = lab.time().now(); }

  void listen() { listener = std::move(*made->listen({made->address(family), kPort}, {})); }
  void establish() {
    listen();
    auto accepting = listener->accept({made->first_peer_address(family), wire::Port{1234}});
    send(wire::kSyn);
    send(wire::kAck, 1, 1);
    if (accepting.ready()) app = std::move(*accepting.result());
    handshake = replies();
    mark_now();
  }
  /// The target's SYN is under way; numbers are relative to it.
  void open_actively() {
    auto begun = *made->connect({made->first_peer_address(family), wire::Port{1234}}, {});
    app = std::move(begun.socket);
    opening.emplace(std::move(begun.done));
    drain();
    target_port = wire::parse(last_packet)->segment.source_port;
  }
  /// How the active open has ended: "open", an errno's name, or "waits".
  std::string opened() {
    if (!opening || !opening->ready()) return "waits";
    return opening->result() ? "open" : opening->result().error().name();
  }
  /// "data", "EOF", an errno's name, or "waits".
  std::string recv() {
    auto op = app->recv(100);
    if (!op.ready()) return "waits";
    if (!op.result()) return op.result().error().name();
    return op.result()->empty() ? "EOF" : std::string(op.result()->begin(), op.result()->end());
  }
  std::string send_error() {
    const Bytes octets(1);
    auto op = app->send(octets);
    return op.result() ? "ok" : op.result().error().name();
  }
  void close() {
    (void)app->close();
    app.reset();
  }
  TcpState state() { return *app->state().result(); }
  void app_sends(std::string_view text) { (void)app->send(wire::to_bytes(text)); }

  FakeLab lab;
  std::unique_ptr<target::Target> made;
  std::optional<std::uint32_t> ts_value;    ///< of the timestamps we send; none: without
  std::optional<wire::Timestamps> last_ts;  ///< the last that came
  Bytes last_packet;
  wire::Family family = wire::Family::ipv4;
  std::unique_ptr<target::Listener> listener;
  std::unique_ptr<target::Socket> app;
  std::optional<engine::Op<void>> opening;
  wire::Port target_port = kPort;
  SeqNum irs;
  std::uint16_t window = 65535;
  std::vector<Seen> seen;
  std::vector<std::string> handshake;  ///< what came before the connection was established
  TimePoint mark{};

 private:
  // " ts +5 ecr 7": the target's value relative to its first one. Only when we send timestamps ourselves.
  std::string note_timestamps(const wire::Segment& segment) {
    if (!ts_value) return {};
    const auto timestamps = segment.options.timestamps();
    if (!timestamps) return " no ts";
    if (!first_ts_) first_ts_ = timestamps->value;
    last_ts = timestamps;
    return fmt::format(" ts {:+} ecr {}", static_cast<std::int32_t>(timestamps->value - *first_ts_), timestamps->echo);
  }
  std::optional<std::uint32_t> first_ts_;
};

/// A conversation, and all that can be seen of it from outside, as text.
class Talk : public FakePeer {
 public:
  explicit Talk(const Defects& defects) : FakePeer(defects) {}

  void note(const std::string& text) { notes += text + ";"; }
  void read() { note(recv()); }
  void note_state() { note(std::string(to_string(state()))); }
  void set(target::SocketOption option, int value) { (void)app->set(option, value); }
  void keepalive() {
    set(target::SocketOption::keepalive_idle_s, 100);
    set(target::SocketOption::keepalive_interval_s, 10);
    set(target::SocketOption::keepalive_count, 3);
    set(target::SocketOption::keepalive, 1);
  }
  void shut() { (void)app->shutdown(target::How::wr); }
  void note_opened() { note(opened()); }
  void fill_window() {
    const std::string chunk(1285, 'x');  // 51 of them
    for (std::uint32_t i = 0; i < 51; i++) send(wire::kAck, 1 + i * 1285, 1, chunk);
  }
  void finish() {
    drain();
    for (const auto& one : handshake) note(one);
    for (const Seen& one : seen) note(fmt::format("{:.3f} {}", seconds(one.at), one.text));
    if (app) note_state();
  }
  std::string notes;
};

}  // namespace finwait::testing
