#include "harness/explore/stimuli.hpp"

#include <fmt/format.h>

#include <array>

namespace finwait::explore {

using model::State;
using model::Trigger;

namespace {

using T = Trigger;
using K = Kind;
using S = SeqAt;
using A = AckAt;

// clang-format off
constexpr std::array kSlugs = std::to_array<std::pair<Trigger, std::string_view>>({
    {T::close, "close"}, {T::abort, "abort"}, {T::shut_rd, "shut-rd"}, {T::send, "send"}, {T::recv, "recv"}, {T::open, "open"},
    {T::data, "data"}, {T::data_ack_fin, "data-ack-fin"}, {T::out_of_order, "out-of-order"}, {T::fin, "fin"},
    {T::fin_ack_fin, "fin-ack-fin"}, {T::data_fin, "data-fin"}, {T::fin_out_of_order, "fin-out-of-order"},
    {T::fin_edge, "fin-edge"}, {T::dup_fin, "dup-fin"}, {T::phantom_fin, "phantom-fin"}, {T::ack_fin, "ack-fin"},
    {T::old_ack, "old-ack"}, {T::too_old_ack, "too-old-ack"}, {T::future_ack, "future-ack"},
    {T::out_of_window, "out-of-window"}, {T::keepalive_probe, "keepalive-probe"}, {T::no_ack, "no-ack"},
    {T::rst_exact, "rst-exact"}, {T::rst_in_window, "rst-in-window"}, {T::rst_outside, "rst-outside"},
    {T::syn_in_window, "syn-in-window"}, {T::syn_below, "syn-below"}, {T::syn_above, "syn-above"},
    {T::syn_ts_newer, "syn-ts-newer"}, {T::syn_ts_equal, "syn-ts-equal"}, {T::syn_ts_older, "syn-ts-older"},
    {T::syn_no_ts, "syn-no-ts"}, {T::syn_new_ts, "syn-new-ts"}, {T::syn_old_duplicate, "syn-old-duplicate"},
    {T::syn_ack, "syn-ack"}, {T::paws_fail, "paws-fail"}, {T::missing_ts, "missing-ts"},
    {T::rst_paws_fail, "rst-paws-fail"}, {T::urgent, "urgent"}, {T::window_opens, "window-opens"},
    {T::icmp_soft, "icmp-soft"}, {T::icmp_hard, "icmp-hard"}, {T::icmp_source_quench, "icmp-source-quench"},
    {T::timer_rto, "timer-rto"}, {T::timer_r2, "timer-r2"}, {T::timer_two_msl, "timer-two-msl"},
    {T::timer_fin_wait_2, "timer-fin-wait-2"}, {T::timer_keepalive_idle, "timer-keepalive-idle"},
    {T::timer_keepalive_interval, "timer-keepalive-interval"}, {T::timer_keepalive_dead, "timer-keepalive-dead"},
    {T::timer_persist, "timer-persist"}, {T::new_ack, "new-ack"},
});
// clang-format on
constexpr bool in_order() {
  for (std::size_t i = 0; i < kSlugs.size(); i++) {
    if (static_cast<std::size_t>(kSlugs.at(i).first) != i) return false;
  }
  return kSlugs.size() == model::kTriggerCount;
}
static_assert(in_order());

/// Collects stimuli; the first of a trigger is the plain one, whose id has no positions.
class Table {
 public:
  explicit Table(std::vector<Stimulus>& all) : all_(all) {}

  /// The trigger at these positions: every SEQ with the first ACK, and the first SEQ with every other ACK.
  Table& segments(Trigger trigger, K kind, std::vector<S> seqs, std::vector<A> acks = {A::all},
                  std::string_view what = {}) {
    for (const S seq : seqs) add(trigger, kind, seq, acks.front(), what);
    for (std::size_t i = 1; i < acks.size(); i++) add(trigger, kind, seqs.front(), acks[i], what);
    return *this;
  }
  Table& stamped(Trigger trigger, const Send& send, std::string variant, Stamps stamps) {
    all_.push_back({trigger, std::move(variant), {send}, Prep::none, stamps});
    return *this;
  }
  Table& actions(Trigger trigger, std::string variant, std::vector<Action> actions, Prep prep = Prep::none) {
    all_.push_back({trigger, std::move(variant), std::move(actions), prep});
    return *this;
  }
  Table& in_sandbox(std::map<std::string, std::string> sysctls) {
    all_.back().sysctls = std::move(sysctls);
    return *this;
  }
  Table& ipv4_only() {
    all_.back().ipv4_only = true;
    return *this;
  }

 private:
  void add(Trigger trigger, K kind, S seq, A ack, std::string_view what) {
    std::string variant(what);
    const auto append = [&variant](std::string_view prefix, std::string_view name) {
      variant += fmt::format("{}{}-{}", variant.empty() ? "" : "-", prefix, name);
    };
    const auto [plain, first] = plain_.try_emplace(trigger, seq, ack);
    if (!first && seq != plain->second.first) append("seq", name(seq));
    if (!first && has_ack(kind) && ack != plain->second.second) append("ack", name(ack));
    all_.push_back({trigger, variant, {Send{.kind = kind, .seq = seq, .ack = ack}}});
  }

  std::vector<Stimulus>& all_;
  std::map<Trigger, std::pair<S, A>> plain_;
};

// RFC 9293 3.10.7.1 and 3.10.7.2: only the control bits count. The ACK is one that nobody can mistake for zero.
void without_connection(Table& table) {
  table.segments(T::data, K::text, {S::left}, {A::far_future})
      .segments(T::fin, K::fin, {S::left}, {A::far_future})
      .segments(T::fin, K::text_fin, {S::left}, {A::far_future}, "with-text")
      .segments(T::future_ack, K::ack, {S::left}, {A::far_future})
      .segments(T::keepalive_probe, K::octet, {S::below}, {A::far_future})
      .segments(T::no_ack, K::bare_fin, {S::left})
      .segments(T::no_ack, K::bare_text, {S::left}, {A::all}, "text")
      .segments(T::no_ack, K::bare, {S::left}, {A::all}, "empty")
      .segments(T::rst_exact, K::rst, {S::left})
      .segments(T::rst_exact, K::rst_ack, {S::left}, {A::far_future}, "with-ack")
      .segments(T::rst_exact, K::rst_text, {S::left}, {A::all}, "with-text")
      .segments(T::syn_in_window, K::syn, {S::left})
      .segments(T::syn_ack, K::syn_ack, {S::left}, {A::far_future});
}

// RFC 9293 3.10.7.3: U is the ISS, S is ISS + 1, and there is no window yet.
void in_syn_sent(Table& table) {
  table.segments(T::data, K::text, {S::left})
      .segments(T::data, K::ack, {S::left}, {A::all}, "empty")
      .segments(T::fin, K::fin, {S::left})
      .segments(T::fin, K::bare_fin, {S::left}, {A::all}, "without-ack")
      .segments(T::future_ack, K::ack, {S::left}, {A::future, A::una, A::old, A::far_future})
      .segments(T::future_ack, K::syn_ack, {S::left}, {A::future}, "syn-ack")
      .segments(T::future_ack, K::fin, {S::left}, {A::una}, "fin")
      .segments(T::no_ack, K::bare_text, {S::left})
      .segments(T::no_ack, K::bare, {S::left}, {A::all}, "empty")
      .segments(T::rst_exact, K::rst_ack, {S::left}, {A::all, A::una, A::future, A::old})
      .segments(T::rst_exact, K::rst, {S::left}, {A::all}, "without-ack")
      .segments(T::syn_in_window, K::syn, {S::left})
      .segments(T::syn_ack, K::syn_ack, {S::left});
}

// What does not depend on the state: RST, SYN, and what lies outside the window.
void by_sequence_number(Table& table) {
  table.segments(T::out_of_window, K::ack, {S::right, S::beyond, S::far_below}, {A::all})
      .segments(T::out_of_window, K::text, {S::right, S::beyond, S::far_below}, {A::all}, "text")
      .segments(T::out_of_window, K::fin, {S::right, S::far_below}, {A::all}, "fin")
      .segments(T::keepalive_probe, K::ack, {S::below}, {A::all})
      .segments(T::keepalive_probe, K::octet, {S::below}, {A::all}, "octet")
      .segments(T::no_ack, K::bare_fin, {S::left, S::inside, S::last})
      .segments(T::no_ack, K::bare_text, {S::left}, {A::all}, "text")
      .segments(T::no_ack, K::bare, {S::left}, {A::all}, "empty")
      .segments(T::rst_exact, K::rst, {S::left})
      .segments(T::rst_exact, K::rst_ack, {S::left}, {A::all, A::future}, "with-ack")
      .segments(T::rst_exact, K::rst_text, {S::left}, {A::all}, "with-text")
      .segments(T::rst_in_window, K::rst, {S::inside, S::last})
      .segments(T::rst_outside, K::rst, {S::right, S::below, S::beyond, S::far_below});
  table.segments(T::syn_ack, K::syn_ack, {S::left, S::inside, S::below, S::right}, {A::all, A::future});
}

void in_syn_received(Table& table) {
  by_sequence_number(table);
  table.segments(T::syn_in_window, K::syn, {S::left, S::inside, S::last})
      .segments(T::syn_below, K::syn, {S::below, S::far_below})
      .segments(T::syn_above, K::syn, {S::right, S::beyond})
      .segments(T::data, K::text, {S::left, S::below})
      .segments(T::fin, K::fin, {S::left})
      .segments(T::future_ack, K::ack, {S::left}, {A::future, A::una, A::old, A::far_future})
      .segments(T::future_ack, K::text, {S::left}, {A::future}, "text")
      .segments(T::future_ack, K::fin, {S::left}, {A::future, A::una}, "fin")
      .segments(T::new_ack, K::ack, {S::left, S::inside, S::last});
  table.actions(T::timer_rto, "", {Wait::segment, Wait::segment, Wait::segment});
}

void acknowledgments(Table& table, State state) {
  const bool covered = state == State::fin_wait_2 || state == State::time_wait;
  table.segments(T::ack_fin, K::ack, {S::left, S::inside, S::last})
      .segments(T::old_ack, K::ack, {S::left, S::inside, S::last}, {A::old, A::range_edge})
      .segments(T::too_old_ack, K::ack, {S::left, S::inside}, {A::too_old, A::far_old})
      .segments(T::too_old_ack, K::text, {S::left}, {A::too_old}, "text")
      .segments(T::too_old_ack, K::fin, {S::left}, {A::too_old}, "fin")
      .segments(T::future_ack, K::ack, {S::left, S::inside}, {A::future, A::far_future})
      .segments(T::future_ack, K::text, {S::left}, {A::future}, "text")
      .segments(T::future_ack, K::fin, {S::left}, {A::future}, "fin");
  if (!covered) table.segments(T::old_ack, K::ack, {S::left}, {A::una});
  if (state == State::closing) table.actions(T::ack_fin, "two-msl", {Send{}, Wait::two_msl});
  table.actions(T::new_ack, "", {Send{.ack = A::part}}, Prep::text);
  if (state == State::established || state == State::close_wait) {
    table.actions(T::new_ack, "all", {Send{}}, Prep::text);
  }
}

void text_and_fin(Table& table) {
  table.segments(T::data, K::text, {S::left, S::below}, {A::una, A::old, A::range_edge})
      .segments(T::data_ack_fin, K::text, {S::left, S::below})
      .segments(T::out_of_order, K::text, {S::inside, S::last}, {A::una, A::all})
      .segments(T::fin, K::fin, {S::left}, {A::una, A::old, A::range_edge})
      .segments(T::fin_ack_fin, K::fin, {S::left})
      .segments(T::data_fin, K::text_fin, {S::left, S::below}, {A::una, A::all})
      .segments(T::fin_out_of_order, K::fin, {S::inside, S::last}, {A::una, A::all})
      .segments(T::fin_out_of_order, K::text_fin, {S::inside}, {A::una}, "text")
      .segments(T::dup_fin, K::fin, {S::below}, {A::una, A::all, A::old})
      .segments(T::phantom_fin, K::fin, {S::left}, {A::una, A::all})
      .segments(T::phantom_fin, K::text_fin, {S::left}, {A::una}, "text")
      .segments(T::urgent, K::urgent, {S::left}, {A::una});
  const Send filling{.kind = K::text, .ack = A::una};
  table.actions(T::out_of_order, "filled", {Send{.kind = K::text, .seq = S::inside, .ack = A::una}, filling})
      .actions(T::fin_out_of_order, "filled", {Send{.kind = K::fin, .seq = S::inside, .ack = A::una}, filling});
  table.actions(T::fin_edge, "", {Send{.kind = K::text_fin, .ack = A::una}}, Prep::narrow)
      .actions(T::fin_edge, "window-closed", {Send{.kind = K::fin, .ack = A::una}}, Prep::closed)
      .actions(T::out_of_window, "text-window-closed", {Send{.kind = K::text, .ack = A::una}}, Prep::closed)
      .actions(T::rst_exact, "window-closed", {Send{.kind = K::rst}}, Prep::closed);
}

void syns_and_timestamps(Table& table) {
  const auto variant = [](S seq) { return seq == S::inside ? std::string() : fmt::format("seq-{}", name(seq)); };
  for (const S seq : {S::inside, S::left, S::below, S::right}) {
    const auto syn = [seq](StampAt stamp) { return Send{.kind = K::syn, .seq = seq, .stamp = stamp}; };
    table.stamped(T::syn_ts_newer, syn(StampAt::offered), variant(seq), Stamps::only_with)
        .stamped(T::syn_ts_equal, syn(StampAt::equal), variant(seq), Stamps::only_with)
        .stamped(T::syn_ts_older, syn(StampAt::older), variant(seq), Stamps::only_with)
        .stamped(T::syn_no_ts, syn(StampAt::missing), variant(seq), Stamps::only_with)
        .stamped(T::syn_new_ts, syn(StampAt::offered), variant(seq), Stamps::only_without);
  }
  const auto bare = [&table](Trigger trigger, S seq, std::string what) {
    table.stamped(trigger, Send{.kind = K::syn, .seq = seq}, std::move(what), Stamps::only_without);
  };
  bare(T::syn_in_window, S::inside, "");
  bare(T::syn_in_window, S::left, "seq-left-edge");
  bare(T::syn_in_window, S::last, "seq-last-octet");
  bare(T::syn_below, S::below, "");
  bare(T::syn_below, S::far_below, "seq-far-below");
  bare(T::syn_above, S::right, "");
  bare(T::syn_above, S::beyond, "seq-one-beyond");
  for (const auto& [trigger, stamp] :
       {std::pair{T::paws_fail, StampAt::older}, std::pair{T::missing_ts, StampAt::missing}}) {
    for (const auto& [kind, what] : {std::pair{K::text, ""}, std::pair{K::fin, "fin"}, std::pair{K::ack, "ack"},
                                     std::pair{K::text_fin, "text-fin"}}) {
      table.stamped(trigger, Send{.kind = kind, .stamp = stamp}, what, Stamps::only_with);
    }
  }
  for (const auto& [kind, what] :
       {std::pair{K::text, "barely"}, std::pair{K::fin, "fin-barely"}, std::pair{K::ack, "ack-barely"}}) {
    table.stamped(T::paws_fail, Send{.kind = kind, .stamp = StampAt::barely}, what, Stamps::only_with);
  }
  table
      .stamped(T::paws_fail, Send{.kind = K::text, .seq = S::right, .stamp = StampAt::older}, "seq-right-edge",
               Stamps::only_with)
      .stamped(T::rst_paws_fail, Send{.kind = K::rst, .stamp = StampAt::older}, "", Stamps::only_with)
      .stamped(T::rst_paws_fail, Send{.kind = K::rst, .stamp = StampAt::missing}, "missing", Stamps::only_with);
}

void calls(Table& table, const Place& place) {
  table.actions(T::close, "", {AppCall::close}).actions(T::abort, "", {AppCall::abort});
  if (place.state == State::syn_sent) return;  // what else can be called differs too much (POSIX leaves it open)
  table.actions(T::close, "shutdown-wr", {AppCall::shut_wr})
      .actions(T::close, "shutdown-rdwr", {AppCall::shut_rdwr})
      .actions(T::close, "unread-text", {AppCall::close}, Prep::unread)
      .actions(T::close, "linger-zero", {AppCall::linger_zero, AppCall::close})
      .actions(T::shut_rd, "", {AppCall::shut_rd})
      .actions(T::send, "", {AppCall::send})
      .actions(T::recv, "", {AppCall::recv})
      .actions(T::recv, "unread-text", {AppCall::recv, AppCall::recv}, Prep::unread);
  if (model::kReceiving.contains(place.state)) {
    table.actions(T::shut_rd, "then-text", {AppCall::shut_rd, Send{.kind = K::text, .ack = A::una}});
  }
}

void errors(Table& table, State state) {
  const bool idle =
      state == State::established || state == State::close_wait;  // it has to be about something in flight
  const Prep prep = idle ? Prep::text : Prep::none;
  table.actions(T::icmp_soft, "", {Icmp::soft}, prep)
      .actions(T::icmp_hard, "", {Icmp::hard}, prep)
      .actions(T::icmp_source_quench, "", {Icmp::source_quench}, prep)
      .ipv4_only();  // ICMPv6 has none
}

void retransmission(Table& table, const Place& place) {
  const std::map<std::string, std::string> few{{"net.ipv4.tcp_retries2", "3"},
                                               {"net.ipv4.tcp_orphan_retries", "2"},
                                               {"net.ipv4.tcp_syn_retries", "1"},
                                               {"net.ipv4.tcp_synack_retries", "1"}};
  const bool fin = model::kFinOutstanding.contains(place.state);
  const std::vector<Action> thrice{Wait::segment, Wait::segment, Wait::segment};
  if (place.state == State::syn_sent) table.actions(T::timer_rto, "", thrice);
  if (place.state == State::syn_sent || place.state == State::syn_received) {
    table.actions(T::timer_r2, "retries", {Wait::silence}).in_sandbox(few);
    return;
  }
  table.actions(T::timer_rto, fin ? "with-text" : "", thrice, Prep::text);
  if (fin) table.actions(T::timer_rto, "", thrice);
  table.actions(T::timer_r2, "retries", {Wait::silence}, fin ? Prep::none : Prep::text).in_sandbox(few);
  if (place.app) {
    table.actions(T::timer_r2, "", {AppCall::user_timeout, Wait::silence}, fin ? Prep::none : Prep::text);
  }
  table.actions(T::timer_persist, "", thrice, Prep::shut_window)
      .actions(T::timer_persist, "fin-only", thrice, Prep::fin_only)
      .actions(T::window_opens, "", {Send{.ack = A::una}}, Prep::shut_window)
      .actions(T::window_opens, "fin-only", {Send{.ack = A::una}}, Prep::fin_only);
}

void timers(Table& table, const Place& place) {
  const std::map<std::string, std::string> brief{{"net.ipv4.tcp_fin_timeout", "3"}};
  table.actions(T::timer_two_msl, "", {Wait::two_msl}).actions(T::timer_two_msl, "not-before", {Wait::not_quite});
  if (place.state == State::time_wait) {  // it is anew the whole time, counted from the FIN that came again
    table.actions(T::dup_fin, "restarts", {Wait::silence, Send{.kind = K::fin, .seq = S::below}, Wait::not_quite});
  }
  table.actions(T::timer_fin_wait_2, "", {Wait::silence}).in_sandbox(brief);
  if (!place.app) return;
  table.actions(T::timer_keepalive_idle, "", {AppCall::keepalive, Wait::keepalive, Wait::keepalive})
      .actions(T::timer_keepalive_interval, "", {AppCall::keepalive, Wait::keepalive, Wait::keepalive, Wait::keepalive})
      .actions(T::timer_keepalive_dead, "", {AppCall::keepalive, Wait::silence});
}

}  // namespace

std::string_view slug(Trigger trigger) { return kSlugs.at(static_cast<std::size_t>(trigger)).second; }

std::vector<Stimulus> stimuli_at(const Place& place) {
  std::vector<Stimulus> all;
  Table table(all);
  switch (place.state) {
    case State::closed:
    case State::listen:
      if (place.app) {
        calls(table, place);
      } else {
        without_connection(table);
      }
      return all;
    case State::syn_sent:
      in_syn_sent(table);
      calls(table, place);
      break;
    case State::syn_received:
      if (place.opening == Opening::passive) {  // entered from TIME-WAIT: the peer says that its SYN was an old one
        table.segments(T::syn_old_duplicate, K::rst, {S::left});
        return all;
      }
      in_syn_received(table);
      if (place.app) calls(table, place);
      break;
    default:
      text_and_fin(table);
      acknowledgments(table, place.state);
      by_sequence_number(table);
      syns_and_timestamps(table);
      if (place.app) calls(table, place);
      timers(table, place);
      break;
  }
  errors(table, place.state);
  retransmission(table, place);
  return all;
}

}  // namespace finwait::explore
