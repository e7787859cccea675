// Arrays of the runtime: descriptors, and copies whose extents are texels.

#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <numeric>
#include <vector>

// The copies of bytes are deprecated, and must still be served.
#pragma clang diagnostic ignored "-Wdeprecated-declarations"

namespace cuda_shim::test {
namespace {

std::vector<int> numbered(size_t count) {
  std::vector<int> values(count);
  std::iota(values.begin(), values.end(), 1);
  return values;
}

const cudaChannelFormatDesc kInt = {32, 0, 0, 0, cudaChannelFormatKindSigned};

TEST(Array, TellsItsFormatAndExtent) {
  const cudaChannelFormatDesc asked = {16, 16, 0, 0, cudaChannelFormatKindFloat};
  cudaArray_t array = nullptr;
  ASSERT_EQ(cudaMallocArray(&array, &asked, 8, 4, cudaArraySurfaceLoadStore), cudaSuccess);
  cudaChannelFormatDesc found = {};
  cudaExtent extent = {};
  unsigned flags = 0;
  EXPECT_EQ(cudaArrayGetInfo(&found, &extent, &flags, array), cudaSuccess);
  EXPECT_EQ(found.x, 16);
  EXPECT_EQ(found.y, 16);
  EXPECT_EQ(found.z, 0);
  EXPECT_EQ(found.f, cudaChannelFormatKindFloat);
  EXPECT_EQ(extent.width, 8u);
  EXPECT_EQ(extent.height, 4u);
  EXPECT_EQ(extent.depth, 0u);
  EXPECT_EQ(flags, static_cast<unsigned>(cudaArraySurfaceLoadStore));
  EXPECT_EQ(cudaFreeArray(array), cudaSuccess);
}

TEST(Array, RefusesChannelsOfDifferentWidths) {
  const cudaChannelFormatDesc asked = {32, 16, 0, 0, cudaChannelFormatKindSigned};
  cudaArray_t array = nullptr;
  EXPECT_EQ(cudaMallocArray(&array, &asked, 8, 4, 0), cudaErrorInvalidChannelDescriptor);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidChannelDescriptor);
}

TEST(Array, TakesPartsOfRowsAndGivesThemBack) {
  cudaArray_t array = nullptr;
  ASSERT_EQ(cudaMallocArray(&array, &kInt, 4, 3, 0), cudaSuccess);
  const std::vector<int> in = numbered(12);
  ASSERT_EQ(cudaMemcpy2DToArray(array, 0, 0, in.data(), 16, 16, 3, cudaMemcpyHostToDevice),
            cudaSuccess);
  std::vector<int> out(4);
  ASSERT_EQ(cudaMemcpy2DFromArray(out.data(), 8, array, 4, 1, 8, 2, cudaMemcpyDeviceToHost),
            cudaSuccess);
  EXPECT_EQ(out, (std::vector<int>{6, 7, 10, 11}));
  EXPECT_EQ(cudaFreeArray(array), cudaSuccess);
}

TEST(Array, BytesRunOverTheEndsOfRows) {
  cudaArray_t array = nullptr;
  ASSERT_EQ(cudaMallocArray(&array, &kInt, 3, 4, 0), cudaSuccess);
  const std::vector<int> in = numbered(10);
  // The last two of the first row, two whole rows, two of the last.
  ASSERT_EQ(cudaMemcpyToArray(array, 4, 0, in.data(), 40, cudaMemcpyHostToDevice), cudaSuccess);
  std::vector<int> out(10);
  ASSERT_EQ(cudaMemcpyFromArray(out.data(), array, 4, 0, 40, cudaMemcpyDeviceToHost), cudaSuccess);
  EXPECT_EQ(out, in);
  EXPECT_EQ(cudaMemcpyToArray(array, 4, 0, in.data(), 48, cudaMemcpyHostToDevice),
            cudaErrorInvalidValue);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFreeArray(array), cudaSuccess);
}

TEST(Array, OfThreeDimensionsIsCopiedInTexels) {
  cudaArray_t array = nullptr;
  ASSERT_EQ(cudaMalloc3DArray(&array, &kInt, {4, 3, 2}, 0), cudaSuccess);
  std::vector<int> in = numbered(24);
  cudaMemcpy3DParms copy = {};
  copy.srcPtr = {in.data(), 16, 4, 3};
  copy.dstArray = array;
  copy.extent = {4, 3, 2};
  copy.kind = cudaMemcpyHostToDevice;
  ASSERT_EQ(cudaMemcpy3D(&copy), cudaSuccess);
  std::vector<int> out(4);
  cudaMemcpy3DParms back = {};
  back.srcArray = array;
  back.srcPos = {2, 1, 1};
  back.dstPtr = {out.data(), 8, 2, 2};
  back.extent = {2, 2, 1};
  back.kind = cudaMemcpyDeviceToHost;
  ASSERT_EQ(cudaMemcpy3D(&back), cudaSuccess);
  EXPECT_EQ(out, (std::vector<int>{19, 20, 23, 24}));
  EXPECT_EQ(cudaFreeArray(array), cudaSuccess);
}

}  // namespace
}  // namespace cuda_shim::test
