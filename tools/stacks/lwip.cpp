// lwIP behind the stack protocol: its raw API, one interface, and its clock.
extern "C" {  // not all of its headers say so themselves
#include <lwip/err.h>
#include <lwip/init.h>
#include <lwip/ip.h>
#include <lwip/netif.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/tcp.h>
#include <lwip/timeouts.h>
}

#include <cerrno>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <memory>

#include "tools/stacks/server.hpp"

using adapter::ApiError;
using adapter::Json;
using adapter::Server;

namespace {

std::uint64_t now_ms = 0;

constexpr const char* kAddress4 = "198.18.0.1";
constexpr const char* kAddress6 = "2001:db8::1";

/// An application's end of a connection.
struct Connection {
  int id = 0;
  tcp_pcb* pcb = nullptr;  ///< nullptr: lwIP has freed it, or it is none of the application's any more
  std::deque<std::uint8_t> received;
  bool connected = false, ended = false, write_shut = false, read_shut = false;
  int error = 0;  ///< pending
};

class Application {
 public:
  explicit Application(Server& server) : server_(server) {}

  Json listen(const Json& p);
  Json accept(const Json& p);
  Json unlisten(const Json& p);
  Json connect(const Json& p);
  Json connected(const Json& p);
  Json send(const Json& p);
  Json recv(const Json& p);
  Json shutdown(const Json& p);
  Json close(const Json& p);
  Json abort(const Json& p);
  Json set(const Json& p);
  Json get(const Json& p);
  Json take_error(const Json& p);
  Json state(const Json& p);

 private:
  struct Listening {
    tcp_pcb* pcb = nullptr;
    std::deque<int> waiting;
    Application* application = nullptr;
    int id = 0;
  };

  static void must(err_t error) {
    if (error != ERR_OK) throw ApiError{err_to_errno(error)};
  }
  Connection& find(const Json& p) {
    const auto found = connections_.find(p.at("socket").get<int>());
    if (found == connections_.end()) throw ApiError{EBADF};
    return *found->second;
  }
  Connection& adopt(tcp_pcb* pcb);
  static void hold(tcp_pcb* pcb, Connection& connection);
  /// The application has let go of it: lwIP ends it by itself.
  static void let_go(tcp_pcb* pcb);
  static err_t on_accept(void* argument, tcp_pcb* pcb, err_t error);
  static err_t on_connected(void* argument, tcp_pcb* pcb, err_t error);
  static err_t on_received(void* argument, tcp_pcb* pcb, pbuf* text, err_t error);
  static err_t on_sent(void* argument, tcp_pcb* pcb, u16_t octets);
  static void on_error(void* argument, err_t error);

  Server& server_;
  std::map<int, std::unique_ptr<Connection>> connections_;
  std::map<int, std::unique_ptr<Listening>> listening_;
  int last_ = 0;
};

Server* events = nullptr;  // lwIP's callbacks have one argument, which is the connection

ip_addr_t address_of(const Json& p) {
  ip_addr_t address;
  if (ipaddr_aton(p.at("address").get<std::string>().c_str(), &address) == 0) throw ApiError{EINVAL};
  return address;
}

Connection& Application::adopt(tcp_pcb* pcb) {
  auto connection = std::make_unique<Connection>();
  connection->id = ++last_;
  connection->pcb = pcb;
  hold(pcb, *connection);
  return *connections_.emplace(last_, std::move(connection)).first->second;
}

void Application::hold(tcp_pcb* pcb, Connection& connection) {
  tcp_arg(pcb, &connection);
  tcp_recv(pcb, on_received);
  tcp_sent(pcb, on_sent);
  tcp_err(pcb, on_error);
}

void Application::let_go(tcp_pcb* pcb) {
  tcp_arg(pcb, nullptr);
  tcp_sent(pcb, nullptr);
  tcp_recv(pcb, nullptr);
  tcp_err(pcb, nullptr);
}

err_t Application::on_accept(void* argument, tcp_pcb* pcb, err_t error) {
  auto* listening = static_cast<Listening*>(argument);
  if (error != ERR_OK || pcb == nullptr) return ERR_VAL;
  Connection& connection = listening->application->adopt(pcb);
  connection.connected = true;
  listening->waiting.push_back(connection.id);
  events->event(listening->id);
  return ERR_OK;
}

err_t Application::on_connected(void* argument, tcp_pcb* /*pcb*/, err_t /*error*/) {
  auto* connection = static_cast<Connection*>(argument);
  connection->connected = true;
  events->event(connection->id);
  return ERR_OK;
}

err_t Application::on_received(void* argument, tcp_pcb* /*pcb*/, pbuf* text, err_t /*error*/) {
  auto* connection = static_cast<Connection*>(argument);
  if (text == nullptr) {
    connection->ended = true;
  } else {
    for (const pbuf* part = text; part != nullptr; part = part->next) {
      const auto* octets = static_cast<const std::uint8_t*>(part->payload);
      connection->received.insert(connection->received.end(), octets, octets + part->len);
    }
    pbuf_free(text);
  }
  events->event(connection->id);
  return ERR_OK;
}

err_t Application::on_sent(void* argument, tcp_pcb* /*pcb*/, u16_t /*octets*/) {
  events->event(static_cast<Connection*>(argument)->id);
  return ERR_OK;
}

void Application::on_error(void* argument, err_t error) {
  auto* connection = static_cast<Connection*>(argument);
  if (connection == nullptr) return;
  connection->pcb = nullptr;
  // ERR_CLSD tells that the connection has come to its orderly end.
  if (error != ERR_CLSD) {
    const bool refused = error == ERR_RST && !connection->connected;
    connection->error = refused ? ECONNREFUSED : err_to_errno(error);
  }
  connection->ended = true;
  events->event(connection->id);
}

Json Application::listen(const Json& p) {
  const ip_addr_t address = address_of(p);
  tcp_pcb* pcb = tcp_new_ip_type(IP_GET_TYPE(&address));
  if (pcb == nullptr) throw ApiError{ENOMEM};
  if (p.value("reuse", true)) ip_set_option(pcb, SOF_REUSEADDR);
  const err_t bound = tcp_bind(pcb, &address, p.at("port").get<u16_t>());
  if (bound != ERR_OK) {
    tcp_close(pcb);
    must(bound);
  }
  err_t error = ERR_OK;
  const int backlog = std::min(p.value("backlog", 255), 255);
  tcp_pcb* listener = tcp_listen_with_backlog_and_err(pcb, static_cast<u8_t>(backlog), &error);
  if (listener == nullptr) {
    tcp_close(pcb);
    must(error == ERR_OK ? static_cast<err_t>(ERR_MEM) : error);
  }
  auto listening = std::make_unique<Listening>(Listening{listener, {}, this, ++last_});
  tcp_arg(listener, listening.get());
  tcp_accept(listener, on_accept);
  listening_.emplace(last_, std::move(listening));
  return {{"socket", last_}};
}

Json Application::accept(const Json& p) {
  const auto found = listening_.find(p.at("socket").get<int>());
  if (found == listening_.end()) throw ApiError{EBADF};
  auto& waiting = found->second->waiting;
  while (!waiting.empty()) {
    const int id = waiting.front();
    waiting.pop_front();
    const auto connection = connections_.find(id);
    if (connection == connections_.end()) continue;
    if (connection->second->pcb == nullptr) {  // gone before anybody took it
      connections_.erase(connection);
      continue;
    }
    const tcp_pcb* pcb = connection->second->pcb;
    return {{"connection", id}, {"address", ipaddr_ntoa(&pcb->remote_ip)}, {"port", pcb->remote_port}};
  }
  throw ApiError{EAGAIN};
}

Json Application::unlisten(const Json& p) {
  const auto found = listening_.find(p.at("socket").get<int>());
  if (found == listening_.end()) throw ApiError{EBADF};
  must(tcp_close(found->second->pcb));
  for (const int id : found->second->waiting) {
    const auto connection = connections_.find(id);
    if (connection == connections_.end()) continue;
    if (connection->second->pcb != nullptr) {
      let_go(connection->second->pcb);
      tcp_abort(connection->second->pcb);
    }
    connections_.erase(connection);
  }
  listening_.erase(found);
  return Json::object();
}

Json Application::connect(const Json& p) {
  const ip_addr_t address = address_of(p);
  tcp_pcb* pcb = tcp_new_ip_type(IP_GET_TYPE(&address));
  if (pcb == nullptr) throw ApiError{ENOMEM};
  ip_set_option(pcb, SOF_REUSEADDR);
  err_t error = ERR_OK;
  if (p.contains("local_port")) error = tcp_bind(pcb, IP_ANY_TYPE, p["local_port"].get<u16_t>());
  Connection& connection = adopt(pcb);
  if (error == ERR_OK) error = tcp_connect(pcb, &address, p.at("port").get<u16_t>(), on_connected);
  if (error != ERR_OK) {
    let_go(pcb);
    tcp_abort(pcb);
    connections_.erase(connection.id);
    must(error);
  }
  return {{"socket", connection.id}};
}

Json Application::connected(const Json& p) {
  Connection& connection = find(p);
  if (connection.error != 0) throw ApiError{std::exchange(connection.error, 0)};
  if (connection.pcb == nullptr && !connection.connected) throw ApiError{ENOTCONN};  // it was told why before
  if (!connection.connected) throw ApiError{EAGAIN};
  return Json::object();
}

Json Application::send(const Json& p) {
  Connection& connection = find(p);
  if (connection.write_shut) throw ApiError{EPIPE};
  if (connection.error != 0) throw ApiError{std::exchange(connection.error, 0)};
  if (connection.pcb == nullptr) throw ApiError{EPIPE};
  const auto octets = adapter::from_hex(p.at("octets").get<std::string>());
  const auto most = std::min<std::size_t>(octets.size(), tcp_sndbuf(connection.pcb));
  if (most == 0 && !octets.empty()) throw ApiError{EAGAIN};
  const err_t written = tcp_write(connection.pcb, octets.data(), static_cast<u16_t>(most), TCP_WRITE_FLAG_COPY);
  if (written == ERR_MEM) throw ApiError{EAGAIN};
  must(written);
  tcp_output(connection.pcb);  // what cannot leave now does so later
  return {{"taken", most}};
}

Json Application::recv(const Json& p) {
  Connection& connection = find(p);
  const auto most = std::min<std::size_t>(p.at("most").get<std::size_t>(), connection.received.size());
  if (most > 0 && !connection.read_shut) {
    const adapter::Octets octets(connection.received.begin(), connection.received.begin() + static_cast<long>(most));
    connection.received.erase(connection.received.begin(), connection.received.begin() + static_cast<long>(most));
    for (std::size_t told = 0; told < most && connection.pcb != nullptr;) {
      const auto part = std::min<std::size_t>(most - told, 0xffff);
      tcp_recved(connection.pcb, static_cast<u16_t>(part));
      told += part;
    }
    return {{"octets", adapter::to_hex(octets.data(), octets.size())}};
  }
  if (connection.error != 0) throw ApiError{std::exchange(connection.error, 0)};
  if (connection.ended || connection.read_shut) return {{"octets", ""}};
  throw ApiError{EAGAIN};
}

Json Application::shutdown(const Json& p) {
  Connection& connection = find(p);
  const auto how = p.at("how").get<std::string>();
  const bool rx = how != "wr", tx = how != "rd";
  if (connection.pcb == nullptr) throw ApiError{ENOTCONN};
  const bool whole = (rx || connection.read_shut) && (tx || connection.write_shut);
  tcp_pcb* pcb = connection.pcb;
  if (whole) let_go(pcb);
  const err_t error = tcp_shutdown(pcb, rx ? 1 : 0, tx ? 1 : 0);
  if (error != ERR_OK && whole) hold(pcb, connection);
  must(error);
  connection.write_shut = connection.write_shut || tx;
  connection.read_shut = connection.read_shut || rx;
  if (whole) connection.pcb = nullptr;
  events->event(connection.id);
  return Json::object();
}

Json Application::close(const Json& p) {
  if (p.contains("linger_s")) throw ApiError{EOPNOTSUPP};
  Connection& connection = find(p);
  if (connection.pcb != nullptr) {
    let_go(connection.pcb);
    const err_t error = tcp_close(connection.pcb);
    if (error != ERR_OK) tcp_abort(connection.pcb);
  }
  connections_.erase(connection.id);
  return Json::object();
}

Json Application::abort(const Json& p) {
  Connection& connection = find(p);
  if (connection.pcb != nullptr) {
    let_go(connection.pcb);
    tcp_abort(connection.pcb);
  }
  connections_.erase(connection.id);
  return Json::object();
}

// Those of its socket API that lie in the connection.
void must_know(const std::string& option) {
  for (const char* known : {"keepalive", "keepalive_idle_s", "keepalive_interval_s", "keepalive_count", "nodelay"}) {
    if (option == known) return;
  }
  throw ApiError{ENOPROTOOPT};
}

Json Application::set(const Json& p) {
  const Connection& connection = find(p);
  const auto option = p.at("option").get<std::string>();
  must_know(option);
  const auto value = p.at("value").get<int>();
  tcp_pcb* pcb = connection.pcb;
  if (pcb == nullptr) throw ApiError{EINVAL};
  constexpr u32_t kMs = 1000;
  if (option == "keepalive") {
    if (value != 0) {
      ip_set_option(pcb, SOF_KEEPALIVE);
    } else {
      ip_reset_option(pcb, SOF_KEEPALIVE);
    }
  } else if (option == "keepalive_idle_s") {
    pcb->keep_idle = kMs * static_cast<u32_t>(value);
  } else if (option == "keepalive_interval_s") {
    pcb->keep_intvl = kMs * static_cast<u32_t>(value);
  } else if (option == "keepalive_count") {
    pcb->keep_cnt = static_cast<u32_t>(value);
  } else if (value != 0) {
    tcp_nagle_disable(pcb);
  } else {
    tcp_nagle_enable(pcb);
  }
  return Json::object();
}

Json Application::get(const Json& p) {
  const Connection& connection = find(p);
  const auto option = p.at("option").get<std::string>();
  must_know(option);
  const tcp_pcb* pcb = connection.pcb;
  if (pcb == nullptr) throw ApiError{EINVAL};
  constexpr u32_t kMs = 1000;
  if (option == "keepalive") return {{"value", ip_get_option(pcb, SOF_KEEPALIVE) != 0 ? 1 : 0}};
  if (option == "keepalive_idle_s") return {{"value", pcb->keep_idle / kMs}};
  if (option == "keepalive_interval_s") return {{"value", pcb->keep_intvl / kMs}};
  if (option == "keepalive_count") return {{"value", pcb->keep_cnt}};
  return {{"value", tcp_nagle_disabled(pcb) ? 1 : 0}};
}

Json Application::take_error(const Json& p) {
  const int error = std::exchange(find(p).error, 0);
  return {{"errno", error == 0 ? "" : strerrorname_np(error)}};
}

Json Application::state(const Json& p) {
  static constexpr const char* kNames[]{"CLOSED",      "LISTEN",     "SYN-SENT",   "SYN-RECEIVED",
                                        "ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "CLOSE-WAIT",
                                        "CLOSING",     "LAST-ACK",   "TIME-WAIT"};
  const Connection& connection = find(p);
  return {{"state", kNames[connection.pcb == nullptr ? 0 : connection.pcb->state]}};
}

// --- the interface and the clock

err_t put_out(pbuf* packet) {
  adapter::Octets octets(packet->tot_len);
  pbuf_copy_partial(packet, octets.data(), packet->tot_len, 0);
  events->packet(octets.data(), octets.size());
  return ERR_OK;
}

err_t begin_interface(netif* interface) {
  interface->name[0] = 'f', interface->name[1] = 'w';
  interface->mtu = 1500;
  interface->flags = NETIF_FLAG_LINK_UP;
  interface->output = [](netif*, pbuf* packet, const ip4_addr_t*) { return put_out(packet); };
  interface->output_ip6 = [](netif*, pbuf* packet, const ip6_addr_t*) { return put_out(packet); };
  return ERR_OK;
}

class Host {
 public:
  explicit Host(Server& server) : server_(server) {}

  Json hello(const Json& p) {
    std::srand(p.value("seed", 1U));
    lwip_init();
    ip4_addr_t address, mask, gateway{};
    ip4addr_aton(kAddress4, &address);
    ip4addr_aton("255.254.0.0", &mask);
    netif_add(&interface_, &address, &mask, &gateway, nullptr, begin_interface, ip_input);
    netif_set_default(&interface_);
    ip6_addr_t address6;
    ip6addr_aton(kAddress6, &address6);
    netif_ip6_addr_set(&interface_, 0, &address6);
    netif_ip6_addr_set_state(&interface_, 0, IP6_ADDR_PREFERRED);
    netif_set_up(&interface_);
    interface_.rs_count = 0;  // there is no router to ask
    return {
        {"protocol", 1},
        {"stack", "lwip"},
        {"version", LWIP_VERSION_STRING},
        {"clock", "virtual"},
        {"capabilities", {"passive", "active", "half_close", "abort", "keepalive", "options", "tcp_state", "ports"}},
        {"ipv4", {{"target", kAddress4}, {"first_peer", "198.18.0.2"}, {"peers", 1000}}},
        {"ipv6", {{"target", kAddress6}, {"first_peer", "2001:db8::2"}, {"peers", 1000}}}};
  }

  Json packet(const Json& p) {
    const auto octets = adapter::from_hex(p.at("octets").get<std::string>());
    if (octets.empty() || octets.size() > 0xffff) throw std::invalid_argument("no packet");
    pbuf* packet = pbuf_alloc(PBUF_RAW, static_cast<u16_t>(octets.size()), PBUF_RAM);
    if (packet == nullptr) throw ApiError{ENOMEM};
    pbuf_take(packet, octets.data(), static_cast<u16_t>(octets.size()));
    if (interface_.input(packet, &interface_) != ERR_OK) pbuf_free(packet);
    return Json::object();
  }

  // The clock counts nanoseconds for finwait, and lwIP whole milliseconds.
  Json advance(const Json& p) {
    constexpr std::uint64_t kMs = 1'000'000;
    const auto to = p.at("to_ns").get<std::uint64_t>();
    server_.told();
    for (bool told = false; !told;) {
      const std::uint64_t sleep = sys_timeouts_sleeptime();
      if (sleep == SYS_TIMEOUTS_SLEEPTIME_INFINITE || (now_ms + sleep) * kMs > to) {
        now_ms = to / kMs;
        now_ns_ = to;
        break;
      }
      now_ms += sleep;
      now_ns_ = std::max(now_ns_, now_ms * kMs);
      sys_check_timeouts();
      told = server_.told();
    }
    return {{"now_ns", now_ns_}};
  }

 private:
  Server& server_;
  netif interface_{};
  std::uint64_t now_ns_ = 0;
};

}  // namespace

// These stand in for the library's own.
extern "C" u32_t sys_now() { return static_cast<u32_t>(now_ms); }
extern "C" void sys_check_core_locking() {}

int main() {
  Server server;
  events = &server;
  Host host(server);
  Application application(server);
  server.on("hello", [&](const Json& p) { return host.hello(p); });
  server.on("packet", [&](const Json& p) { return host.packet(p); });
  server.on("advance", [&](const Json& p) { return host.advance(p); });
  server.on("listen", [&](const Json& p) { return application.listen(p); });
  server.on("accept", [&](const Json& p) { return application.accept(p); });
  server.on("unlisten", [&](const Json& p) { return application.unlisten(p); });
  server.on("connect", [&](const Json& p) { return application.connect(p); });
  server.on("connected", [&](const Json& p) { return application.connected(p); });
  server.on("send", [&](const Json& p) { return application.send(p); });
  server.on("recv", [&](const Json& p) { return application.recv(p); });
  server.on("shutdown", [&](const Json& p) { return application.shutdown(p); });
  server.on("close", [&](const Json& p) { return application.close(p); });
  server.on("abort", [&](const Json& p) { return application.abort(p); });
  server.on("set", [&](const Json& p) { return application.set(p); });
  server.on("get", [&](const Json& p) { return application.get(p); });
  server.on("take_error", [&](const Json& p) { return application.take_error(p); });
  server.on("state", [&](const Json& p) { return application.state(p); });
  return server.run();
}
