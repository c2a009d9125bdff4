// What a hypothesis could do at some moment, in words, for explanations.
#include <fmt/format.h>

#include "harness/model/oracle.hpp"

namespace finwait::model {

namespace {

std::string number(SeqNum n, SeqNum base) { return wire::relative(n, base); }

class Words {
 public:
  Words(const Context& context, const Hypothesis& h, Instant at) : context_(context), h_(h), at_(at) {}

  std::vector<Way> all() {
    for (const Due& due : h_.due) reply(due);
    if (h_.send_by) first();
    if (h_.resending.on) resend();
    if (keepalive_applies(h_) && h_.idle()) probe();
    if (h_.state == State::time_wait) time_wait();
    bool owed = h_.send_by.has_value();
    for (const Due& due : h_.due) owed = owed || !due.optional;
    if (!owed) ways_.push_back({"silence", {}, h_.last_rule != nullptr ? std::string(h_.last_rule->requirement) : ""});
    return std::move(ways_);
  }

 private:
  [[nodiscard]] std::string acknowledgment() const {
    return fmt::format(". seq {} ack {} len 0", number(h_.snd_nxt, h_.iss), number(h_.rcv_nxt, h_.irs));
  }

  [[nodiscard]] std::string segment(const Due& due) const {
    switch (due.reply) {
      case Reply::rst_for_ack:
      case Reply::rst_for_ack_or_drop:
        return fmt::format("R seq {} (SEG.ACK)", number(due.seq, h_.iss));
      case Reply::rst_for_segment:
        return fmt::format("R. seq 0 (absolute) ack {}", number(due.ack, h_.irs));
      case Reply::rst_now:
        return fmt::format("R or R. seq {} (SND.NXT)", number(h_.snd_nxt, h_.iss));
      case Reply::rst_for_ack_or_now:
        return fmt::format("R seq {} (SEG.ACK) or {} (SND.NXT)", number(due.seq, h_.iss), number(h_.snd_nxt, h_.iss));
      case Reply::rst_any:
        return "R";
      case Reply::syn_ack:
      case Reply::syn_ack_again:
        return fmt::format("S. ack {}", number(h_.rcv_nxt, h_.irs));
      case Reply::syn_ack_new:
        return fmt::format("S. ack {}, its ISS above the old SND.NXT", number(h_.rcv_nxt, h_.irs));
      default:
        return acknowledgment();
    }
  }

  void reply(const Due& due) {
    const Duration left = due.latest == TimePoint::max() ? Duration{0} : due.latest - due.since.latest;
    std::string when = due.latest == TimePoint::max() ? "" : fmt::format("within {:.3f} s", seconds(left));
    if (due.optional) when += when.empty() ? "or nothing" : ", or nothing";
    ways_.push_back({segment(due), when, due.rule != nullptr ? std::string(due.rule->requirement) : ""});
  }

  void first() {
    const auto octets = h_.written_end() - h_.snd_nxt;
    const bool fin = h_.fin_wanted && !h_.fin_sent;
    const std::string what = fmt::format("{}{}seq {}", octets > 0 ? fmt::format("{} octets, ", octets) : "",
                                         fin ? "F. " : "", number(h_.snd_nxt, h_.iss));
    ways_.push_back({what, fmt::format("within {:.3f} s", seconds(kPrompt)),
                     h_.send_rule != nullptr ? std::string(h_.send_rule->requirement) : ""});
  }

  void resend() {
    const TimerBounds window = resend_window(context_, h_);
    const Resending& again = h_.resending;
    const std::string what = again.closed_window
                                 ? fmt::format("a probe of the closed window, seq {} or {}",
                                               number(h_.snd_una - 1, h_.iss), number(h_.snd_una, h_.iss))
                                 : fmt::format("what is not acknowledged once more, seq {}{}",
                                               number(h_.snd_una, h_.iss), h_.fin_sent ? ", up to the FIN" : "");
    ways_.push_back(
        {what,
         fmt::format("{:.3f} .. {:.3f} s after it was last sent", seconds(window.earliest), seconds(window.latest)),
         again.closed_window ? "RFC9293-MUST-36" : "RFC9293-3.10.8-RETX"});
  }

  void probe() {
    const TimerBounds window = probe_window(context_, h_);
    ways_.push_back({fmt::format("a keepalive probe, . seq {} len 0 or 1", number(h_.snd_nxt - 1, h_.iss)),
                     fmt::format("{:.3f} .. {:.3f} s after {}", seconds(window.earliest), seconds(window.latest),
                                 h_.keepalive.unanswered == 0 ? "the last segment from the peer" : "the last probe"),
                     "RFC9293-3.8.4-SEQ"});
  }

  void time_wait() {
    const TimerWindow window = context_.profile.timer(&Profile::two_msl);
    ways_.push_back({"TIME-WAIT, without a segment of its own",
                     fmt::format("until {:.3f} .. {:.3f} s after it began, {:.3f} s ago ({})", seconds(window.earliest),
                                 seconds(window.latest), seconds(at_.latest - h_.time_wait_last.earliest), window.why),
                     "RFC9293-MUST-13"});
  }

  const Context& context_;
  const Hypothesis& h_;
  Instant at_;
  std::vector<Way> ways_;
};

}  // namespace

std::vector<Way> allowed(const Context& context, const Hypothesis& h, Instant at) {
  return Words(context, h, at).all();
}

}  // namespace finwait::model
