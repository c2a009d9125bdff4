// Sandbox: a network namespace of our own with a TUN device in it. It dies with the process, however that ends.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <tl/expected.hpp>

#include "harness/engine/aside.hpp"
#include "harness/link/tun.hpp"
#include "harness/unique_fd.hpp"
#include "harness/wire/address.hpp"

namespace finwait::target {

/// The addresses of every sandbox: RFC 2544's and the documentation's, so that nothing real is ever meant.
struct SandboxAddresses {
  static constexpr std::uint32_t kTarget4 = 0xC6120001;  // 198.18.0.1
  static constexpr int kPrefix4 = 15;
  static constexpr int kPrefix6 = 32;  // of 2001:db8::1
  static constexpr std::uint32_t kPeers = 131000;
  static wire::Address target(wire::Family family);
};

/// Where arrival times come from.
enum class Stamps : std::uint8_t {
  kernel,  ///< the packet ring; opening and closing it costs the kernel some tens of milliseconds
  none,    ///< the loop's own clock, with its wider bounds
  reader,  ///< the loop's own clock, which is exact where computing takes no time
};

class Sandbox {
 public:
  /// A new namespace (in a new user namespace when the process may not make one otherwise), made current, with "tun0"
  /// up and addressed. The error says what the system forbids and how to mend it. Arrival stamps are switched on aside
  /// and come into use some milliseconds later.
  static tl::expected<std::unique_ptr<Sandbox>, std::string> make(const std::function<TimePoint()>& now,
                                                                  engine::Aside& aside, Stamps stamps);
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;
  ~Sandbox() = default;  // see leave()

  /// Makes this namespace the calling thread's, so that what it opens next is in it. Free when it already is.
  void enter();
  [[nodiscard]] link::Tun& tun() { return *tun_; }
  [[nodiscard]] bool has_ipv6() const { return ipv6_; }
  /// To be called on the thread that made it, before it is destroyed on another one.
  void leave();
  /// "net.ipv4.tcp_fin_timeout"; returns 0 or an errno.
  int set_sysctl(const std::string& name, const std::string& value);

 private:
  Sandbox() = default;

  UniqueFd namespace_;
  std::unique_ptr<link::Tun> tun_;
  bool ipv6_ = false;
};

/// Whether this process may make network namespaces, entering a user namespace of its own when it has to. The error
/// says how to mend it. Called by Sandbox::make; doctor asks it too.
tl::expected<void, std::string> prepare_namespaces();

}  // namespace finwait::target
