#include "api/objects/handle.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace cuda_shim::objects {
namespace {

struct Apple {
  static constexpr Kind kKind = Kind::kEvent;
  using CHandle = std::uint64_t;
  OwnedHandle<Apple> handle{this};
};

struct Pear {
  static constexpr Kind kKind = Kind::kStream;
  using CHandle = std::uint64_t;
  OwnedHandle<Pear> handle{this};
};

TEST(Handle, LeadsToItsObject) {
  Apple apple, other;
  EXPECT_EQ(find<Apple>(apple.handle.as<std::uint64_t>()), &apple);
  EXPECT_EQ(find<Apple>(other.handle.as<std::uint64_t>()), &other);
}

TEST(Handle, OfAnotherKindIsRefused) {
  Apple apple;
  EXPECT_EQ(find<Pear>(apple.handle.as<std::uint64_t>()), nullptr);
}

TEST(Handle, StaysDeadAfterItsSlotIsUsedAgain) {
  std::uint64_t dead = 0;
  {
    Apple apple;
    dead = apple.handle.as<std::uint64_t>();
  }
  EXPECT_EQ(find<Apple>(dead), nullptr);
  Apple next;  // takes the slot that was freed last
  EXPECT_NE(next.handle.as<std::uint64_t>(), dead);
  EXPECT_EQ(find<Apple>(dead), nullptr);
}

TEST(Handle, IsTakenOnce) {
  Apple apple;
  auto handle = apple.handle.as<std::uint64_t>();
  EXPECT_EQ(take<Pear>(handle), nullptr);
  EXPECT_EQ(take<Apple>(handle), &apple);
  EXPECT_EQ(take<Apple>(handle), nullptr);
  EXPECT_EQ(find<Apple>(handle), nullptr);
}

TEST(Handle, GarbageIsRefusedWithoutTouchingIt) {
  for (std::uint64_t garbage :
       {std::uint64_t(0), std::uint64_t(1), std::uint64_t(2), ~std::uint64_t(0),
        std::uint64_t(Kind::kEvent) << 40 | 0xffffff, std::uint64_t(0xdeadbeefcafe)})
    EXPECT_EQ(find<Apple>(garbage), nullptr) << garbage;
}

TEST(Handle, ManyThreadsGetDifferentOnes) {
  std::vector<std::vector<std::unique_ptr<Apple>>> apples(4);
  std::vector<std::thread> threads;
  for (auto& mine : apples)
    threads.emplace_back([&mine] {
      for (int i = 0; i < 5000; ++i) mine.push_back(std::make_unique<Apple>());
    });
  for (std::thread& thread : threads) thread.join();
  for (auto& mine : apples)
    for (auto& apple : mine) ASSERT_EQ(find<Apple>(apple->handle.as<std::uint64_t>()), apple.get());
}

}  // namespace
}  // namespace cuda_shim::objects
