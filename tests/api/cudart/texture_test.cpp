// Texture and surface objects of the runtime: what is taken, what is refused and with which code,
// and the shorter structures of older majors.

#include <cuda_runtime_api.h>
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <string>

namespace cuda_shim::test {
namespace {

const cudaChannelFormatDesc kFloat = {32, 0, 0, 0, cudaChannelFormatKindFloat};
const cudaChannelFormatDesc kInt = {32, 0, 0, 0, cudaChannelFormatKindSigned};

cudaTextureDesc linear_reading() {
  cudaTextureDesc reading = {};
  reading.filterMode = cudaFilterModeLinear;
  reading.addressMode[1] = cudaAddressModeBorder;
  reading.normalizedCoords = 1;
  reading.borderColor[2] = 5;
  return reading;
}

class TextureObject : public testing::Test {
 protected:
  void make_array(const cudaChannelFormatDesc& channels) {
    ASSERT_EQ(cudaMallocArray(&array_, &channels, 8, 8, cudaArraySurfaceLoadStore), cudaSuccess);
    resource_.resType = cudaResourceTypeArray;
    resource_.res.array.array = array_;
  }
  void TearDown() override { EXPECT_EQ(cudaFreeArray(array_), cudaSuccess); }

  cudaArray_t array_ = nullptr;
  cudaResourceDesc resource_ = {};
};

TEST_F(TextureObject, IsDescribedAsItWasMade) {
  make_array(kFloat);
  const cudaTextureDesc asked = linear_reading();
  cudaTextureObject_t texture = 0;
  ASSERT_EQ(cudaCreateTextureObject(&texture, &resource_, &asked, nullptr), cudaSuccess);
  cudaResourceDesc resource = {};
  cudaTextureDesc reading = {};
  EXPECT_EQ(cudaGetTextureObjectResourceDesc(&resource, texture), cudaSuccess);
  EXPECT_EQ(resource.resType, cudaResourceTypeArray);
  EXPECT_EQ(resource.res.array.array, array_);
  EXPECT_EQ(cudaGetTextureObjectTextureDesc(&reading, texture), cudaSuccess);
  EXPECT_EQ(std::memcmp(&reading, &asked, sizeof reading), 0);
  EXPECT_EQ(cudaDestroyTextureObject(texture), cudaSuccess);
}

TEST_F(TextureObject, OfIntegersIsNotFilteredNorAreWideOnesNormalised) {
  make_array(kInt);
  cudaTextureDesc reading = linear_reading();
  cudaTextureObject_t texture = 0;
  EXPECT_EQ(cudaCreateTextureObject(&texture, &resource_, &reading, nullptr),
            cudaErrorInvalidFilterSetting);
  reading.readMode = cudaReadModeNormalizedFloat;
  EXPECT_EQ(cudaCreateTextureObject(&texture, &resource_, &reading, nullptr),
            cudaErrorInvalidNormSetting);
  cudaGetLastError();
}

TEST_F(TextureObject, OfPlainMemoryKeepsItsFormat) {
  void* memory = nullptr;
  ASSERT_EQ(cudaMalloc(&memory, 4096), cudaSuccess);
  resource_.resType = cudaResourceTypeLinear;
  resource_.res.linear = {memory, kInt, 4096};
  const cudaTextureDesc reading = {};
  cudaTextureObject_t texture = 0;
  ASSERT_EQ(cudaCreateTextureObject(&texture, &resource_, &reading, nullptr), cudaSuccess);
  cudaResourceDesc resource = {};
  EXPECT_EQ(cudaGetTextureObjectResourceDesc(&resource, texture), cudaSuccess);
  EXPECT_EQ(resource.res.linear.devPtr, memory);
  EXPECT_EQ(resource.res.linear.desc.x, 32);
  EXPECT_EQ(resource.res.linear.desc.f, cudaChannelFormatKindSigned);
  EXPECT_EQ(resource.res.linear.sizeInBytes, 4096u);
  EXPECT_EQ(cudaDestroyTextureObject(texture), cudaSuccess);
  resource_.res.linear.sizeInBytes = 8192;
  EXPECT_EQ(cudaCreateTextureObject(&texture, &resource_, &reading, nullptr),
            cudaErrorInvalidValue);
  cudaGetLastError();
  EXPECT_EQ(cudaFree(memory), cudaSuccess);
}

TEST_F(TextureObject, SurfacesAreOfArraysAlone) {
  make_array(kFloat);
  cudaSurfaceObject_t surface = 0;
  ASSERT_EQ(cudaCreateSurfaceObject(&surface, &resource_), cudaSuccess);
  cudaResourceDesc resource = {};
  EXPECT_EQ(cudaGetSurfaceObjectResourceDesc(&resource, surface), cudaSuccess);
  EXPECT_EQ(resource.res.array.array, array_);
  EXPECT_EQ(cudaDestroySurfaceObject(surface), cudaSuccess);
  resource_.resType = cudaResourceTypeLinear;
  resource_.res.linear = {nullptr, kFloat, 16};
  EXPECT_EQ(cudaCreateSurfaceObject(&surface, &resource_), cudaErrorInvalidValue);
  cudaGetLastError();
}

TEST_F(TextureObject, OfAViewIsCheckedAndDescribedByIt) {
  make_array(kInt);
  cudaTextureDesc asked = linear_reading();
  cudaResourceViewDesc view = {}, found = {};
  view.format = cudaResViewFormatFloat1;
  view.width = view.height = 8;
  cudaTextureObject_t texture = 0;
  ASSERT_EQ(cudaCreateTextureObject(&texture, &resource_, &asked, &view), cudaSuccess)
      << "floats can be filtered";
  EXPECT_EQ(cudaGetTextureObjectResourceViewDesc(&found, texture), cudaSuccess);
  EXPECT_EQ(std::memcmp(&found, &view, sizeof view), 0);
  EXPECT_EQ(cudaDestroyTextureObject(texture), cudaSuccess);
  view.format = cudaResViewFormatUnsignedInt1;
  EXPECT_EQ(cudaCreateTextureObject(&texture, &resource_, &asked, &view),
            cudaErrorInvalidFilterSetting);
  view.format = cudaResViewFormatFloat1;
  view.width = 9;
  EXPECT_EQ(cudaCreateTextureObject(&texture, &resource_, &asked, &view), cudaErrorInvalidValue);
  cudaGetLastError();
}

// What CUDA 11 does not have at the ends of the structures is neither read nor written.
TEST_F(TextureObject, OfCuda11HasShorterStructures) {
  make_array(kFloat);
  void* library = dlopen(OUR_LIBRARIES "/libcudart.so.11.0", RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(library, nullptr) << dlerror();
  auto create = reinterpret_cast<decltype(&cudaCreateTextureObject)>(
      dlsym(library, "cudaCreateTextureObject"));
  auto describe = reinterpret_cast<decltype(&cudaGetTextureObjectTextureDesc)>(
      dlsym(library, "cudaGetTextureObjectTextureDesc"));
  auto locate = reinterpret_cast<decltype(&cudaGetTextureObjectResourceDesc)>(
      dlsym(library, "cudaGetTextureObjectResourceDesc"));
  resource_.flags = 0xa5a5a5a5;
  cudaTextureDesc asked = linear_reading();
  asked.seamlessCubemap = 1;
  cudaTextureObject_t texture = 0;
  ASSERT_EQ(create(&texture, &resource_, &asked, nullptr), cudaSuccess);
  cudaTextureDesc reading = {};
  reading.seamlessCubemap = 77;
  ASSERT_EQ(describe(&reading, texture), cudaSuccess);
  EXPECT_EQ(reading.seamlessCubemap, 77);
  EXPECT_EQ(reading.borderColor[2], 5);
  cudaResourceDesc resource = {};
  resource.flags = 77;
  ASSERT_EQ(locate(&resource, texture), cudaSuccess);
  EXPECT_EQ(resource.flags, 77u);
  EXPECT_EQ(cudaDestroyTextureObject(texture), cudaSuccess);
}

}  // namespace
}  // namespace cuda_shim::test
