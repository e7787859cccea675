// Device memory: alignment, accounting, exhaustion, stale addresses.

#include <cstring>

#include "devices/cpu/cpu_device.h"

namespace cuda_shim::devices {
namespace {

using MemoryTest = CpuDeviceTest;

TEST_F(MemoryTest, BlocksOfAllSizesAreAlignedAndUsable) {
  for (std::size_t bytes : {std::size_t{1}, std::size_t{255}, std::size_t{5000},
                            std::size_t{300'000}, std::size_t{3} << 20}) {
    auto memory = device_.allocate(bytes);
    ASSERT_TRUE(memory) << memory.error().message();
    EXPECT_EQ(*memory % 256, 0u);
    std::memset(reinterpret_cast<void*>(*memory), 0x5a, bytes);
    EXPECT_TRUE(device_.free(*memory).ok());
  }
}

TEST_F(MemoryTest, AskedAlignmentIsGiven) {
  for (std::size_t alignment = 1; alignment <= (4u << 20); alignment *= 4) {
    auto memory = device_.allocate(1000, alignment);
    ASSERT_TRUE(memory);
    EXPECT_EQ(*memory % alignment, 0u);
  }
}

TEST_F(MemoryTest, LargeBlocksAreNotAMultipleOf256MebibytesApart) {
  constexpr std::uint64_t kAlike = 256 << 20;
  std::vector<std::uint64_t> blocks;
  for (int i = 0; i < 6; ++i) {
    // With what the mapping needs beside it, exactly as far from the one before.
    auto memory = device_.allocate(kAlike - (2 << 20) - 2 * 4096);
    ASSERT_TRUE(memory) << memory.error().message();
    for (const std::uint64_t other : blocks) EXPECT_NE((*memory - other) % kAlike, 0u);
    blocks.push_back(*memory);
  }
  for (const std::uint64_t block : blocks) EXPECT_TRUE(device_.free(block).ok());
}

TEST_F(MemoryTest, FreeBytesFollowAllocations) {
  auto before = device_.memory_info();
  auto memory = device_.allocate(512 << 20);
  ASSERT_TRUE(before);
  ASSERT_TRUE(memory);
  auto during = device_.memory_info();
  EXPECT_LE(during->free_bytes, during->total_bytes - (512u << 20));
  EXPECT_EQ(before->total_bytes, during->total_bytes);
  EXPECT_TRUE(device_.free(*memory).ok());
}

TEST_F(MemoryTest, MoreThanTheMachineHasIsOutOfMemoryWithASentence) {
  auto info = device_.memory_info();
  for (std::size_t bytes :
       {static_cast<std::size_t>(info->total_bytes) + 1, SIZE_MAX / 2, SIZE_MAX}) {
    auto memory = device_.allocate(bytes);
    ASSERT_FALSE(memory);
    EXPECT_EQ(memory.error().code(), StatusCode::kOutOfMemory);
    EXPECT_NE(memory.error().message().find(std::to_string(bytes)), std::string_view::npos);
  }
}

TEST_F(MemoryTest, RefusedAllocationsAreNotCounted) {
  auto total = device_.memory_info()->total_bytes;
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(device_.allocate(total + 1));
  EXPECT_TRUE(device_.allocate(64 << 20));
}

TEST_F(MemoryTest, FreeingWhatWasNotAllocatedIsAnError) {
  auto memory = device_.allocate(1000);
  EXPECT_EQ(device_.free(*memory + 256).code(), StatusCode::kInvalidValue);
  EXPECT_TRUE(device_.free(*memory).ok());
  EXPECT_EQ(device_.free(*memory).code(), StatusCode::kInvalidValue);
}

TEST_F(MemoryTest, ClosingAnInstanceGivesItsMemoryBack) {
  Device other = open();
  auto before = device_.memory_info()->free_bytes;
  ASSERT_TRUE(other.allocate(1 << 30));
  other = Device();
  // Others use the machine, too: what matters is that the gigabyte is not missing.
  EXPECT_GT(device_.memory_info()->free_bytes + (512u << 20), before);
}

struct Words {
  std::uint32_t* words;
};

TEST_F(MemoryTest, LargeBlockFaultsOnceItIsFreedAndBehindItsEnd) {
  auto kernel = make_kernel(
      [](cuda_shim_host_thread* thread) { *parameters_of<Words>(thread).words = 1; }, 0);
  for (std::uint64_t offset : {std::uint64_t{0}, std::uint64_t{4} << 20}) {
    queue_ = Queue();
    device_ = open();
    queue_ = create_queue();
    auto memory = device_.allocate(4 << 20);
    ASSERT_TRUE(memory);
    run(kernel.get(), {1, 1, 1}, {1, 1, 1}, Words{reinterpret_cast<std::uint32_t*>(*memory)});
    ASSERT_EQ(fault_code(), StatusCode::kOk);
    if (offset == 0) ASSERT_TRUE(device_.free(*memory).ok());
    run(kernel.get(), {1, 1, 1}, {1, 1, 1},
        Words{reinterpret_cast<std::uint32_t*>(*memory + offset)});
    EXPECT_EQ(fault_code(), StatusCode::kIllegalAddress) << offset;
  }
}

}  // namespace
}  // namespace cuda_shim::devices
