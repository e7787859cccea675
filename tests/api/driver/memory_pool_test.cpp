// Stream-ordered allocation and memory pools.
#include <future>

#include "context_fixture.h"

namespace {

class Pools : public ContextFixture {
 protected:
  void SetUp() override {
    ContextFixture::SetUp();
    CUmemPoolProps properties = {};
    properties.allocType = CU_MEM_ALLOCATION_TYPE_PINNED;
    properties.location.type = CU_MEM_LOCATION_TYPE_DEVICE;
    properties.maxSize = kMost;
    ASSERT_CU(cuMemPoolCreate(&pool_, &properties));
  }
  void TearDown() override {
    if (pool_ != nullptr) EXPECT_CU(cuMemPoolDestroy(pool_));
    ContextFixture::TearDown();
  }
  cuuint64_t number(CUmemPool_attribute attribute) {
    cuuint64_t value = ~cuuint64_t(0);
    EXPECT_CU(cuMemPoolGetAttribute(pool_, attribute, &value));
    return value;
  }
  CUdeviceptr allocate(size_t bytes) {
    CUdeviceptr memory = 0;
    EXPECT_CU(cuMemAllocFromPoolAsync(&memory, bytes, pool_, nullptr));
    return memory;
  }
  void keep_everything() {
    cuuint64_t all = ~cuuint64_t(0);
    ASSERT_CU(cuMemPoolSetAttribute(pool_, CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, &all));
  }

  static constexpr size_t kMost = 1 << 20;
  CUmemoryPool pool_ = nullptr;
};

TEST_F(Pools, AreSupportedAsTheAttributeSays) {
  int supported = 0;
  ASSERT_CU(cuDeviceGetAttribute(&supported, CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED, device_));
  EXPECT_EQ(supported, 1);
}

TEST_F(Pools, CountWhatTheyGaveOut) {
  CUdeviceptr a = allocate(1000), b = allocate(5000);
  EXPECT_EQ(number(CU_MEMPOOL_ATTR_USED_MEM_CURRENT), 6000u);
  ASSERT_CU(cuMemFreeAsync(a, nullptr));
  ASSERT_CU(cuMemFree(b));
  EXPECT_EQ(number(CU_MEMPOOL_ATTR_USED_MEM_CURRENT), 0u);
  EXPECT_EQ(number(CU_MEMPOOL_ATTR_USED_MEM_HIGH), 6000u);
  EXPECT_EQ(number(CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT), 0u) << "nothing is kept by default";
  cuuint64_t zero = 0, one = 1;
  ASSERT_CU(cuMemPoolSetAttribute(pool_, CU_MEMPOOL_ATTR_USED_MEM_HIGH, &zero));
  EXPECT_EQ(number(CU_MEMPOOL_ATTR_USED_MEM_HIGH), 0u);
  EXPECT_EQ(cuMemPoolSetAttribute(pool_, CU_MEMPOOL_ATTR_USED_MEM_HIGH, &one),
            CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemPoolSetAttribute(pool_, CU_MEMPOOL_ATTR_USED_MEM_CURRENT, &zero),
            CUDA_ERROR_INVALID_VALUE);
}

TEST_F(Pools, GiveKeptMemoryOutAgain) {
  keep_everything();
  CUdeviceptr first = allocate(100000);
  ASSERT_CU(cuMemFreeAsync(first, nullptr));
  ASSERT_CU(cuStreamSynchronize(nullptr));
  EXPECT_EQ(number(CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT), 100000u);
  CUdeviceptr small = allocate(1000);
  EXPECT_NE(small, first) << "much too large for it";
  CUdeviceptr second = allocate(90000);
  EXPECT_EQ(second, first);
  ASSERT_CU(cuMemFreeAsync(small, nullptr));
  ASSERT_CU(cuMemFreeAsync(second, nullptr));
  ASSERT_CU(cuStreamSynchronize(nullptr));
  ASSERT_CU(cuMemPoolTrimTo(pool_, 1000));
  EXPECT_EQ(number(CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT), 1000u);
}

TEST_F(Pools, DoNotTakeMemoryBackBeforeItsStreamGetsThere) {
  keep_everything();
  CUdeviceptr first = allocate(4096);
  std::promise<void> open;
  std::future<void> opened = open.get_future();
  auto wait = [](void* future) { static_cast<std::future<void>*>(future)->wait(); };
  CUstream stream = nullptr;
  ASSERT_CU(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
  ASSERT_CU(cuLaunchHostFunc(stream, wait, &opened));
  ASSERT_CU(cuMemFreeAsync(first, stream));
  CUdeviceptr second = allocate(4096);
  EXPECT_NE(second, first);
  open.set_value();
  ASSERT_CU(cuStreamSynchronize(stream));
  EXPECT_EQ(allocate(4096), first);
}

TEST_F(Pools, HaveALimit) {
  CUdeviceptr memory = 0;
  EXPECT_EQ(cuMemAllocFromPoolAsync(&memory, kMost + 1, pool_, nullptr), CUDA_ERROR_OUT_OF_MEMORY);
  allocate(kMost);
  EXPECT_EQ(cuMemAllocFromPoolAsync(&memory, 1, pool_, nullptr), CUDA_ERROR_OUT_OF_MEMORY);
  EXPECT_EQ(cuMemAllocFromPoolAsync(&memory, 0, pool_, nullptr), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(Pools, AreChosenForADevice) {
  CUmemoryPool standard = nullptr, current = nullptr, of_memory = nullptr;
  ASSERT_CU(cuDeviceGetDefaultMemPool(&standard, device_));
  ASSERT_CU(cuDeviceGetMemPool(&current, device_));
  EXPECT_EQ(current, standard);
  ASSERT_CU(cuDeviceSetMemPool(device_, pool_));
  CUdeviceptr memory = 0;
  ASSERT_CU(cuMemAllocAsync(&memory, 64, nullptr));
  ASSERT_CU(cuPointerGetAttribute(&of_memory, CU_POINTER_ATTRIBUTE_MEMPOOL_HANDLE, memory));
  EXPECT_EQ(of_memory, pool_);
  ASSERT_CU(cuMemPoolDestroy(pool_));
  ASSERT_CU(cuDeviceGetMemPool(&current, device_));
  EXPECT_EQ(current, standard) << "again, since the chosen one is gone";
  ASSERT_CU(cuMemsetD8(memory, 1, 64)) << "its memory lives on";
  ASSERT_CU(cuMemFreeAsync(memory, nullptr));
  EXPECT_EQ(cuMemPoolDestroy(pool_), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemPoolDestroy(standard), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemAllocFromPoolAsync(&memory, 64, pool_, nullptr), CUDA_ERROR_INVALID_VALUE);
  pool_ = nullptr;
}

TEST_F(Pools, ForgetTheMemoryOfAContextThatEnds) {
  keep_everything();
  CUcontext other = nullptr;
  ASSERT_CU(cuCtxCreate(&other, nullptr, 0, device_));
  allocate(1000);
  ASSERT_CU(cuMemFreeAsync(allocate(2000), nullptr));
  ASSERT_CU(cuMemFreeAsync(allocate(3000), nullptr));
  ASSERT_CU(cuCtxDestroy(other));
  EXPECT_EQ(number(CU_MEMPOOL_ATTR_USED_MEM_CURRENT), 0u);
  EXPECT_EQ(number(CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT), 0u);
  ASSERT_CU(cuMemsetD8(allocate(2000), 1, 2000));
}

TEST_F(Pools, SayWhoHasAccess) {
  CUmemLocation here = {};
  here.type = CU_MEM_LOCATION_TYPE_DEVICE;
  CUmemAccess_flags flags = CU_MEM_ACCESS_FLAGS_PROT_NONE;
  ASSERT_CU(cuMemPoolGetAccess(&flags, pool_, &here));
  EXPECT_EQ(flags, CU_MEM_ACCESS_FLAGS_PROT_READWRITE);
  CUmemAccessDesc none = {here, CU_MEM_ACCESS_FLAGS_PROT_NONE};
  EXPECT_EQ(cuMemPoolSetAccess(pool_, &none, 1), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(Pools, ThatCannotBeMadeAreRefused) {
  CUmemPoolProps properties = {};
  CUmemoryPool pool = nullptr;
  properties.allocType = CU_MEM_ALLOCATION_TYPE_PINNED;
  properties.location.type = CU_MEM_LOCATION_TYPE_DEVICE;
  properties.location.id = 99;
  EXPECT_EQ(cuMemPoolCreate(&pool, &properties), CUDA_ERROR_INVALID_DEVICE);
  properties.location.id = 0;
  properties.handleTypes = CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR;
  EXPECT_EQ(cuMemPoolCreate(&pool, &properties), CUDA_ERROR_NOT_SUPPORTED);
  EXPECT_EQ(cuMemPoolCreate(&pool, nullptr), CUDA_ERROR_INVALID_VALUE);
}

}  // namespace
