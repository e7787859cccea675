// The null device obeys the contract: memory, copies, points; and says that it runs no kernels.

#include <gtest/gtest.h>

#include <cstring>

#include "devices/registry.h"

namespace cuda_shim::devices {
namespace {

class NullDeviceTest : public testing::Test {
 protected:
  void SetUp() override {
    auto registry = Registry::open("null");
    ASSERT_TRUE(registry);
    auto device = Device::open(registry->offers()[0]);
    ASSERT_TRUE(device);
    device_ = std::move(*device);
    auto queue = device_.create_queue();
    ASSERT_TRUE(queue);
    queue_ = std::move(*queue);
  }
  Device device_;
  Queue queue_;
};

TEST_F(NullDeviceTest, CopiesAndFillsAreDone) {
  auto from = device_.allocate(100), to = device_.allocate(100);
  ASSERT_TRUE(from && to);
  ASSERT_TRUE(queue_.fill({*from, 25, 1, 0, 0x01020304, 4}).ok());
  ASSERT_TRUE(queue_.copy({*to, *from, 100, 1, 1, 0, 0, 0, 0}).ok());
  ASSERT_TRUE(queue_.drain().ok());
  auto* words = reinterpret_cast<std::uint32_t*>(*to);
  for (int i = 0; i < 25; ++i) EXPECT_EQ(words[i], 0x01020304u);
}

TEST_F(NullDeviceTest, KernelsAreNotSupportedWithASentence) {
  cuda_shim_code_object code = {};
  auto kernel = device_.load(code);
  ASSERT_FALSE(kernel);
  EXPECT_EQ(kernel.error().code(), StatusCode::kNotSupported);
  EXPECT_EQ(queue_.launch({}).code(), StatusCode::kNotSupported);
}

TEST_F(NullDeviceTest, MemoryIsCountedAndLimited) {
  auto info = device_.memory_info();
  auto block = device_.allocate(1 << 20);
  ASSERT_TRUE(info && block);
  EXPECT_EQ(device_.memory_info()->free_bytes, info->free_bytes - (1 << 20));
  EXPECT_EQ(device_.allocate(info->total_bytes).error().code(), StatusCode::kOutOfMemory);
  EXPECT_TRUE(device_.free(*block).ok());
  EXPECT_EQ(device_.free(*block).code(), StatusCode::kInvalidValue);
}

TEST_F(NullDeviceTest, OptionalEntriesAreAbsent) {
  std::uint64_t time = 0;
  EXPECT_EQ(queue_.timestamp(&time).code(), StatusCode::kNotSupported);
  EXPECT_EQ(device_.set_limit(CUDA_SHIM_LIMIT_STACK, 1).code(), StatusCode::kUnsupportedLimit);
}

TEST_F(NullDeviceTest, PointsGrowAndAreReached) {
  auto first = queue_.signal(), second = queue_.signal();
  ASSERT_TRUE(first && second);
  EXPECT_GE(*first, 1u);
  EXPECT_GT(*second, *first);
  EXPECT_TRUE(queue_.reached(*second));
}

}  // namespace
}  // namespace cuda_shim::devices
