// libFuzzer on the parser and the oracle. The first octet says what the rest is: a packet as a hostile target could
// send it, or a whole conversation, in which every few octets are an event: a segment of either side, a call, some
// time. Nothing may crash or hang, and an explanation has to be there for every violation.
#include <cstdlib>
#include <span>

#include "harness/model/oracle.hpp"
#include "harness/model/requirement.hpp"
#include "harness/wire/codec.hpp"

namespace {

using namespace finwait;

class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : data_(data, size) {}
  [[nodiscard]] bool empty() const { return data_.empty(); }
  std::uint8_t take() {
    if (data_.empty()) return 0;
    const std::uint8_t first = data_.front();
    data_ = data_.subspan(1);
    return first;
  }
  [[nodiscard]] wire::ByteView rest() const { return data_; }

 private:
  std::span<const std::uint8_t> data_;
};

constexpr std::uint32_t kPeerIss = 0xfffffff0, kTargetIss = 0x7ffffff0;

// Numbers near those that matter: an octet moves them around an anchor, or far away.
std::uint32_t near(std::uint8_t octet) {
  if (octet < 200) return octet;
  if (octet < 228) return static_cast<std::uint32_t>(octet - 228);
  return 60000U + (octet - 228U) * 512U;
}

wire::Segment segment(Bytes& in, bool from_peer) {
  wire::Segment s;
  s.source = s.destination = wire::Address::v4(0xC6120001);
  s.flags = {in.take()};
  s.seq = wire::SeqNum((from_peer ? kPeerIss : kTargetIss) + near(in.take()));
  s.ack = wire::SeqNum((from_peer ? kTargetIss : kPeerIss) + near(in.take()));
  const std::uint8_t more = in.take();
  s.window = static_cast<std::uint16_t>((more & 3U) * 21845U);
  s.payload.assign((more >> 2U) & 7U, static_cast<std::uint8_t>(more));
  if ((more & 0x20U) != 0) s.options.timestamps(in.take(), in.take());
  if ((more & 0x40U) != 0) s.options.window_scale(in.take());
  if ((more & 0x80U) != 0) s.options.sack_permitted();
  return s;
}

void tell_call(model::Oracle& oracle, Bytes& in, Instant at) {
  model::Call call;
  call.kind = static_cast<model::Call::Kind>(in.take() % 11);
  call.how = static_cast<model::How>(in.take() % 3);
  call.option = static_cast<model::SocketOption>(in.take() % 8);
  call.value = static_cast<int>(in.take()) - 1;
  if (call.kind == model::Call::Kind::state) call.value = in.take() % 11;
  call.error = in.take() < 200 ? 0 : 104;
  call.text.assign(in.take() % 9, 'x');
  call.taken = call.text.size();
  oracle.called(std::move(call), at, 0);
}

void converse(Bytes in) {
  model::Profile profile = model::rfc9293_profile();
  const std::uint8_t setup = in.take();
  if ((setup & 1U) != 0) profile.choices = model::Choices::all();
  model::Oracle oracle(
      profile, {.listens = (setup & 2U) != 0, .judges = true, .transit = std::chrono::milliseconds(setup & 4U)});
  TimePoint now{std::chrono::seconds(1)};
  while (!in.empty()) {
    const std::uint8_t what = in.take();
    now += std::chrono::microseconds(1U << (what >> 3U));
    const Instant at{now - std::chrono::microseconds(what & 0x18U), now};
    switch (what % 5) {
      case 0:
      case 1:
        oracle.sent(segment(in, true), at, 0);
        break;
      case 2:
      case 3:
        oracle.received(segment(in, false), at, 0);
        break;
      default:
        if ((what & 0x80U) != 0) {
          oracle.icmp({static_cast<wire::IcmpError>(in.take() % 10), wire::SeqNum(kTargetIss + in.take())}, at, 0);
        } else {
          tell_call(oracle, in, at);
        }
    }
  }
  oracle.finish(now + std::chrono::seconds(setup));
  if (!oracle.violation()) return;
  const auto& v = *oracle.violation();
  if (v.summary.empty() || model::find_requirement(v.requirement) == nullptr) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes in(data, size);
  if (in.take() % 4 == 0) {
    const auto parsed = wire::parse(in.rest());
    if (!parsed) return 0;
    const model::Profile profile = model::rfc9293_profile();
    model::Oracle oracle(profile, {});
    oracle.received(parsed->segment, {}, 0);
    (void)wire::describe(parsed->segment, {}, {});
    return 0;
  }
  converse(in);
  return 0;
}
