// Arrays and mipmapped arrays: what descriptions are taken, and that copies put texels where they
// belong.

#include <numeric>
#include <vector>

#include "context_fixture.h"

namespace {

using Array = ContextFixture;

CUDA_ARRAY3D_DESCRIPTOR volume(size_t width, size_t height, size_t depth, CUarray_format format,
                               unsigned channels, unsigned flags = 0) {
  return {width, height, depth, format, channels, flags};
}

std::vector<unsigned char> numbered(size_t count) {
  std::vector<unsigned char> bytes(count);
  std::iota(bytes.begin(), bytes.end(), static_cast<unsigned char>(1));
  return bytes;
}

TEST_F(Array, DescribesItself) {
  CUDA_ARRAY_DESCRIPTOR asked = {64, 48, CU_AD_FORMAT_HALF, 2};
  CUarray array = nullptr;
  ASSERT_CU(cuArrayCreate(&array, &asked));
  CUDA_ARRAY_DESCRIPTOR flat = {};
  EXPECT_CU(cuArrayGetDescriptor(&flat, array));
  EXPECT_EQ(flat.Width, 64u);
  EXPECT_EQ(flat.Height, 48u);
  EXPECT_EQ(flat.Format, CU_AD_FORMAT_HALF);
  EXPECT_EQ(flat.NumChannels, 2u);
  CUDA_ARRAY3D_DESCRIPTOR deep = {};
  EXPECT_CU(cuArray3DGetDescriptor(&deep, array));
  EXPECT_EQ(deep.Depth, 0u);
  EXPECT_CU(cuArrayDestroy(array));
  EXPECT_EQ(cuArrayDestroy(array), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(cuArrayGetDescriptor(&flat, array), CUDA_ERROR_INVALID_HANDLE);
}

struct Refused {
  const char* why;
  CUDA_ARRAY3D_DESCRIPTOR description;
  CUresult answer;
};

TEST_F(Array, RefusesWhatIsNoArray) {
  const Refused kRefused[] = {
      {"no width", volume(0, 4, 0, CU_AD_FORMAT_FLOAT, 1), CUDA_ERROR_INVALID_VALUE},
      {"three channels", volume(4, 4, 0, CU_AD_FORMAT_FLOAT, 3), CUDA_ERROR_INVALID_VALUE},
      {"depth without height", volume(4, 0, 4, CU_AD_FORMAT_FLOAT, 1), CUDA_ERROR_INVALID_VALUE},
      {"too wide", volume(1 << 20, 4, 0, CU_AD_FORMAT_FLOAT, 1), CUDA_ERROR_INVALID_VALUE},
      {"no layers", volume(4, 4, 0, CU_AD_FORMAT_FLOAT, 1, CUDA_ARRAY3D_LAYERED),
       CUDA_ERROR_INVALID_VALUE},
      {"five faces", volume(4, 4, 5, CU_AD_FORMAT_FLOAT, 1, CUDA_ARRAY3D_CUBEMAP),
       CUDA_ERROR_INVALID_VALUE},
      {"oblong faces", volume(4, 8, 6, CU_AD_FORMAT_FLOAT, 1, CUDA_ARRAY3D_CUBEMAP),
       CUDA_ERROR_INVALID_VALUE},
      {"compressed", volume(4, 4, 0, CU_AD_FORMAT_BC1_UNORM, 4), CUDA_ERROR_NOT_SUPPORTED},
      {"sparse", volume(4, 4, 0, CU_AD_FORMAT_FLOAT, 1, CUDA_ARRAY3D_SPARSE),
       CUDA_ERROR_NOT_SUPPORTED},
  };
  for (const Refused& refused : kRefused) {
    CUarray array = nullptr;
    EXPECT_EQ(cuArray3DCreate(&array, &refused.description), refused.answer) << refused.why;
  }
}

TEST_F(Array, KeepsARegionOfItsRows) {
  CUDA_ARRAY_DESCRIPTOR asked = {4, 3, CU_AD_FORMAT_UNSIGNED_INT16, 1};
  CUarray array = nullptr;
  ASSERT_CU(cuArrayCreate(&array, &asked));
  const std::vector<unsigned char> zero(24);
  ASSERT_CU(cuMemcpyHtoA(array, 0, zero.data(), zero.size()));
  const std::vector<unsigned char> in = numbered(20);
  CUDA_MEMCPY2D copy = {};
  copy.srcMemoryType = CU_MEMORYTYPE_HOST;
  copy.srcHost = in.data();
  copy.srcPitch = 10;
  copy.dstMemoryType = CU_MEMORYTYPE_ARRAY;
  copy.dstArray = array;
  copy.dstXInBytes = 2;
  copy.dstY = 1;
  copy.WidthInBytes = 6;
  copy.Height = 2;
  ASSERT_CU(cuMemcpy2D(&copy));
  std::vector<unsigned char> out(24);
  ASSERT_CU(cuMemcpyAtoH(out.data(), array, 0, out.size()));
  const std::vector<unsigned char> expected = {0, 0, 0, 0, 0, 0, 0,  0,  0,  0,  1,  2,
                                               3, 4, 5, 6, 0, 0, 11, 12, 13, 14, 15, 16};
  EXPECT_EQ(out, expected);
  copy.Height = 3;
  EXPECT_EQ(cuMemcpy2D(&copy), CUDA_ERROR_INVALID_VALUE) << "a row beyond the array";
  EXPECT_EQ(cuMemcpyAtoH(out.data(), array, 8, 24), CUDA_ERROR_INVALID_VALUE);
  EXPECT_CU(cuArrayDestroy(array));
}

TEST_F(Array, MovesBytesToMemoryAndToAnother) {
  CUDA_ARRAY_DESCRIPTOR asked = {16, 0, CU_AD_FORMAT_UNSIGNED_INT8, 1};
  CUarray one = nullptr, two = nullptr;
  CUdeviceptr memory = 0;
  ASSERT_CU(cuArrayCreate(&one, &asked));
  ASSERT_CU(cuArrayCreate(&two, &asked));
  ASSERT_CU(cuMemAlloc(&memory, 16));
  const std::vector<unsigned char> in = numbered(16);
  ASSERT_CU(cuMemcpyHtoD(memory, in.data(), 16));
  ASSERT_CU(cuMemcpyDtoA(one, 0, memory, 16));
  ASSERT_CU(cuMemcpyAtoA(two, 4, one, 0, 12));
  ASSERT_CU(cuMemcpyAtoD(memory, two, 4, 12));
  std::vector<unsigned char> out(16);
  ASSERT_CU(cuMemcpyDtoH(out.data(), memory, 16));
  EXPECT_EQ(out, numbered(16));
  EXPECT_CU(cuMemFree(memory));
  EXPECT_CU(cuArrayDestroy(one));
  EXPECT_CU(cuArrayDestroy(two));
}

TEST_F(Array, LayersAreSlicesOfACopy) {
  const CUDA_ARRAY3D_DESCRIPTOR asked =
      volume(4, 0, 3, CU_AD_FORMAT_UNSIGNED_INT8, 1, CUDA_ARRAY3D_LAYERED);
  CUarray array = nullptr;
  ASSERT_CU(cuArray3DCreate(&array, &asked));
  const std::vector<unsigned char> in = numbered(12);
  CUDA_MEMCPY3D copy = {};
  copy.srcMemoryType = CU_MEMORYTYPE_HOST;
  copy.srcHost = in.data();
  copy.srcPitch = 4;
  copy.srcHeight = 1;
  copy.dstMemoryType = CU_MEMORYTYPE_ARRAY;
  copy.dstArray = array;
  copy.WidthInBytes = 4;
  copy.Height = 1;
  copy.Depth = 3;
  ASSERT_CU(cuMemcpy3D(&copy));
  std::vector<unsigned char> out(12);
  ASSERT_CU(cuMemcpyAtoH(out.data(), array, 0, 12));
  EXPECT_EQ(out, in);
  EXPECT_CU(cuArrayDestroy(array));
}

TEST_F(Array, OfLevelsHalvesItsExtents) {
  const CUDA_ARRAY3D_DESCRIPTOR asked = volume(8, 3, 0, CU_AD_FORMAT_FLOAT, 1);
  CUmipmappedArray array = nullptr;
  ASSERT_CU(cuMipmappedArrayCreate(&array, &asked, 10));
  const size_t kWidths[] = {8, 4, 2, 1}, kHeights[] = {3, 1, 1, 1};
  for (unsigned i = 0; i < 4; ++i) {
    CUarray level = nullptr;
    ASSERT_CU(cuMipmappedArrayGetLevel(&level, array, i));
    CUDA_ARRAY_DESCRIPTOR found = {};
    ASSERT_CU(cuArrayGetDescriptor(&found, level));
    EXPECT_EQ(found.Width, kWidths[i]);
    EXPECT_EQ(found.Height, kHeights[i]);
    EXPECT_EQ(cuArrayDestroy(level), CUDA_ERROR_INVALID_VALUE);
  }
  CUarray level = nullptr;
  EXPECT_EQ(cuMipmappedArrayGetLevel(&level, array, 4), CUDA_ERROR_INVALID_VALUE);
  EXPECT_CU(cuMipmappedArrayDestroy(array));
}

TEST_F(Array, EndsWithItsContext) {
  CUDA_ARRAY_DESCRIPTOR asked = {4, 4, CU_AD_FORMAT_FLOAT, 1};
  CUarray array = nullptr;
  ASSERT_CU(cuArrayCreate(&array, &asked));
  ASSERT_CU(cuCtxDestroy(context_));
  context_ = nullptr;
  EXPECT_EQ(cuArrayDestroy(array), CUDA_ERROR_INVALID_HANDLE);
}

}  // namespace
