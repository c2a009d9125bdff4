#include "harness/engine/aside.hpp"

#include <gtest/gtest.h>

#include <atomic>

namespace finwait::engine {
namespace {

TEST(Aside, RunsWorkInOrderOnAnotherThread) {
  std::vector<int> order;
  std::thread::id where;
  {
    Aside aside;
    aside.post([&] { order.push_back(1); });
    aside.post([&] {
      order.push_back(2);
      where = std::this_thread::get_id();
    });
  }  // the destructor finishes what is queued
  EXPECT_EQ(order, (std::vector{1, 2}));
  EXPECT_NE(where, std::this_thread::get_id());
}

TEST(Aside, AnswersThroughAFuture) {
  Aside aside;
  EXPECT_EQ(aside.ask([] { return 42; }).get(), 42);
}

}  // namespace
}  // namespace finwait::engine
