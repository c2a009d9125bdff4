#include "harness/model/history.hpp"

#include <array>
#include <cstring>
#include <type_traits>

namespace finwait::model {

namespace {

template <class T>
concept Plain = std::is_trivially_copyable_v<T>;

class Writer {
 public:
  explicit Writer(wire::Bytes& out) : out_(out) {}

  template <Plain... T>
  void put(const T&... values) {
    std::array<std::uint8_t, (sizeof(T) + ...)> octets{};
    std::size_t at = 0;
    ((std::memcpy(octets.data() + at, &values, sizeof values), at += sizeof values), ...);
    out_.insert(out_.end(), octets.begin(), octets.end());
  }
  void put_all(wire::ByteView octets) { out_.insert(out_.end(), octets.begin(), octets.end()); }

 private:
  wire::Bytes& out_;
};

class Reader {
 public:
  explicit Reader(wire::ByteView octets) : rest_(octets) {}

  template <Plain... T>
  void get(T&... values) {
    (take(&values, sizeof values), ...);
  }
  wire::ByteView get_all(std::size_t size) {
    const auto all = rest_.first(size);
    rest_ = rest_.subspan(size);
    return all;
  }
  [[nodiscard]] std::size_t left() const { return rest_.size(); }

 private:
  void take(void* to, std::size_t size) {
    std::memcpy(to, rest_.data(), size);
    rest_ = rest_.subspan(size);
  }
  wire::ByteView rest_;
};

void write(Writer& out, const wire::Segment& s) {
  const auto options = s.options.octets();
  out.put(s.source.family, s.seq, s.ack, s.flags, s.reserved, s.window, s.urgent,
          static_cast<std::uint8_t>(options.size()), static_cast<std::uint32_t>(s.payload.size()));
  out.put_all(options);
  out.put_all(s.payload);
}
void write(Writer& out, const Output& output) { write(out, output.segment); }
void write(Writer& out, const IcmpError& e) { out.put(e); }
void write(Writer& out, const Call& c) {
  out.put(c.kind, c.how, c.option, c.value, c.error, c.taken, c.text.size());
  out.put_all(c.text);
}

void read(Reader& in, wire::Segment& s) {
  std::uint8_t options = 0;
  std::uint32_t octets = 0;
  in.get(s.source.family, s.seq, s.ack, s.flags, s.reserved, s.window, s.urgent, options, octets);
  s.destination.family = s.source.family;
  s.options = wire::OptionList::raw(in.get_all(options));
  const auto payload = in.get_all(octets);
  s.payload.assign(payload.begin(), payload.end());
}
void read(Reader& in, Output& output) { read(in, output.segment); }
void read(Reader& in, IcmpError& e) { in.get(e); }
void read(Reader& in, Call& c) {
  std::size_t octets = 0;
  in.get(c.kind, c.how, c.option, c.value, c.error, c.taken, octets);
  const auto text = in.get_all(octets);
  c.text.assign(text.begin(), text.end());
}

template <class What>
void read_as(Reader& in, Event& event) {
  What what;
  read(in, what);
  event.what = std::move(what);
}

Event read_event(Reader& in) {
  Event event;
  std::uint8_t kind = 0;
  in.get(kind, event.at, event.tag);
  constexpr void (*kKinds[])(Reader&, Event&){read_as<wire::Segment>, read_as<Call>, read_as<IcmpError>,
                                              read_as<Output>};
  static_assert(std::size(kKinds) == std::variant_size_v<decltype(Event::what)>);
  kKinds[kind](in, event);
  return event;
}

}  // namespace

void History::add(const Event& event) {
  constexpr std::size_t kUsual = 448;  // a release and its handshake
  if (octets_.capacity() == 0) octets_.reserve(kUsual);
  Writer out(octets_);
  out.put(static_cast<std::uint8_t>(event.what.index()), event.at, event.tag);
  std::visit([&](const auto& what) { write(out, what); }, event.what);
  count_++;
}

std::vector<Event> History::events() const {
  std::vector<Event> all;
  all.reserve(count_);
  for (Reader in(octets_); in.left() > 0;) all.push_back(read_event(in));
  return all;
}

void History::keep(std::uint32_t count) {
  if (count >= count_) return;
  Reader in(octets_);
  for (; count_ > count; count_--, first_++) read_event(in);
  octets_.erase(octets_.begin(), octets_.end() - static_cast<std::ptrdiff_t>(in.left()));
}

}  // namespace finwait::model
