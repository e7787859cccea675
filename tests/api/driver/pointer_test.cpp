#include <cstdlib>

#include "context_fixture.h"

namespace {

using Pointer = ContextFixture;

TEST_F(Pointer, DeviceMemoryTellsWhatItIs) {
  CUdeviceptr memory = 0;
  ASSERT_CU(cuMemAlloc(&memory, 100));
  unsigned type = 0;
  ASSERT_CU(cuPointerGetAttribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, memory + 50));
  EXPECT_EQ(type, unsigned(CU_MEMORYTYPE_DEVICE));
  CUcontext context = nullptr;
  ASSERT_CU(cuPointerGetAttribute(&context, CU_POINTER_ATTRIBUTE_CONTEXT, memory));
  EXPECT_EQ(context, context_);
  CUdeviceptr base = 0;
  size_t bytes = 0;
  ASSERT_CU(cuMemGetAddressRange(&base, &bytes, memory + 99));
  EXPECT_EQ(base, memory);
  EXPECT_EQ(bytes, 100u);
  void* host = nullptr;
  EXPECT_EQ(cuPointerGetAttribute(&host, CU_POINTER_ATTRIBUTE_HOST_POINTER, memory),
            CUDA_ERROR_INVALID_VALUE);
}

TEST_F(Pointer, AnUnknownPointerHasNoType) {
  int local = 0;
  auto pointer = reinterpret_cast<CUdeviceptr>(&local);
  unsigned type = 7, managed = 7;
  int ordinal = 7;
  CUpointer_attribute wanted[] = {CU_POINTER_ATTRIBUTE_MEMORY_TYPE, CU_POINTER_ATTRIBUTE_IS_MANAGED,
                                  CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL};
  void* places[] = {&type, &managed, &ordinal};
  ASSERT_CU(cuPointerGetAttributes(3, wanted, places, pointer));
  EXPECT_EQ(type, 0u);
  EXPECT_EQ(managed, 0u);
  EXPECT_EQ(ordinal, CU_DEVICE_INVALID);
  EXPECT_EQ(cuPointerGetAttribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, pointer),
            CUDA_ERROR_INVALID_VALUE);
}

TEST_F(Pointer, ManagedMemoryIsHostAndDeviceMemory) {
  CUdeviceptr memory = 0;
  ASSERT_CU(cuMemAllocManaged(&memory, 64, CU_MEM_ATTACH_GLOBAL));
  *reinterpret_cast<int*>(memory) = 5;
  unsigned managed = 0;
  ASSERT_CU(cuPointerGetAttribute(&managed, CU_POINTER_ATTRIBUTE_IS_MANAGED, memory));
  EXPECT_EQ(managed, 1u);
  CUmemLocation here = {};
  here.type = CU_MEM_LOCATION_TYPE_DEVICE;
  EXPECT_CU(cuMemPrefetchAsync(memory, 64, here, 0, nullptr));
  EXPECT_CU(cuMemAdvise(memory, 64, CU_MEM_ADVISE_SET_READ_MOSTLY, here));
  here.id = 99;
  EXPECT_EQ(cuMemPrefetchAsync(memory, 64, here, 0, nullptr), CUDA_ERROR_INVALID_DEVICE);
  EXPECT_EQ(cuMemAllocManaged(&memory, 64, 0), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(Pointer, MappedPhysicalMemoryIsDeviceMemory) {
  CUmemAllocationProp properties = {};
  properties.type = CU_MEM_ALLOCATION_TYPE_PINNED;
  properties.location.type = CU_MEM_LOCATION_TYPE_DEVICE;
  size_t unit = 0;
  ASSERT_CU(cuMemGetAllocationGranularity(&unit, &properties, CU_MEM_ALLOC_GRANULARITY_MINIMUM));
  CUdeviceptr range = 0;
  ASSERT_CU(cuMemAddressReserve(&range, unit, 0, 0, 0));
  CUmemGenericAllocationHandle memory = 0;
  ASSERT_CU(cuMemCreate(&memory, unit, &properties, 0));
  ASSERT_CU(cuMemMap(range, unit, 0, memory, 0));
  CUmemAccessDesc access = {properties.location, CU_MEM_ACCESS_FLAGS_PROT_READWRITE};
  ASSERT_CU(cuMemSetAccess(range, unit, &access, 1));
  ASSERT_CU(cuMemsetD32(range, 42, unit / 4));
  int last = 0;
  ASSERT_CU(cuMemcpyDtoH(&last, range + unit - 4, 4));
  EXPECT_EQ(last, 42);
  EXPECT_CU(cuMemUnmap(range, unit));
  EXPECT_CU(cuMemRelease(memory));
  EXPECT_CU(cuMemAddressFree(range, unit));
  EXPECT_EQ(cuMemRelease(memory), CUDA_ERROR_INVALID_VALUE);
}

}  // namespace
