// Managed memory: the host sees what the synchronous calls did, and advice is read back.
#include <array>

#include "context_fixture.h"

namespace {

class Managed : public ContextFixture {
 protected:
  void SetUp() override {
    ContextFixture::SetUp();
    ASSERT_CU(cuMemAllocManaged(&memory_, kBytes, CU_MEM_ATTACH_GLOBAL));
    here_.type = CU_MEM_LOCATION_TYPE_DEVICE;
  }
  // What a 4-byte attribute of a range is.
  int number(CUmem_range_attribute attribute, CUdeviceptr address, size_t bytes) {
    int value = -77;
    EXPECT_CU(cuMemRangeGetAttribute(&value, sizeof value, attribute, address, bytes));
    return value;
  }
  char at(size_t index) const { return reinterpret_cast<volatile char*>(memory_)[index]; }

  static constexpr size_t kBytes = 64 << 20;  // takes a while
  CUdeviceptr memory_ = 0;
  CUmemLocation here_ = {};
};

TEST_F(Managed, IsFilledWhenASynchronousFillReturns) {
  ASSERT_CU(cuMemsetD8(memory_, 5, kBytes));
  EXPECT_EQ(at(kBytes - 1), 5);
}

TEST_F(Managed, IsCopiedToWhenASynchronousCopyReturns) {
  CUdeviceptr device = 0;
  ASSERT_CU(cuMemAlloc(&device, kBytes));
  ASSERT_CU(cuMemsetD8(device, 6, kBytes));
  ASSERT_CU(cuMemcpyDtoH(reinterpret_cast<void*>(memory_), device, kBytes));
  EXPECT_EQ(at(kBytes - 1), 6);
}

TEST_F(Managed, SoIsMemoryMarkedForSynchronousOperations) {
  CUdeviceptr device = 0;
  ASSERT_CU(cuMemAlloc(&device, kBytes));
  unsigned on = 1, marked = 0;
  ASSERT_CU(cuPointerSetAttribute(&on, CU_POINTER_ATTRIBUTE_SYNC_MEMOPS, device));
  ASSERT_CU(cuPointerGetAttribute(&marked, CU_POINTER_ATTRIBUTE_SYNC_MEMOPS, device));
  EXPECT_EQ(marked, 1u);
  ASSERT_CU(cuMemsetD8(device, 7, kBytes));
  EXPECT_EQ(reinterpret_cast<volatile char*>(device)[kBytes - 1], 7);
}

TEST_F(Managed, AdviceHoldsForTheRangeItWasGivenFor) {
  EXPECT_EQ(number(CU_MEM_RANGE_ATTRIBUTE_READ_MOSTLY, memory_, kBytes), 0);
  ASSERT_CU(cuMemAdvise(memory_ + 4096, 4096, CU_MEM_ADVISE_SET_READ_MOSTLY, here_));
  EXPECT_EQ(number(CU_MEM_RANGE_ATTRIBUTE_READ_MOSTLY, memory_ + 4096, 4096), 1);
  EXPECT_EQ(number(CU_MEM_RANGE_ATTRIBUTE_READ_MOSTLY, memory_, 8192), 0);
  EXPECT_EQ(number(CU_MEM_RANGE_ATTRIBUTE_READ_MOSTLY, memory_ + 4096, 8192), 0);
  ASSERT_CU(cuMemAdvise(memory_, kBytes, CU_MEM_ADVISE_SET_READ_MOSTLY, here_));
  EXPECT_EQ(number(CU_MEM_RANGE_ATTRIBUTE_READ_MOSTLY, memory_, kBytes), 1);
  ASSERT_CU(cuMemAdvise(memory_ + 100, 1, CU_MEM_ADVISE_UNSET_READ_MOSTLY, here_));
  EXPECT_EQ(number(CU_MEM_RANGE_ATTRIBUTE_READ_MOSTLY, memory_, kBytes), 0);
}

TEST_F(Managed, LocationsAreReadBack) {
  EXPECT_EQ(number(CU_MEM_RANGE_ATTRIBUTE_PREFERRED_LOCATION, memory_, kBytes), CU_DEVICE_INVALID);
  EXPECT_EQ(number(CU_MEM_RANGE_ATTRIBUTE_LAST_PREFETCH_LOCATION, memory_, kBytes),
            CU_DEVICE_INVALID);
  ASSERT_CU(cuMemAdvise(memory_, kBytes, CU_MEM_ADVISE_SET_PREFERRED_LOCATION, here_));
  EXPECT_EQ(number(CU_MEM_RANGE_ATTRIBUTE_PREFERRED_LOCATION, memory_, kBytes), 0);
  EXPECT_EQ(number(CU_MEM_RANGE_ATTRIBUTE_PREFERRED_LOCATION_TYPE, memory_, kBytes),
            CU_MEM_LOCATION_TYPE_DEVICE);
  CUmemLocation host = {};
  host.type = CU_MEM_LOCATION_TYPE_HOST;
  ASSERT_CU(cuMemPrefetchAsync(memory_, 4096, host, 0, nullptr));
  EXPECT_EQ(number(CU_MEM_RANGE_ATTRIBUTE_LAST_PREFETCH_LOCATION, memory_, 4096), CU_DEVICE_CPU);
  EXPECT_EQ(number(CU_MEM_RANGE_ATTRIBUTE_LAST_PREFETCH_LOCATION, memory_, 4097),
            CU_DEVICE_INVALID);
  ASSERT_CU(cuMemAdvise(memory_, kBytes, CU_MEM_ADVISE_SET_ACCESSED_BY, here_));
  std::array<int, 2> devices = {};
  ASSERT_CU(cuMemRangeGetAttribute(devices.data(), sizeof devices,
                                   CU_MEM_RANGE_ATTRIBUTE_ACCESSED_BY, memory_, kBytes));
  EXPECT_EQ(devices, (std::array<int, 2>{0, CU_DEVICE_INVALID}));
}

TEST_F(Managed, AdviceEndsWithTheMemory) {
  ASSERT_CU(cuMemAdvise(memory_, kBytes, CU_MEM_ADVISE_SET_READ_MOSTLY, here_));
  ASSERT_CU(cuMemFree(memory_));
  int value = 0;
  EXPECT_EQ(cuMemRangeGetAttribute(&value, 4, CU_MEM_RANGE_ATTRIBUTE_READ_MOSTLY, memory_, kBytes),
            CUDA_ERROR_INVALID_VALUE);
  ASSERT_CU(cuMemAllocManaged(&memory_, kBytes, CU_MEM_ATTACH_GLOBAL));
  EXPECT_EQ(number(CU_MEM_RANGE_ATTRIBUTE_READ_MOSTLY, memory_, kBytes), 0);
}

TEST_F(Managed, QuestionsOfTheWrongSizeAreRefused) {
  int value = 0;
  auto ask = [&](size_t size, int attribute, CUdeviceptr address, size_t bytes) {
    return cuMemRangeGetAttribute(&value, size, static_cast<CUmem_range_attribute>(attribute),
                                  address, bytes);
  };
  EXPECT_EQ(ask(8, 1, memory_, kBytes), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(ask(0, 3, memory_, kBytes), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(ask(4, 99, memory_, kBytes), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(ask(4, 1, memory_, kBytes + 1), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(ask(4, 1, memory_, ~size_t(0)), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(ask(4, 1, reinterpret_cast<CUdeviceptr>(&value), 4), CUDA_ERROR_INVALID_VALUE);
}

}  // namespace
