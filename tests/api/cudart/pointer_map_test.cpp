// The map from host addresses that the launch path reads.

#include "api/cudart/pointer_map.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace cuda_shim::cudart {
namespace {

const void* key(std::uintptr_t number) {
  return reinterpret_cast<const void*>(number * 16);
}

TEST(PointerMap, HasNothingAtFirst) {
  static PointerMap<int> map;  // never frees its arrays
  EXPECT_EQ(map.find(key(1)), nullptr);
}

TEST(PointerMap, FindsEveryKeyAfterManyGrowths) {
  static PointerMap<int> map;  // never frees its arrays
  std::vector<int> values(5000);
  for (std::size_t at = 0; at < values.size(); ++at) map.insert(key(at + 1), &values[at]);
  for (std::size_t at = 0; at < values.size(); ++at)
    ASSERT_EQ(map.find(key(at + 1)), &values[at]) << at;
  EXPECT_EQ(map.find(key(values.size() + 1)), nullptr);
}

TEST(PointerMap, ReplacesTheValueOfAKey) {
  static PointerMap<int> map;  // never frees its arrays
  int first, second;
  map.insert(key(1), &first);
  map.insert(key(1), &second);
  EXPECT_EQ(map.find(key(1)), &second);
}

TEST(PointerMap, TakesAnErasedKeyAgain) {
  static PointerMap<int> map;  // never frees its arrays
  int first, second;
  map.insert(key(1), &first);
  map.erase(key(1));
  EXPECT_EQ(map.find(key(1)), nullptr);
  map.insert(key(1), &second);
  EXPECT_EQ(map.find(key(1)), &second);
}

TEST(PointerMap, IsReadWhileItGrows) {
  static PointerMap<int> map;  // never frees its arrays
  int value = 0;
  map.insert(key(1), &value);
  std::atomic<bool> done = false, lost = false;
  std::thread reader([&] {
    while (!done)
      if (map.find(key(1)) != &value) lost = true;
  });
  for (std::uintptr_t number = 2; number < 20000; ++number) map.insert(key(number), &value);
  done = true;
  reader.join();
  EXPECT_FALSE(lost);
}

}  // namespace
}  // namespace cuda_shim::cudart
