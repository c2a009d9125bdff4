#include "harness/engine/combine.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "harness/engine/virtual_time.hpp"

namespace finwait {
namespace {

using namespace std::chrono_literals;

class Combine : public testing::Test {
 protected:
  Task<int> value_after(Duration d, int value) {
    co_await engine::sleep_for(loop, d);
    co_return value;
  }
  Task<> throw_after(Duration d) {
    co_await engine::sleep_for(loop, d);
    throw std::runtime_error("broken");
  }
  Task<> flag_at_end(bool& destroyed) {
    struct Guard {
      bool& flag;
      ~Guard() { flag = true; }
    };
    const Guard guard{destroyed};
    co_await engine::sleep_for(loop, 1h);
  }
  template <class T>
  void finish(Task<T>& task) {
    task.start();
    loop.run([&] { return task.done(); });
  }

  engine::VirtualTime time;
  engine::Loop loop{time};
};

TEST_F(Combine, AllOfWaitsForTheLastAndKeepsTheOrder) {
  auto task = all_of(value_after(3s, 1), value_after(1s, 2), value_after(0s, 3));
  finish(task);
  EXPECT_EQ(task.take(), std::tuple(1, 2, 3));
  EXPECT_EQ(loop.now().time_since_epoch(), 3s);
}

TEST_F(Combine, AllOfACrowdWaitsForTheLastAndCancelsTheOthersWhenOneFails) {
  const auto count_after = [](engine::Loop& on, Duration d, int& count) -> Task<> {
    co_await engine::sleep_for(on, d);
    count++;
    if (count == 7) throw std::runtime_error("the seventh");
  };
  int count = 0;
  const auto crowd = [&](int size) {
    std::vector<Task<>> all;
    all.reserve(static_cast<std::size_t>(size));
    for (int i = 0; i < size; i++) all.push_back(count_after(loop, (size - i) * 1s, count));
    return all_of(std::move(all));
  };
  auto all = crowd(6);
  finish(all);
  EXPECT_FALSE(all.failed());
  EXPECT_EQ(count, 6);
  EXPECT_EQ(loop.now().time_since_epoch(), 6s);
  auto failing = crowd(3);
  finish(failing);
  EXPECT_THROW(failing.take(), std::runtime_error);
  EXPECT_EQ(count, 7);
  auto nobody = crowd(0);
  finish(nobody);
  EXPECT_TRUE(nobody.done());
}

TEST_F(Combine, AnyOfTakesTheFirstAndCancelsTheOthers) {
  bool destroyed = false;
  auto task = any_of(flag_at_end(destroyed), value_after(2s, 7));
  finish(task);
  const auto winner = task.take();
  EXPECT_EQ(winner.index(), 1U);
  EXPECT_EQ(std::get<1>(winner), 7);
  EXPECT_TRUE(destroyed);
  EXPECT_EQ(loop.now().time_since_epoch(), 2s);
}

TEST_F(Combine, AnyOfWithATaskThatIsReadyAtOnceStartsNoFurtherOne) {
  bool started = false;
  auto starting = [](bool& flag) -> Task<> {
    flag = true;
    co_return;
  };
  auto ready = []() -> Task<int> { co_return 1; };
  auto task = any_of(ready(), starting(started));
  finish(task);
  EXPECT_EQ(task.take().index(), 0U);
  EXPECT_FALSE(started);
}

TEST_F(Combine, AFailureInAllOfCancelsTheOthersAndIsRethrown) {
  bool destroyed = false;
  auto task = all_of(flag_at_end(destroyed), throw_after(1s));
  finish(task);
  EXPECT_THROW(task.take(), std::runtime_error);
  EXPECT_TRUE(destroyed);
  EXPECT_EQ(loop.now().time_since_epoch(), 1s);
}

TEST_F(Combine, AFailureInAnyOfIsRethrown) {
  auto task = any_of(value_after(5s, 1), throw_after(1s));
  finish(task);
  EXPECT_THROW(task.take(), std::runtime_error);
}

TEST_F(Combine, AGroupCanBeCancelledFromOutside) {
  bool first = false;
  bool second = false;
  auto task = all_of(flag_at_end(first), flag_at_end(second));
  task.start();
  task.reset();
  EXPECT_TRUE(first && second);
}

TEST_F(Combine, GroupsNest) {
  auto inner = [this]() -> Task<int> {
    auto both = all_of(value_after(1s, 1), value_after(2s, 2));
    const auto [a, b] = co_await both;
    co_return a + b;
  };
  auto task = any_of(inner(), value_after(10s, 9));
  finish(task);
  EXPECT_EQ(std::get<0>(task.take()), 3);
}

TEST_F(Combine, AsTaskMakesAnAwaiterCombinable) {
  auto pause = [this] { return engine::sleep_for(loop, 1s); };
  auto task = any_of(as_task(pause), value_after(5s, 1));
  finish(task);
  EXPECT_EQ(task.take().index(), 0U);
}

TEST_F(Combine, AnExceptionTravelsThroughAwaits) {
  auto outer = [this]() -> Task<std::string> {
    try {
      auto inner = throw_after(1s);
      co_await inner;
    } catch (const std::runtime_error& error) {
      co_return error.what();
    }
    co_return "nothing";
  };
  auto task = outer();
  finish(task);
  EXPECT_EQ(task.take(), "broken");
}

}  // namespace
}  // namespace finwait
