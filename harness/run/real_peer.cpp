#include "harness/run/real_peer.hpp"

#include <algorithm>

#include "harness/run/scenario.hpp"

namespace finwait::run {

using namespace std::chrono_literals;

namespace {
constexpr Duration kFirstRto = 300ms, kLongestRto = 2s;
}  // namespace

void RealPeer::queue(Piece piece) {
  piece.seq = end_;
  end_ += piece.length();
  unacknowledged_.push_back(std::move(piece));
}

void RealPeer::send(Piece& piece) {
  auto spec = piece.fin ? wire::fin() : wire::data(piece.text);
  peer_.send(spec.seq(piece.seq));
  piece.sent = true;
  owes_ack_ = false;
}

void RealPeer::take(const wire::Segment& segment) {
  if (segment.flags.any(wire::kRst)) {
    reset_came_ = true;
    return;
  }
  const wire::SeqNum end = segment.seq + segment.length();
  // What is new is acknowledged, and what is not where it has to be: a copy, a keepalive probe, text above a gap.
  owes_ack_ = owes_ack_ || segment.length() > 0 || segment.seq != next_;
  if (wire::after(segment.seq, next_) || !wire::after(end, next_)) return;
  const auto old = static_cast<std::size_t>(next_ - segment.seq);
  if (old < segment.payload.size()) {
    heard_.append(segment.payload.begin() + static_cast<std::ptrdiff_t>(old), segment.payload.end());
  }
  fin_came_ = fin_came_ || segment.flags.has(wire::kFin);
  next_ = end;
}

void RealPeer::send_again() {
  send(unacknowledged_.front());
  rto_ = std::min(2 * rto_, kLongestRto);
}

Task<bool> RealPeer::until(std::function<bool()> done, Duration limit) {
  engine::Loop& loop = peer_.scenario().loop();
  const TimePoint end = loop.now() + limit;
  while (!done()) {
    bool fresh = false;
    for (Piece& piece : unacknowledged_) {
      if (!piece.sent) send(piece), fresh = true;
    }
    if (fresh) rto_ = kFirstRto, again_at_ = loop.now() + rto_;
    const TimePoint next = unacknowledged_.empty() ? end : std::min(end, again_at_);
    co_await peer_.arrival(std::max<Duration>(next - loop.now(), 0ms));
    const auto before = unacknowledged_.size();
    for (const Received& one : peer_.take_all()) take(one.segment);
    std::erase_if(unacknowledged_, [this](const Piece& piece) {
      return piece.sent && !wire::after(piece.seq + piece.length(), peer_.snd_una());
    });
    if (unacknowledged_.size() < before) rto_ = kFirstRto, again_at_ = loop.now() + rto_;
    if (std::exchange(owes_ack_, false)) peer_.send(wire::ack());
    if (loop.now() >= end || reset_came_) break;
    if (!unacknowledged_.empty() && loop.now() >= again_at_) {
      send_again();
      again_at_ = loop.now() + rto_;
    }
  }
  co_return done();
}

}  // namespace finwait::run
