// Switchboard: takes what a link brings and hands each packet to the host (a case) whose address it is for.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>

#include "harness/engine/loop.hpp"
#include "harness/link/link.hpp"
#include "harness/wire/codec.hpp"

namespace finwait::run {

/// Who plays the peers at one address.
class Host {
 public:
  virtual ~Host() = default;
  virtual void deliver(Instant at, wire::ByteView octets, wire::Parsed parsed) = 0;
  /// A packet for this address that is not a well-formed TCP segment.
  virtual void garbage(Instant at, wire::ByteView octets, const std::string& why) = 0;
};

class Switchboard : public engine::Source {
 public:
  /// `on_broken` is told once when the link fails; it then stays silent.
  Switchboard(engine::Loop& loop, link::Link& link, std::function<void(const std::string&)> on_broken);
  ~Switchboard() override;
  Switchboard(const Switchboard&) = delete;
  Switchboard& operator=(const Switchboard&) = delete;

  void attach(const wire::Address& address, Host& host) { hosts_[address] = &host; }
  void detach(const wire::Address& address) { hosts_.erase(address); }
  [[nodiscard]] link::Link& link() const { return link_; }

  bool poll() override;

 private:
  void take(Instant at, wire::ByteView octets);

  engine::Loop& loop_;
  link::Link& link_;
  link::Link::Receiver receiver_;
  std::function<void(const std::string&)> on_broken_;
  std::unordered_map<wire::Address, Host*, wire::AddressHash> hosts_;
  bool broken_ = false;
};

}  // namespace finwait::run
