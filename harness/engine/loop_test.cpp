#include "harness/engine/loop.hpp"

#include <gtest/gtest.h>

#include "harness/engine/epoll.hpp"
#include "harness/engine/task.hpp"
#include "harness/engine/virtual_time.hpp"

namespace finwait::engine {
namespace {

using namespace std::chrono_literals;

TEST(Loop, ResumesSleepersInTheOrderOfTheirDeadlines) {
  VirtualTime time;
  Loop loop(time);
  std::vector<int> order;
  auto sleeper = [](Loop& l, std::vector<int>& out, int id, Duration d) -> Task<> {
    co_await sleep_for(l, d);
    out.push_back(id);
  };
  Task<> late = sleeper(loop, order, 2, 2h);
  Task<> early = sleeper(loop, order, 1, 75s);
  late.start();
  early.start();
  loop.run([&] { return late.done(); });
  EXPECT_EQ(order, (std::vector{1, 2}));
  EXPECT_EQ(loop.now().time_since_epoch(), 2h) << "virtual time jumps from deadline to deadline";
}

TEST(Loop, InVirtualTimeARunEndsWhenNothingCanEverHappenAgain) {
  VirtualTime time;
  Loop loop(time);
  loop.run([] { return false; });
  EXPECT_EQ(loop.now(), TimePoint{});
}

TEST(Loop, ADestroyedTaskLeavesNothingBehind) {
  VirtualTime time;
  Loop loop(time);
  bool released = false;
  struct Guard {
    bool& flag;
    ~Guard() { flag = true; }
  };
  auto sleeper = [](Loop& l, bool& flag) -> Task<> {
    const Guard guard{flag};
    co_await sleep_for(l, 1s);
    ADD_FAILURE() << "a cancelled task was resumed";
  };
  Task<> task = sleeper(loop, released);
  task.start();
  task.reset();
  EXPECT_TRUE(released);
  Task<> other = [](Loop& l) -> Task<> { co_await sleep_for(l, 2s); }(loop);
  other.start();
  loop.run([&] { return other.done(); });
}

TEST(Loop, ATaskWokenAndThenDestroyedIsNotResumed) {
  VirtualTime time;
  Loop loop(time);
  struct Wait {
    Waker& waker;
    [[nodiscard]] bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> h) const { waker.arm(h); }
    void await_resume() const { ADD_FAILURE() << "resumed after its destruction"; }
  };
  auto waiting = std::make_unique<Waker>(loop);
  Task<> task = [](Waker& w) -> Task<> {
    Wait wait{w};
    co_await wait;
  }(*waiting);
  task.start();
  waiting->wake();
  waiting.reset();  // what the awaiter's destructor does
  task.reset();
  Task<> other = [](Loop& l) -> Task<> { co_await sleep_for(l, 1s); }(loop);
  other.start();
  loop.run([&] { return other.done(); });
}

/// Brings one packet at a given time, however late the loop looks.
class LatePacket : public Source, public VirtualParty {
 public:
  LatePacket(Loop& loop, TimePoint at) : loop_(loop), at_(at) {}
  bool poll() override {
    if (seen || loop_.now() < at_) return false;
    seen = true;
    return true;
  }
  [[nodiscard]] std::optional<TimePoint> next_deadline() const override { return std::nullopt; }
  TimePoint advance_to(TimePoint now) override { return now; }
  bool seen = false;

 private:
  Loop& loop_;
  TimePoint at_;
};

TEST(Loop, InputThatIsPendingIsSeenBeforeADeadlineFires) {
  VirtualTime time;
  Loop loop(time);
  LatePacket packet(loop, TimePoint(1s));
  loop.add(packet);
  bool seen_first = false;
  Task<> task = [](Loop& l, const LatePacket& p, bool& out) -> Task<> {
    co_await sleep_for(l, 1s);
    out = p.seen;
  }(loop, packet, seen_first);
  task.start();
  loop.run([&] { return task.done(); });
  EXPECT_TRUE(seen_first);
}

/// A clock that always wakes later than it was asked to.
class LateTime : public VirtualTime {
 public:
  explicit LateTime(Duration late) : late_(late) {}
  [[nodiscard]] TimePoint now() const override { return VirtualTime::now() + late_; }

 private:
  Duration late_;
};

TEST(Loop, MeasuresHowLateItWakes) {
  LateTime time(30ms);
  Loop loop(time);
  const TimePoint begin = loop.now();
  Task<> task = [](Loop& l, TimePoint t) -> Task<> { co_await sleep_until(l, t + 1s - 30ms); }(loop, begin);
  task.start();
  loop.run([&] { return task.done(); });
  EXPECT_EQ(loop.worst_lateness(), 30ms);
  EXPECT_EQ(loop.lateness_since(begin), 30ms);
  EXPECT_EQ(loop.lateness_since(loop.now() + 1ns), 0ms) << "lateness of the past excuses nothing later";
}

TEST(Loop, RemembersTheWorstLatenessHoweverManyWakeAfterIt) {
  class Stall : public VirtualTime {
   public:
    bool wait(std::optional<TimePoint> deadline) override {
      return VirtualTime::wait(deadline ? std::optional(*deadline + 500ms) : deadline);
    }
  } stalled;
  Loop late(stalled);
  std::vector<Task<>> sleepers;
  for (int i = 0; i < 3000; i++) {
    sleepers.push_back([](Loop& l, int n) -> Task<> { co_await sleep_for(l, 1ms + n * 100us); }(late, i));
    sleepers.back().start();
  }
  late.run([&] { return sleepers.back().done(); });
  EXPECT_GE(late.lateness_since(TimePoint{}), 500ms);
}

TEST(Epoll, WakesAtADeadlineAndNotBefore) {
  Epoll epoll;
  Loop loop(epoll);
  const TimePoint begin = loop.now();
  Task<> task = [](Loop& l) -> Task<> {
    for (int i = 0; i < 5; i++) co_await sleep_for(l, 3ms);
  }(loop);
  task.start();
  loop.run([&] { return task.done(); });
  EXPECT_GE(loop.now() - begin, 15ms);
}

TEST(Epoll, CanReadItsClockAtWaitsOnly) {
  Epoll epoll;
  epoll.read_clock_at_waits();
  const TimePoint before = epoll.now();
  while (monotonic_now() - before < 1ms) {
  }
  EXPECT_EQ(epoll.now(), before);
  epoll.wait(before + 3ms);
  EXPECT_GE(epoll.now(), before + 3ms);
}

TEST(Epoll, CallsBackWhileADescriptorIsReadableAndNotAfterUnwatch) {
  Epoll epoll;
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  int calls = 0;
  epoll.watch(ends[0], 1 /* EPOLLIN */, [&](std::uint32_t) {
    calls++;
    epoll.unwatch(ends[0]);
  });
  ASSERT_EQ(write(ends[1], "x", 1), 1);
  epoll.poll();
  epoll.poll();
  EXPECT_EQ(calls, 1);
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace finwait::engine
