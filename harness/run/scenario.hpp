// Scenario: what a case's body is given: connections to the target, time, chance, and the means to say what was wrong.
#pragma once

#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "harness/engine/combine.hpp"
#include "harness/engine/loop.hpp"
#include "harness/run/app.hpp"
#include "harness/run/case.hpp"
#include "harness/run/door.hpp"
#include "harness/run/peer.hpp"
#include "harness/run/switchboard.hpp"
#include "harness/run/transcript.hpp"
#include "harness/run/verdict.hpp"
#include "harness/target/target.hpp"

namespace finwait::run {

/// One connection: finwait's end and the application's end of it. `auto [peer, app] = co_await s.established();`
struct Connection {
  Peer& peer;
  App& app;
};

/// Who opens the connection.
enum class Open : std::uint8_t {
  passive,  ///< the target listens
  active,   ///< the target connects
};

class Scenario : public Host {
 public:
  struct Place {
    engine::Loop& loop;
    target::Target& target;
    const model::Profile& profile;  ///< what the target is judged by
    Switchboard& switchboard;
    wire::Family family = wire::Family::ipv4;
    wire::Address address;     ///< the peers' own
    Door& door;                ///< where the target listens, for all cases of the sandbox
    wire::Port closed_port{};  ///< where it does not
    std::uint64_t seed = 0;
    bool judge = true;  ///< by the model, beside the script
  };

  Scenario(const Case& c, const Place& place);
  ~Scenario() override;
  Scenario(const Scenario&) = delete;
  Scenario& operator=(const Scenario&) = delete;

  /// A new connection, its handshake done and nothing else sent.
  Task<Connection> established(Open how = Open::passive);
  /// A peer that has sent nothing yet, from a new port. The target listens at its destination.
  Peer& new_peer();
  /// The same, but nothing listens there.
  Peer& new_peer_of_closed_port();
  /// One that sends to an address which is not the target's own, a multicast one say: no connection can come of it, so
  /// the case alone judges.
  Peer& new_peer_of(const wire::Address& address);
  /// Takes the connection that this peer has opened from the listening socket.
  Task<Connection> accept(Peer& peer);
  /// The same where it is not sure that there will be one: nullptr when there is none within `limit`.
  Task<App*> try_accept(Peer& peer, Duration limit);

  /// A connection to a port that only this case's application listens on, and what it does with that port then.
  Task<Connection> established_at_own_port(target::ListenOptions options = {});
  void close_own_port() { own_door_.reset(); }
  /// Listens there (again): 0, or the errno of the call.
  int try_listen_at_own_port(target::ListenOptions options);
  /// One that the model does not follow: whether it is let in depends on how many there are.
  Peer& new_peer_at_own_port() { return add_peer(next_port(), at_target(own_port_), Peer::Meets::nobody); }
  /// Opens the same connection once more, from the same port of the target's: 0 when it begins, or the errno.
  int try_connect_again(const Peer& peer);

  /// The application closes the listening socket, and with it what this case has not accepted. For a case with a
  /// sandbox of its own.
  void close_listener();

  /// A call of connect() that is on its way: the socket is there already.
  struct Opening {
    Peer& peer;
    App& app;
    engine::Op<void> call;
  };
  /// The target has begun to open a connection to a new peer, and its SYN has come: SYN-SENT.
  Task<Opening> opening();

  [[nodiscard]] Instant now() { return {loop().now(), loop().now()}; }
  /// co_await: this long from now.
  [[nodiscard]] engine::SleepUntil pause(Duration d) { return engine::sleep_for(loop(), d); }
  /// co_await: until so long after an instant.
  [[nodiscard]] engine::SleepUntil until(Instant from, Duration d) {
    return engine::sleep_until(loop(), from.latest + d);
  }
  /// The window in which the target's timer of this length is due.
  [[nodiscard]] Window timer(Duration nominal) const { return due(profile().timer(nominal)); }
  /// The same for a timer that the profile gives the length of: `s.documented(&Profile::two_msl)`. A window that
  /// follows from it is told so: `within(100ms).because_of(timer)`.
  model::TimerWindow documented(Duration model::Profile::*field);
  /// So long the target's timer has really taken: for the table of what was measured.
  void measured(const model::Figure* figure, Elapsed took) {
    measured_[figure].push_back(took.least + (took.most - took.least) / 2);
  }
  [[nodiscard]] const model::Profile& profile() const { return place_.profile; }
  /// A number that the seed determines.
  std::uint32_t random() { return static_cast<std::uint32_t>(random_()); }

  /// Ends the case: the observed behaviour breaks the requirement.
  [[noreturn]] void fail(const std::string& summary, const std::string& allowed, const std::string& seen,
                         std::string_view requirement = {});
  /// Ends the case: it cannot be judged this time; it will be run again.
  [[noreturn]] void inconclusive(const std::string& summary);
  /// Ends the case: the target does not have what it is about, which showed only now.
  [[noreturn]] void unsupported(const std::string& summary);
  /// Ends the case: the harness or its surroundings broke, the target is not to blame.
  [[noreturn]] void broken(const std::string& summary);
  void note(const std::string& text);

  /// What the target has been found to be on one axis: one of these, all but one of them ruled out if possible; none of
  /// the axis's when it behaves like none. For detection (cases/detect.cpp); it ends nothing.
  void detected(model::Choices choices, std::string seen) { detected_ = {choices, std::move(seen)}; }

  /// What the model does not explain, on any connection: the first such thing. Everything has to have been delivered.
  [[nodiscard]] std::optional<Finding> judged();
  /// Throws the error of a link that lost a packet on its way (Peer::impair).
  void land();
  /// What no expectation took: throws CaseEnded for the first segment that is still pending on any connection.
  void refuse_leftovers();
  /// The same for packets that are no segments, and segments of connections that do not exist.
  [[nodiscard]] const std::optional<Finding>& stray() const { return stray_; }

  /// Takes in what the target has sent by now: what an app call drew must not seem to answer the segment sent next.
  void catch_up() const { place_.switchboard.poll(); }

  [[nodiscard]] engine::Loop& loop() const { return place_.loop; }
  [[nodiscard]] target::Target& target() const { return place_.target; }
  [[nodiscard]] link::Link& link() const { return place_.switchboard.link(); }
  [[nodiscard]] bool judges() const { return place_.judge; }
  [[nodiscard]] wire::Family family() const { return place_.family; }
  [[nodiscard]] Transcript& transcript() { return transcript_; }
  [[nodiscard]] const Case& definition() const { return case_; }
  [[nodiscard]] const std::optional<Detected>& detection() const { return detected_; }
  /// Why the model could not follow all connections to their end; nothing when it could.
  [[nodiscard]] std::optional<Finding> not_judged() const;
  /// What each connection tells about the target's choices; those that were not followed to their end tell nothing.
  [[nodiscard]] std::vector<model::Choices> choices() const;
  /// The profile's values that the case has asked for so far.
  [[nodiscard]] const std::vector<const model::Figure*>& figures() const { return figures_; }
  /// What the case has measured, by value of the profile.
  [[nodiscard]] const Measurements& measurements() const { return measured_; }
  /// What an expectation breaks that names no requirement itself: the first that the case covers.
  [[nodiscard]] std::string_view main_requirement() const;

  void deliver(Instant at, wire::ByteView octets, wire::Parsed parsed) override;
  void garbage(Instant at, wire::ByteView octets, const std::string& why) override;

 private:
  target::Listener& listener();
  Connection attach(Peer& peer, std::unique_ptr<target::Socket> socket);
  Task<> greet(Peer& peer);
  Task<Connection> accept_passive();
  Task<Connection> accept_from(target::Listener& listener, Peer& peer);
  Task<Connection> accept_active();
  wire::Port next_port();
  [[nodiscard]] wire::Endpoint at_target(wire::Port port) const { return {place_.target.address(place_.family), port}; }
  Peer& add_peer(wire::Port local, const wire::Endpoint& target, Peer::Meets meets);
  [[nodiscard]] static std::uint32_t key(wire::Port local, wire::Port target) {
    return std::uint32_t{number(local)} << 16 | number(target);
  }
  void set_stray(Finding finding);

  const Case& case_;
  Place place_;
  std::mt19937_64 random_;
  Transcript transcript_;
  std::vector<std::unique_ptr<Peer>> peers_;
  std::vector<std::unique_ptr<App>> apps_;
  std::unordered_map<std::uint32_t, Peer*> routes_;
  wire::Port own_port_{};
  std::unique_ptr<target::Listener> own_door_;
  Peer* awaiting_syn_ = nullptr;  ///< the peer an active open is aimed at: its target port is not known yet
  std::uint16_t next_port_;
  std::optional<std::uint32_t> unknown_;  ///< the transcript's place for packets of no connection
  std::optional<Finding> stray_;
  std::optional<Detected> detected_;
  std::vector<const model::Figure*> figures_;
  Measurements measured_;
};

}  // namespace finwait::run
