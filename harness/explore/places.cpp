#include "harness/explore/places.hpp"

#include <array>

namespace finwait::explore {

using model::State;

namespace {

using O = Opening;

// clang-format off
constexpr std::array kPlaces = std::to_array<Place>({
    {"closed",              State::closed,       O::closed_port, false, false},
    {"closed-by-reset",     State::closed,       O::passive,     false, true},
    {"listen",              State::listen,       O::listening,   false, false},
    {"syn-sent",            State::syn_sent,     O::calling,     false, true},
    {"syn-received",        State::syn_received, O::listening,   false, false},
    {"syn-received-active", State::syn_received, O::calling,     false, true},
    {"syn-received-anew",   State::syn_received, O::passive,     true,  false},
    {"established",         State::established,  O::passive,     false, true},
    {"fin-wait-1",          State::fin_wait_1,   O::passive,     false, true},
    {"fin-wait-1-orphan",   State::fin_wait_1,   O::passive,     true,  false},
    {"fin-wait-2",          State::fin_wait_2,   O::passive,     false, true},
    {"fin-wait-2-orphan",   State::fin_wait_2,   O::passive,     true,  false},
    {"close-wait",          State::close_wait,   O::passive,     false, true},
    {"closing",             State::closing,      O::passive,     false, true},
    {"closing-orphan",      State::closing,      O::passive,     true,  false},
    {"last-ack",            State::last_ack,     O::passive,     false, true},
    {"last-ack-orphan",     State::last_ack,     O::passive,     true,  false},
    {"time-wait",           State::time_wait,    O::passive,     false, true},
    {"time-wait-orphan",    State::time_wait,    O::passive,     true,  false},
});
// clang-format on

using Path = std::vector<Action>;

bool shuts_window(Prep prep) { return prep == Prep::shut_window || prep == Prep::fin_only; }

/// What comes before any FIN.
Path before_close(Prep prep, State state) {
  const bool peer_first = state == State::close_wait || state == State::last_ack;
  Path path;
  if (prep == Prep::unread) path.push_back(Send{.kind = Kind::text});
  if (prep == Prep::narrow) path.push_back(Fill{5});
  if (prep == Prep::closed) path.push_back(Fill{0});
  if (shuts_window(prep) && !peer_first) path.push_back(Send{.zero_window = true});
  if (peer_first) path.push_back(Send{.kind = Kind::fin, .zero_window = shuts_window(prep)});
  if (prep == Prep::text || prep == Prep::shut_window) path.push_back(AppCall::send);
  return path;
}

bool possible(const Place& place, Prep prep) {
  const bool after_fin = model::kAfterPeerFin.contains(place.state);
  switch (prep) {
    case Prep::none:
      return true;
    case Prep::text:
    case Prep::shut_window:  // acknowledged, or past, in the two others
      return place.state != State::fin_wait_2 && place.state != State::time_wait;
    case Prep::fin_only:
      return model::kFinOutstanding.contains(place.state);
    case Prep::unread:  // half-duplex close would reset
      return !place.orphan;
    case Prep::narrow:
    case Prep::closed:
      return !place.orphan && !after_fin;
  }
  return false;
}

Path opened(const Place& place, bool timestamps) {
  const Send syn{.kind = Kind::syn, .stamp = timestamps ? StampAt::offered : StampAt::usual};
  if (place.opening == O::passive && place.state == State::syn_received) {  // from TIME-WAIT (RFC 9293 3.6.1 MAY-2)
    return {AppCall::close, Send{}, Send{.kind = Kind::fin},
            Send{.kind = Kind::syn, .seq = SeqAt::inside, .stamp = syn.stamp}};
  }
  if (place.state == State::syn_received) return {syn};
  if (place.name == "closed-by-reset") return {Send{.kind = Kind::rst}};
  return {};
}

}  // namespace

std::span<const Place> all_places() { return kPlaces; }

std::optional<std::vector<Action>> path_to(const Place& place, Prep prep, bool timestamps) {
  if (!model::kSynchronized.contains(place.state)) {
    return prep == Prep::none ? std::optional(opened(place, timestamps)) : std::nullopt;
  }
  if (!possible(place, prep)) return std::nullopt;
  Path path = before_close(prep, place.state);
  const bool shut = shuts_window(prep);
  const AppCall close = place.orphan ? AppCall::close : AppCall::shut_wr;
  switch (place.state) {
    case State::fin_wait_1:
    case State::last_ack:
      path.push_back(close);
      break;
    case State::fin_wait_2:
      path.insert(path.end(), {close, Send{}});
      break;
    case State::closing:
      path.insert(path.end(), {close, Send{.kind = Kind::fin, .ack = AckAt::una, .zero_window = shut}});
      break;
    case State::time_wait:
      path.insert(path.end(), {close, Send{}, Send{.kind = Kind::fin}});
      break;
    default:
      break;
  }
  return path;
}

}  // namespace finwait::explore
