#include "api/objects/allocations.h"

#include <gtest/gtest.h>

namespace cuda_shim::objects {
namespace {

TEST(Allocations, AnAddressInsideFindsTheWhole) {
  Allocations map;
  ASSERT_TRUE(map.insert({.base = 0x1000, .bytes = 0x100}));
  EXPECT_EQ(map.find(0x1000)->base, 0x1000u);
  EXPECT_EQ(map.find(0x10ff)->base, 0x1000u);
  EXPECT_FALSE(map.find(0x1100));
  EXPECT_FALSE(map.find(0xfff));
}

TEST(Allocations, OverlapIsRefusedOnEitherSide) {
  Allocations map;
  ASSERT_TRUE(map.insert({.base = 0x1000, .bytes = 0x100}));
  EXPECT_FALSE(map.insert({.base = 0x0f80, .bytes = 0x100}));
  EXPECT_FALSE(map.insert({.base = 0x10ff, .bytes = 0x10}));
  EXPECT_FALSE(map.insert({.base = 0x1000, .bytes = 0x10}));
  EXPECT_TRUE(map.insert({.base = 0x1100, .bytes = 0x10}));
  EXPECT_TRUE(map.insert({.base = 0x0f00, .bytes = 0x100}));
}

// Memory that the application registered and then gave back to the system comes again as new.
TEST(Allocations, NewMemoryReplacesRegisteredMemoryThatIsGone) {
  Allocations map;
  ASSERT_TRUE(map.insert({.base = 0x1000, .bytes = 0x100, .kind = MemoryKind::kRegistered}));
  ASSERT_TRUE(map.insert({.base = 0x1200, .bytes = 0x100, .kind = MemoryKind::kRegistered}));
  EXPECT_FALSE(map.insert({.base = 0x1080, .bytes = 0x10, .kind = MemoryKind::kRegistered}));
  EXPECT_TRUE(map.insert({.base = 0x1080, .bytes = 0x190, .kind = MemoryKind::kHost}));
  EXPECT_FALSE(map.find(0x1000));
  EXPECT_EQ(map.find(0x1200)->base, 0x1080u);
  EXPECT_FALSE(map.find(0x1210));
}

TEST(Allocations, MappingsThatFollowEachOtherAreOne) {
  Allocations map;
  ASSERT_TRUE(map.insert({.base = 0x1000, .bytes = 0x100, .kind = MemoryKind::kVirtual}));
  ASSERT_TRUE(map.insert({.base = 0x1100, .bytes = 0x100, .kind = MemoryKind::kVirtual}));
  ASSERT_TRUE(map.insert({.base = 0x1200, .bytes = 0x100, .kind = MemoryKind::kDevice}));
  EXPECT_TRUE(map.is_mapped(0x1080, 0x180));
  EXPECT_FALSE(map.is_mapped(0x1080, 0x181));
  EXPECT_FALSE(map.is_mapped(0x1080, ~std::uint64_t(0)));
  EXPECT_FALSE(map.is_mapped(0xf00, 1));
}

TEST(Allocations, EraseAsksForStartAndKind) {
  Allocations map;
  ASSERT_TRUE(map.insert({.base = 0x1000, .bytes = 0x100, .kind = MemoryKind::kHost}));
  EXPECT_FALSE(map.erase(0x1008, MemoryKind::kHost));
  EXPECT_FALSE(map.erase(0x1000, MemoryKind::kDevice));
  EXPECT_TRUE(map.erase(0x1000, MemoryKind::kHost));
  EXPECT_FALSE(map.find(0x1000));
}

TEST(Allocations, IdsAreNeverUsedAgain) {
  Allocations map;
  map.insert({.base = 0x1000, .bytes = 1});
  auto first = map.find(0x1000)->id;
  map.erase(0x1000, MemoryKind::kDevice);
  map.insert({.base = 0x1000, .bytes = 1});
  EXPECT_NE(map.find(0x1000)->id, first);
}

TEST(Allocations, AHugeRangeDoesNotWrapAround) {
  Allocation allocation{.base = 0x1000, .bytes = 0x100};
  EXPECT_FALSE(allocation.holds(0x1080, ~std::uint64_t(0)));
  EXPECT_FALSE(allocation.holds(0x1080, 0x81));
  EXPECT_TRUE(allocation.holds(0x1080, 0x80));
}

}  // namespace
}  // namespace cuda_shim::objects
