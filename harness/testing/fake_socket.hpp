// The socket API of the fake TCP.
#pragma once

#include <memory>

#include "harness/testing/fake_tcp.hpp"

namespace finwait::testing {

class FakeSocket : public target::Socket {
 public:
  FakeSocket(std::shared_ptr<FakeTcp> tcp, FakeTcp::TcbPtr tcb) : tcp_(std::move(tcp)), tcb_(std::move(tcb)) {}
  ~FakeSocket() override;

  engine::Op<std::size_t> send(ByteView octets) override;
  engine::Op<Bytes> recv(std::size_t most) override;
  engine::Op<void> shutdown(target::How how) override;
  engine::Op<void> close() override;
  engine::Op<void> lingering_close(std::chrono::seconds limit) override;
  engine::Op<void> abort() override;
  engine::Op<void> set(target::SocketOption option, int value) override;
  engine::Op<int> get(target::SocketOption option) override;
  engine::Op<int> take_error() override;
  engine::Op<TcpState> state() override;
  engine::Op<target::Readiness> poll() override;

  /// The outcome of an active open.
  engine::Op<void> connected();

 private:
  std::shared_ptr<FakeTcp> tcp_;
  FakeTcp::TcbPtr tcb_;  ///< nullptr once closed
};

class FakeListener : public target::Listener {
 public:
  FakeListener(std::shared_ptr<FakeTcp> tcp, const Endpoint& local) : tcp_(std::move(tcp)), local_(local) {}
  ~FakeListener() override { tcp_->unlisten(local_); }
  engine::Op<std::unique_ptr<target::Socket>> accept(const Endpoint& peer) override;

 private:
  std::shared_ptr<FakeTcp> tcp_;
  Endpoint local_;
};

}  // namespace finwait::testing
