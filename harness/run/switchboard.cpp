#include "harness/run/switchboard.hpp"

namespace finwait::run {

namespace {

// The destination of something that may not even be IP, or nullopt.
std::optional<wire::Address> destination_of(wire::ByteView octets) {
  if (octets.empty()) return std::nullopt;
  wire::Address address;
  const int version = octets[0] >> 4;
  if (version == 4 && octets.size() >= 20) {
    std::copy_n(octets.begin() + 16, 4, address.octets.begin());
    return address;
  }
  if (version == 6 && octets.size() >= 40) {
    address.family = wire::Family::ipv6;
    std::copy_n(octets.begin() + 24, 16, address.octets.begin());
    return address;
  }
  return std::nullopt;
}

}  // namespace

Switchboard::Switchboard(engine::Loop& loop, link::Link& link, std::function<void(const std::string&)> on_broken)
    : loop_(loop),
      link_(link),
      receiver_([this](Instant at, wire::ByteView octets) { take(at, octets); }),
      on_broken_(std::move(on_broken)) {
  loop_.add(*this);
}

Switchboard::~Switchboard() { loop_.remove(*this); }

bool Switchboard::poll() {
  if (broken_) return false;
  auto count = link_.drain(receiver_);
  if (count) return *count > 0;
  broken_ = true;
  on_broken_(count.error());
  return true;
}

void Switchboard::take(Instant at, wire::ByteView octets) {
  loop_.note_late_input(loop_.now() - at.latest);
  auto parsed = wire::parse(octets);
  if (parsed) {
    auto host = hosts_.find(parsed->segment.destination);
    if (host != hosts_.end()) host->second->deliver(at, octets, std::move(*parsed));
    return;  // for an address nobody plays (any more)
  }
  // Router solicitations, ICMP and the like are not ours to judge.
  if (parsed.error().kind == wire::ParseError::Kind::not_tcp) return;
  const auto destination = destination_of(octets);
  if (!destination) return;
  auto host = hosts_.find(*destination);
  if (host != hosts_.end()) host->second->garbage(at, octets, parsed.error().message);
}

}  // namespace finwait::run
