// Memory pools through the runtime.

#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <cstdint>

namespace cuda_shim::test {
namespace {

TEST(MemoryPool, ThatKeepsEverythingGivesTheSameMemoryAgain) {
  int supported = 0;
  ASSERT_EQ(cudaDeviceGetAttribute(&supported, cudaDevAttrMemoryPoolsSupported, 0), cudaSuccess);
  ASSERT_EQ(supported, 1);
  cudaMemPool_t pool;
  ASSERT_EQ(cudaDeviceGetDefaultMemPool(&pool, 0), cudaSuccess);
  std::uint64_t all = UINT64_MAX, none = 0;
  ASSERT_EQ(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &all), cudaSuccess);
  void *first = nullptr, *second = nullptr;
  ASSERT_EQ(cudaMallocAsync(&first, 1 << 20, nullptr), cudaSuccess);
  ASSERT_EQ(cudaFreeAsync(first, nullptr), cudaSuccess);
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  ASSERT_EQ(cudaMallocFromPoolAsync(&second, 1 << 20, pool, nullptr), cudaSuccess);
  EXPECT_EQ(second, first);
  EXPECT_EQ(cudaFree(second), cudaSuccess);
  EXPECT_EQ(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &none), cudaSuccess);
  std::uint64_t kept = 1;
  EXPECT_EQ(cudaMemPoolGetAttribute(pool, cudaMemPoolAttrReservedMemCurrent, &kept), cudaSuccess);
  EXPECT_EQ(kept, 0u);
}

TEST(MemoryPool, IsMadeAndChosen) {
  cudaMemPoolProps properties = {};
  properties.allocType = cudaMemAllocationTypePinned;
  properties.location.type = cudaMemLocationTypeDevice;
  cudaMemPool_t pool, current;
  ASSERT_EQ(cudaMemPoolCreate(&pool, &properties), cudaSuccess);
  ASSERT_EQ(cudaDeviceSetMemPool(0, pool), cudaSuccess);
  ASSERT_EQ(cudaDeviceGetMemPool(&current, 0), cudaSuccess);
  EXPECT_EQ(current, pool);
  EXPECT_EQ(cudaMemPoolDestroy(pool), cudaSuccess);
  EXPECT_EQ(cudaMemPoolDestroy(pool), cudaErrorInvalidValue);
  cudaGetLastError();
}

}  // namespace
}  // namespace cuda_shim::test
