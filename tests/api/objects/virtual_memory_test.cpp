#include "api/objects/virtual_memory.h"

#include <gtest/gtest.h>

#include <cstring>

namespace cuda_shim::objects {
namespace {

constexpr std::size_t kUnit = kPhysicalGranularity;

class VirtualMemoryTest : public testing::Test {
 protected:
  std::shared_ptr<PhysicalMemory> make(std::size_t bytes) {
    auto memory = *PhysicalMemory::make(bytes, {});
    vm_.hold(memory);
    return memory;
  }

  VirtualMemory vm_;
};

TEST_F(VirtualMemoryTest, OneMemoryMappedTwiceIsTheSame) {
  auto memory = make(kUnit);
  CUdeviceptr range = *vm_.reserve(2 * kUnit, 0, 0);
  ASSERT_TRUE(vm_.map(range, kUnit, 0, *memory).ok());
  ASSERT_TRUE(vm_.map(range + kUnit, kUnit, 0, *memory).ok());
  ASSERT_TRUE(vm_.set_access(range, 2 * kUnit, CU_MEM_ACCESS_FLAGS_PROT_READWRITE).ok());
  *reinterpret_cast<int*>(range) = 42;
  EXPECT_EQ(*reinterpret_cast<int*>(range + kUnit), 42);
  EXPECT_EQ(vm_.release_range(range, 2 * kUnit).code(), StatusCode::kInvalidValue)
      << "still mapped";
  ASSERT_TRUE(vm_.unmap(range, 2 * kUnit).ok());
  EXPECT_TRUE(vm_.release_range(range, 2 * kUnit).ok());
}

TEST_F(VirtualMemoryTest, AMappingKeepsReleasedMemoryAlive) {
  auto memory = make(kUnit);
  CUdeviceptr range = *vm_.reserve(kUnit, 0, 0);
  CUmemGenericAllocationHandle handle = memory->handle();
  ASSERT_TRUE(vm_.map(range, kUnit, 0, *memory).ok());
  memory.reset();
  ASSERT_TRUE(vm_.let_go(handle).ok());
  ASSERT_TRUE(vm_.set_access(range, kUnit, CU_MEM_ACCESS_FLAGS_PROT_READWRITE).ok());
  std::memset(reinterpret_cast<void*>(range), 1, kUnit);
  ASSERT_TRUE(vm_.unmap(range, kUnit).ok());
  EXPECT_EQ(find<PhysicalMemory>(handle), nullptr);
  EXPECT_TRUE(vm_.release_range(range, kUnit).ok());
}

TEST_F(VirtualMemoryTest, MappingAsksForReservedFreeAndAlignedAddresses) {
  auto memory = make(kUnit);
  CUdeviceptr range = *vm_.reserve(2 * kUnit, 0, 0);
  EXPECT_EQ(vm_.map(range + 4096, kUnit, 0, *memory).code(), StatusCode::kInvalidValue);
  EXPECT_EQ(vm_.map(range + 2 * kUnit, kUnit, 0, *memory).code(), StatusCode::kInvalidValue);
  EXPECT_EQ(vm_.map(range, 2 * kUnit, 0, *memory).code(), StatusCode::kInvalidValue)
      << "memory is smaller";
  ASSERT_TRUE(vm_.map(range, kUnit, 0, *memory).ok());
  EXPECT_EQ(vm_.map(range, kUnit, 0, *memory).code(), StatusCode::kInvalidValue);
  EXPECT_EQ(vm_.unmap(range, 2 * kUnit).code(), StatusCode::kInvalidValue)
      << "half of it is not mapped";
  ASSERT_TRUE(vm_.unmap(range, kUnit).ok());
  ASSERT_TRUE(vm_.release_range(range, 2 * kUnit).ok());
}

TEST_F(VirtualMemoryTest, OddSizesAreRefused) {
  EXPECT_FALSE(PhysicalMemory::make(4096, {}).has_value());
  EXPECT_FALSE(vm_.reserve(4096, 0, 0).has_value());
  EXPECT_FALSE(vm_.reserve(kUnit, 3, 0).has_value());
}

TEST_F(VirtualMemoryTest, ExportedMemoryIsImportedAsTheSame) {
  auto memory = make(kUnit);
  auto again = PhysicalMemory::import(memory->file());
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ((*again)->bytes(), kUnit);
  EXPECT_FALSE(PhysicalMemory::import(-1).has_value());
  EXPECT_FALSE(PhysicalMemory::import(0).has_value()) << "standard input is no memory";
}

}  // namespace
}  // namespace cuda_shim::objects
