#include "harness/testing/fake_socket.hpp"

#include <utility>

namespace finwait::testing {

using engine::now_or_later;
using engine::Op;
using SocketPtr = std::unique_ptr<target::Socket>;

namespace {

tl::unexpected<Errno> failed(int error) { return tl::unexpected(Errno{error, {}}); }

}  // namespace

FakeSocket::~FakeSocket() {
  if (tcb_) tcp_->abort(tcb_);
}

Op<std::size_t> FakeSocket::send(ByteView octets) { return tcp_->send(tcb_, octets); }

Op<Bytes> FakeSocket::recv(std::size_t most) {
  return now_or_later<Bytes>(
      [tcp = tcp_.get(), tcb = tcb_.get(), most]() -> std::optional<Result<Bytes>> {
        auto result = tcp->recv(*tcb, most);
        if (!result && result.error() == EAGAIN) return std::nullopt;
        return result;
      },
      [this](auto attempt) { tcb_->waiting.push_back(std::move(attempt)); });
}

Op<void> FakeSocket::shutdown(target::How how) { return tcp_->shutdown(tcb_, how); }

Op<void> FakeSocket::close() {
  tcp_->close(std::exchange(tcb_, nullptr));
  return Result<void>{};
}

Op<void> FakeSocket::lingering_close(std::chrono::seconds limit) {
  const auto tcb = std::exchange(tcb_, nullptr);
  tcp_->lingering_close(tcb, limit);
  return now_or_later<void>(
      [weak = std::weak_ptr(tcb)]() -> std::optional<Result<void>> {
        const auto connection = weak.lock();
        const bool waits =
            connection && connection->lingers && connection->state != TcpState::closed && !connection->fin_acked;
        return waits ? std::nullopt : std::optional(Result<void>{});
      },
      [&tcb](auto attempt) { tcb->waiting.push_back(std::move(attempt)); });
}

Op<void> FakeSocket::abort() {
  tcp_->abort(std::exchange(tcb_, nullptr));
  return Result<void>{};
}

Op<void> FakeSocket::set(target::SocketOption option, int value) { return tcp_->set(tcb_, option, value); }
Op<int> FakeSocket::get(target::SocketOption option) { return FakeTcp::get(*tcb_, option); }
Op<int> FakeSocket::take_error() {
  const int soft = std::exchange(tcb_->soft_error, 0);
  const int hard = std::exchange(tcb_->error, 0);
  return Result<int>(hard != 0 ? hard : soft);
}

Op<TcpState> FakeSocket::state() { return Result<TcpState>(tcb_->state); }

Op<target::Readiness> FakeSocket::poll() { return Result<target::Readiness>(tcp_->poll(*tcb_)); }

Op<void> FakeSocket::connected() {
  return now_or_later<void>(
      [weak = std::weak_ptr(tcb_)]() -> std::optional<Result<void>> {
        const auto connection = weak.lock();
        if (!connection) return failed(ECONNABORTED);
        const TcpState state = connection->state;
        if (state == TcpState::syn_sent || state == TcpState::syn_received) return std::nullopt;
        if (state != TcpState::closed) return Result<void>{};
        return failed(std::exchange(connection->error, 0));
      },
      [this](auto attempt) { tcb_->waiting.push_back(std::move(attempt)); });
}

Op<SocketPtr> FakeListener::accept(const Endpoint& peer) {
  return now_or_later<SocketPtr>(
      [tcp = tcp_, local = local_, peer]() -> std::optional<Result<SocketPtr>> {
        auto tcb = tcp->accept(local, peer);
        if (!tcb) return std::nullopt;
        return std::make_unique<FakeSocket>(tcp, std::move(tcb));
      },
      [this](auto attempt) { tcp_->wait_at(local_, std::move(attempt)); });
}

}  // namespace finwait::testing
