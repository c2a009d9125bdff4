// The application's calls (RFC 9293 3.10.1 to 3.10.6), with the errors of Linux sockets.
#include "harness/testing/fake_tcp.hpp"

namespace finwait::testing {

using target::How;
using target::SocketOption;

namespace {

constexpr std::size_t kSendBuffer = 1U << 18U;

tl::unexpected<Errno> failed(int error) { return tl::unexpected(Errno{error, {}}); }

}  // namespace

Result<std::size_t> FakeTcp::send(const TcbPtr& tcb, ByteView octets) {
  if (has(Defect::rst_not_told_to_send) && tcb->state == TcpState::closed) return octets.size();
  if (tcb->error != 0) return failed(std::exchange(tcb->error, 0));
  if (has(Defect::send_after_shutdown) && tcb->write_shut) return octets.size();
  if (has(Defect::close_wait_cannot_send) && tcb->state == TcpState::close_wait) return failed(EPIPE);
  const bool opening = tcb->state == TcpState::syn_sent || tcb->state == TcpState::syn_received;  // queued (3.10.2)
  const bool open = opening || tcb->state == TcpState::established || tcb->state == TcpState::close_wait;
  if (!open || tcb->write_shut) return failed(EPIPE);
  const ByteView taken = octets.first(std::min(octets.size(), kSendBuffer - std::min(kSendBuffer, tcb->queue.size())));
  if (taken.empty() && !octets.empty()) return failed(EAGAIN);
  tcb->queue.insert(tcb->queue.end(), taken.begin(), taken.end());
  push(*tcb);
  settle(tcb);
  return taken.size();
}

Result<Bytes> FakeTcp::recv(Tcb& tcb, std::size_t most) {
  if (has(Defect::half_close_recv_eof) && tcb.write_shut) return Bytes{};
  if (has(Defect::eof_before_data) && tcb.state == TcpState::close_wait) tcb.unread.clear();
  if (!tcb.unread.empty()) {
    const auto end = tcb.unread.begin() + static_cast<std::ptrdiff_t>(std::min(most, tcb.unread.size()));
    Bytes octets(tcb.unread.begin(), end);
    tcb.unread.erase(tcb.unread.begin(), end);
    // The peer must learn that there is room again (RFC 9293 3.8.6.2.2).
    if (tcb.receives() && tcb.window() < tcb.mss && tcb.room() >= tcb.mss) emit_ack(tcb);
    return octets;
  }
  if (tcb.error != 0) return failed(std::exchange(tcb.error, 0));
  if (has(Defect::fin_not_signalled) && tcb.peer_fin) return failed(EAGAIN);
  if (tcb.peer_fin || tcb.read_shut || tcb.state == TcpState::closed) return Bytes{};
  return failed(EAGAIN);
}

Result<void> FakeTcp::shutdown(const TcbPtr& tcb, How how) {
  if (tcb->state == TcpState::closed || tcb->state == TcpState::time_wait) return failed(ENOTCONN);
  const bool reading = how != How::wr || has(Defect::shutdown_wr_is_close);
  const bool writing = how != How::rd || has(Defect::shutdown_rd_sends_fin);
  if (writing && tcb->late()) return failed(ENOTCONN);  // 3.10.4: "connection closing"
  if (reading) tcb->read_shut = true;
  if (writing && has(Defect::shutdown_wr_is_close)) tcb->orphan = true;
  if (writing && !std::exchange(tcb->write_shut, true) && !has(Defect::shutdown_wr_no_fin)) {
    tcb->state == TcpState::syn_received ? close_in_syn_received(*tcb) : close_writing(*tcb);
  }
  settle(tcb);
  return {};
}

void FakeTcp::close(const TcbPtr& tcb) {
  const TcpState state = tcb->state;
  if (state == TcpState::closed) return;
  if (tcb->linger_s == 0) return abort(tcb);
  const bool unread = !tcb->unread.empty() && !tcb->late();
  tcb->orphan = true;
  if (state == TcpState::syn_sent) {
    if (has(Defect::syn_sent_close_sends_fin)) emit_fin(*tcb, tcb->snd_nxt);
    drop(*tcb, 0);
  } else if (state == TcpState::syn_received && !std::exchange(tcb->write_shut, true)) {
    close_in_syn_received(*tcb);
  } else if ((unread && !has(Defect::close_unread_sends_fin)) || has(Defect::close_sends_rst)) {
    emit_abort(*tcb);  // RFC 9293 SHLD-3, RFC 2525 2.17
    drop(*tcb, 0);
  } else if (state == TcpState::time_wait) {
    if (has(Defect::time_wait_dies_with_socket)) drop(*tcb, 0);
  } else if (!std::exchange(tcb->write_shut, true)) {
    const bool sent_already = tcb->fin_wanted;  // fin_sent_unasked
    if (!sent_already) close_writing(*tcb);
  } else {
    if (has(Defect::second_fin_after_close)) emit_fin(*tcb, tcb->snd_nxt);
    if (state == TcpState::fin_wait_2) enter_fin_wait_2(*tcb);
  }
  settle(tcb);
}

// 3.10.4: the FIN leaves at once, or, with text queued, once the connection is established.
void FakeTcp::close_in_syn_received(Tcb& tcb) {
  if (has(Defect::syn_received_close_resets)) {
    emit_abort(tcb);
    return drop(tcb, 0);
  }
  if (tcb.queue.empty()) return close_writing(tcb);
  tcb.fin_wanted = true;
}

// SO_LINGER with 0 s, then close(). In CLOSING, LAST-ACK and TIME-WAIT there is nothing left to reset (3.10.5).
void FakeTcp::abort(const TcbPtr& tcb) {
  const TcpState state = tcb->state;
  const bool early = state == TcpState::syn_sent && !has(Defect::syn_sent_abort_sends_rst);
  const bool told = tcb->late() ? has(Defect::abort_late_sends_rst) : !early;
  const bool silent =
      has(Defect::abort_silent) || (has(Defect::abort_fin_wait_2_silent) && state == TcpState::fin_wait_2);
  if (state != TcpState::closed && told && !silent) {
    if (has(Defect::abort_sends_fin)) {
      emit_fin(*tcb, tcb->snd_nxt);
    } else {
      emit_abort(*tcb, has(Defect::abort_rst_wrong_seq) ? 1 : 0);
    }
  }
  drop(*tcb, 0);
  settle(tcb);
}

Result<void> FakeTcp::set(const TcbPtr& tcb, SocketOption option, int value) {
  const auto seconds = std::chrono::seconds(value);
  switch (option) {
    case SocketOption::keepalive_idle_s:
    case SocketOption::keepalive_interval_s:
    case SocketOption::keepalive_count:
      if (value < 1 || value > 32767) return failed(EINVAL);
      [[fallthrough]];
    case SocketOption::keepalive:
      set_keepalive(*tcb, option, value);
      break;
    case SocketOption::user_timeout_ms:
      if (value < 0) return failed(EINVAL);
      if (!has(Defect::user_timeout_ignored)) tcb->user_timeout = std::chrono::milliseconds(value);
      if (tcb->outstanding() > 0 && tcb->user_timeout > Duration{0} && tcb->rto_at) {
        tcb->rto_at = std::min(*tcb->rto_at, tcb->waiting_since + tcb->user_timeout);
      }
      break;
    case SocketOption::linger_s:
      tcb->linger_s = static_cast<int>(seconds.count());
      break;
    case SocketOption::linger2_s:
      if (!has(Defect::linger2_ignored)) tcb->linger2_s = value;
      break;
    case SocketOption::nodelay:
      tcb->nodelay = value != 0;
      break;
  }
  settle(tcb);
  return {};
}

void FakeTcp::set_keepalive(Tcb& tcb, SocketOption option, int value) {
  KeepaliveTimer& timer = tcb.keepalive;
  const bool alive = tcb.state != TcpState::closed && tcb.state != TcpState::time_wait;
  switch (option) {
    case SocketOption::keepalive_interval_s:
      timer.interval = std::chrono::seconds(value);
      return;
    case SocketOption::keepalive_count:
      timer.count = value;
      return;
    case SocketOption::keepalive_idle_s:
      if (has(Defect::keepalive_idle_fixed)) return;
      timer.idle = std::chrono::seconds(value);
      if (timer.on && alive && timer.unanswered == 0) timer.at = std::max(now(), tcb.heard + timer.idle);
      return;
    default:
      break;
  }
  if (value == 0 && has(Defect::keepalive_never_off)) return;
  timer.on = value != 0;
  timer.unanswered = 0;
  timer.at.reset();
  if (timer.on && alive) timer.at = now() + timer.idle;
}

void FakeTcp::lingering_close(const TcbPtr& tcb, Duration limit) {
  if (has(Defect::linger_ignored)) {
    tcb->lingers = false;
  } else {
    tcb->linger_at = now() + (has(Defect::linger_too_long) ? 2 * limit : limit);
  }
  close(tcb);
}

// As tcp_poll() of Linux has it.
target::Readiness FakeTcp::poll(const Tcb& tcb) const {
  const bool closed = tcb.state == TcpState::closed;
  const bool read_shut = tcb.peer_fin || tcb.read_shut || closed;
  const bool write_shut = tcb.write_shut || closed;
  const bool opening = tcb.state == TcpState::syn_sent || tcb.state == TcpState::syn_received;
  return {.in = read_shut || !tcb.unread.empty(),
          .out = !opening,
          .read_hang_up = read_shut && !has(Defect::poll_without_read_hang_up),
          .hang_up = read_shut && write_shut && !has(Defect::poll_without_hang_up),
          .error = tcb.error != 0 && !has(Defect::poll_without_error)};
}

Result<int> FakeTcp::get(const Tcb& tcb, SocketOption option) {
  const auto in_seconds = [](Duration d) { return static_cast<int>(d / std::chrono::seconds(1)); };
  switch (option) {
    case SocketOption::keepalive:
      return tcb.keepalive.on ? 1 : 0;
    case SocketOption::keepalive_idle_s:
      return in_seconds(tcb.keepalive.idle);
    case SocketOption::keepalive_interval_s:
      return in_seconds(tcb.keepalive.interval);
    case SocketOption::keepalive_count:
      return tcb.keepalive.count;
    case SocketOption::user_timeout_ms:
      return static_cast<int>(tcb.user_timeout / std::chrono::milliseconds(1));
    case SocketOption::linger_s:
      return tcb.linger_s;
    case SocketOption::linger2_s:
      return tcb.linger2_s.value_or(60);
    case SocketOption::nodelay:
      return tcb.nodelay ? 1 : 0;
  }
  return failed(ENOPROTOOPT);
}

}  // namespace finwait::testing
