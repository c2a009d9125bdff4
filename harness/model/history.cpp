#include "harness/model/history.hpp"

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
    (append(&values, sizeof values), ...);
  }
  void put_all(wire::ByteView octets) {
    put(static_cast<std::uint32_t>(octets.size()));
    append(octets.data(), octets.size());
  }

 private:
  void append(const void* from, std::size_t size) {
    const auto* octets = static_cast<const std::uint8_t*>(from);
    out_.insert(out_.end(), octets, octets + size);
  }
  wire::Bytes& out_;
};

class Reader {
 public:
  explicit Reader(wire::ByteView octets) : rest_(octets) {}

  template <Plain... T>
  void get(T&... values) {
    (take(&values, sizeof values), ...);
  }
  wire::ByteView get_all() {
    std::uint32_t size = 0;
    get(size);
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

void write(Writer out, const wire::Segment& s) {
  out.put(s.source.family, s.seq, s.ack, s.flags, s.reserved, s.window, s.urgent);
  out.put_all(s.options.octets());
  out.put_all(s.payload);
}
void write(Writer out, const Output& output) { write(out, output.segment); }
void write(Writer out, const IcmpError& e) { out.put(e); }
void write(Writer out, const Call& c) {
  out.put(c.kind, c.how, c.option, c.value, c.error, c.taken);
  out.put_all(c.text);
}

void read(Reader& in, wire::Segment& s) {
  in.get(s.source.family, s.seq, s.ack, s.flags, s.reserved, s.window, s.urgent);
  s.destination.family = s.source.family;
  s.options = wire::OptionList::raw(in.get_all());
  const auto payload = in.get_all();
  s.payload.assign(payload.begin(), payload.end());
}
void read(Reader& in, Output& output) { read(in, output.segment); }
void read(Reader& in, IcmpError& e) { in.get(e); }
void read(Reader& in, Call& c) {
  in.get(c.kind, c.how, c.option, c.value, c.error, c.taken);
  const auto text = in.get_all();
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
  constexpr std::size_t kUsual = 512;  // a release and its handshake
  if (octets_.capacity() == 0) octets_.reserve(kUsual);
  const Writer out(octets_);
  Writer(out).put(static_cast<std::uint8_t>(event.what.index()), event.at, event.tag);
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
