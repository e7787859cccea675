// What the device says about itself.

#include <string_view>

#include "devices/cpu/cpu_device.h"

namespace cuda_shim::devices {
namespace {

using PropertiesTest = CpuDeviceTest;

TEST_F(PropertiesTest, DescribeAUsableCard) {
  auto properties = device_.properties();
  ASSERT_TRUE(properties);
  EXPECT_NE(std::string_view(properties->name).find("(cuda_shim)"), std::string_view::npos);
  EXPECT_EQ(properties->compute_major * 10 + properties->compute_minor, 89u);
  EXPECT_GE(properties->multiprocessors, 1u);
  EXPECT_EQ(properties->warp_size, 32u);
  EXPECT_EQ(properties->max_threads_per_block, 1024u);
  EXPECT_GT(properties->total_memory, 1u << 28);
  EXPECT_GT(properties->clock_khz, 100'000u);
  EXPECT_TRUE(properties->capabilities & CUDA_SHIM_CAP_SHARED_HOST_MEMORY);
}

TEST_F(PropertiesTest, TargetIsTheSameEachTime) {
  auto first = device_.target(), second = device_.target();
  ASSERT_TRUE(first && second);
  EXPECT_STREQ(first->features, second->features);
  EXPECT_EQ(first->format, std::uint32_t{CUDA_SHIM_CODE_HOST_ELF});
  EXPECT_STREQ(first->engine, "simd");
#if defined(__x86_64__)
  EXPECT_TRUE(std::string_view(first->cpu).starts_with("x86-64"));
  EXPECT_STREQ(first->triple, "x86_64-unknown-linux-gnu");
#elif defined(__aarch64__)
  EXPECT_STREQ(first->triple, "aarch64-unknown-linux-gnu");
#endif
}

TEST_F(PropertiesTest, ClockRunsAtTheStatedRate) {
  auto properties = device_.properties();
  std::uint64_t ticks = cuda_shim_host_clock(), time = cuda_shim_host_globaltimer();
  while (cuda_shim_host_globaltimer() - time < 20'000'000) {
  }
  ticks = cuda_shim_host_clock() - ticks;
  time = cuda_shim_host_globaltimer() - time;
  double khz = static_cast<double>(ticks) * 1e6 / static_cast<double>(time);
  EXPECT_NEAR(khz / properties->clock_khz, 1, 0.02);
}

TEST_F(PropertiesTest, StackThatNoAddressSpaceHoldsIsRefused) {
  for (std::uint64_t bytes : {std::uint64_t{1} << 40, ~std::uint64_t{0}})
    EXPECT_EQ(device_.set_limit(CUDA_SHIM_LIMIT_STACK, bytes).code(), StatusCode::kInvalidValue);
  EXPECT_TRUE(device_.set_limit(CUDA_SHIM_LIMIT_STACK, 1 << 20).ok());
}

TEST_F(PropertiesTest, UnknownLimitIsRefused) {
  Status status = to_status(device_.backend()->set_limit(device_.handle(), 99, 1));
  EXPECT_EQ(status.code(), StatusCode::kUnsupportedLimit);
}

}  // namespace
}  // namespace cuda_shim::devices
