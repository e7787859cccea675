// Shapes of copies, fills and mappings that run over: past the end of the address space, out of
// their rows, over what is not mapped.
#include <vector>

#include "context_fixture.h"

namespace {

using Extents = ContextFixture;

TEST_F(Extents, OffsetsThatWrapAroundAreRefused) {
  CUdeviceptr memory = 0;
  ASSERT_CU(cuMemAlloc(&memory, 64));
  std::vector<char> host(64);
  CUDA_MEMCPY3D copy = {};
  copy.srcMemoryType = CU_MEMORYTYPE_HOST;
  copy.srcHost = host.data();
  copy.dstMemoryType = CU_MEMORYTYPE_DEVICE;
  copy.dstDevice = memory;
  copy.dstPitch = copy.srcPitch = 2;
  copy.dstHeight = copy.srcHeight = 2;
  copy.WidthInBytes = copy.Height = copy.Depth = 1;
  ASSERT_CU(cuMemcpy3D(&copy));
  for (size_t CUDA_MEMCPY3D::* member :
       {&CUDA_MEMCPY3D::dstY, &CUDA_MEMCPY3D::srcY, &CUDA_MEMCPY3D::dstZ, &CUDA_MEMCPY3D::srcZ}) {
    CUDA_MEMCPY3D wrapped = copy;
    wrapped.*member = size_t(1) << 63;  // times the pitch: 0
    EXPECT_EQ(cuMemcpy3D(&wrapped), CUDA_ERROR_INVALID_VALUE);
  }
}

TEST_F(Extents, SlicesMustHoldTheirRows) {
  CUdeviceptr memory = 0;
  ASSERT_CU(cuMemAlloc(&memory, 64));
  std::vector<char> host(64);
  CUDA_MEMCPY3D copy = {};
  copy.srcMemoryType = CU_MEMORYTYPE_HOST;
  copy.srcHost = host.data();
  copy.srcPitch = 4;
  copy.srcHeight = 4;
  copy.dstMemoryType = CU_MEMORYTYPE_DEVICE;
  copy.dstDevice = memory;
  copy.dstPitch = 4;
  copy.dstHeight = 3;
  copy.WidthInBytes = 4;
  copy.Height = 4;
  copy.Depth = 2;
  EXPECT_EQ(cuMemcpy3D(&copy), CUDA_ERROR_INVALID_VALUE);
  copy.dstHeight = 4;
  EXPECT_CU(cuMemcpy3D(&copy));
}

TEST_F(Extents, APitchOfAFillMustHoldARow) {
  CUdeviceptr memory = 0;
  ASSERT_CU(cuMemAlloc(&memory, 64));
  EXPECT_EQ(cuMemsetD2D32(memory, 4, 1, 2, 4), CUDA_ERROR_INVALID_VALUE);
  EXPECT_CU(cuMemsetD2D32(memory, 8, 1, 2, 4));
  EXPECT_EQ(cuMemsetD32(memory, 1, (~size_t(0) >> 2) + 2), CUDA_ERROR_INVALID_VALUE);
}

class Mappings : public ContextFixture {
 protected:
  void SetUp() override {
    ContextFixture::SetUp();
    properties_.type = CU_MEM_ALLOCATION_TYPE_PINNED;
    properties_.location.type = CU_MEM_LOCATION_TYPE_DEVICE;
    ASSERT_CU(
        cuMemGetAllocationGranularity(&unit_, &properties_, CU_MEM_ALLOC_GRANULARITY_MINIMUM));
    ASSERT_CU(cuMemAddressReserve(&range_, 4 * unit_, 0, 0, 0));
  }
  void TearDown() override {
    for (auto [address, bytes] : mapped_) EXPECT_CU(cuMemUnmap(address, bytes));
    EXPECT_CU(cuMemAddressFree(range_, 4 * unit_));
    ContextFixture::TearDown();
  }
  void map(size_t first, size_t units) {
    CUmemGenericAllocationHandle memory = 0;
    CUdeviceptr at = range_ + first * unit_;
    ASSERT_CU(cuMemCreate(&memory, units * unit_, &properties_, 0));
    ASSERT_CU(cuMemMap(at, units * unit_, 0, memory, 0));
    ASSERT_CU(cuMemRelease(memory));
    CUmemAccessDesc access = {properties_.location, CU_MEM_ACCESS_FLAGS_PROT_READWRITE};
    ASSERT_CU(cuMemSetAccess(at, units * unit_, &access, 1));
    mapped_.emplace_back(at, units * unit_);
  }

  CUmemAllocationProp properties_ = {};
  size_t unit_ = 0;
  CUdeviceptr range_ = 0;
  std::vector<std::pair<CUdeviceptr, size_t>> mapped_;
};

TEST_F(Mappings, ThatFollowEachOtherAreOneRangeToCopies) {
  map(0, 1);
  map(1, 2);
  ASSERT_CU(cuMemsetD8(range_, 3, 3 * unit_));
  std::vector<char> out(3 * unit_);
  ASSERT_CU(cuMemcpyDtoH(out.data(), range_, out.size()));
  EXPECT_EQ(out, std::vector<char>(out.size(), 3));
  EXPECT_EQ(cuMemsetD8(range_, 3, 3 * unit_ + 1), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(Mappings, AreUnmappedWholeOnly) {
  map(1, 2);
  EXPECT_EQ(cuMemUnmap(range_, 2 * unit_), CUDA_ERROR_INVALID_VALUE) << "begins with a hole";
  EXPECT_EQ(cuMemUnmap(range_ + unit_, unit_), CUDA_ERROR_INVALID_VALUE) << "a part";
  EXPECT_EQ(cuMemUnmap(range_ + unit_, ~size_t(0) - unit_ + 1), CUDA_ERROR_INVALID_VALUE);
  CUmemAccessDesc access = {properties_.location, CU_MEM_ACCESS_FLAGS_PROT_READ};
  EXPECT_EQ(cuMemSetAccess(range_, 2 * unit_, &access, 1), CUDA_ERROR_INVALID_VALUE);
  access.flags = static_cast<CUmemAccess_flags>(77);
  EXPECT_EQ(cuMemSetAccess(range_ + unit_, 2 * unit_, &access, 1), CUDA_ERROR_INVALID_VALUE);
  ASSERT_CU(cuMemsetD8(range_ + unit_, 1, 2 * unit_)) << "still there";
}

TEST_F(Mappings, PhysicalMemoryBeyondTheDevicesIsOutOfMemory) {
  CUmemGenericAllocationHandle memory = 0;
  EXPECT_EQ(cuMemCreate(&memory, size_t(1) << 46, &properties_, 0), CUDA_ERROR_OUT_OF_MEMORY);
}

}  // namespace
