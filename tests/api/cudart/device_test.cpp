// Devices: choosing one, what is known of it, resetting it.

#include <cuda.h>
#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <thread>

namespace cuda_shim::test {
namespace {

int attribute(cudaDeviceAttr which) {
  int value = -1;
  EXPECT_EQ(cudaDeviceGetAttribute(&value, which, 0), cudaSuccess);
  return value;
}

TEST(Device, IsThereAndIsTheFirstByDefault) {
  int count = 0, device = -1;
  ASSERT_EQ(cudaGetDeviceCount(&count), cudaSuccess);
  EXPECT_GE(count, 1);
  std::thread([&] { EXPECT_EQ(cudaGetDevice(&device), cudaSuccess); }).join();
  EXPECT_EQ(device, 0);
}

TEST(Device, ThatDoesNotExistIsRefused) {
  int count = 0, value;
  ASSERT_EQ(cudaGetDeviceCount(&count), cudaSuccess);
  cudaDeviceProp properties;
  EXPECT_EQ(cudaSetDevice(count), cudaErrorInvalidDevice);
  EXPECT_EQ(cudaSetDevice(-1), cudaErrorInvalidDevice);
  EXPECT_EQ(cudaGetDeviceProperties(&properties, count), cudaErrorInvalidDevice);
  EXPECT_EQ(cudaDeviceGetAttribute(&value, cudaDevAttrWarpSize, count), cudaErrorInvalidDevice);
}

TEST(Device, HasPropertiesThatAgreeWithItsAttributes) {
  cudaDeviceProp properties;
  ASSERT_EQ(cudaGetDeviceProperties(&properties, 0), cudaSuccess);
  EXPECT_GT(std::string(properties.name).size(), 0u);
  EXPECT_GT(properties.totalGlobalMem, 1u << 20);
  EXPECT_EQ(properties.warpSize, 32);
  EXPECT_EQ(properties.major, attribute(cudaDevAttrComputeCapabilityMajor));
  EXPECT_EQ(properties.multiProcessorCount, attribute(cudaDevAttrMultiProcessorCount));
  EXPECT_EQ(properties.maxThreadsDim[2], attribute(cudaDevAttrMaxBlockDimZ));
  EXPECT_EQ(properties.maxGridSize[0], attribute(cudaDevAttrMaxGridDimX));
  EXPECT_EQ(properties.sharedMemPerBlock,
            static_cast<size_t>(attribute(cudaDevAttrMaxSharedMemoryPerBlock)));
}

TEST(Device, IsChosenByWhatIsWanted) {
  cudaDeviceProp wanted = {};
  wanted.major = 5;
  int device = -1;
  ASSERT_EQ(cudaChooseDevice(&device, &wanted), cudaSuccess);
  EXPECT_GE(device, 0);
}

TEST(Device, HasAPciAddressThatLeadsBack) {
  char id[32];
  int device = -1;
  ASSERT_EQ(cudaDeviceGetPCIBusId(id, sizeof id, 0), cudaSuccess);
  ASSERT_EQ(cudaDeviceGetByPCIBusId(&device, id), cudaSuccess);
  EXPECT_EQ(device, 0);
}

TEST(Device, KeepsALimitThatWasSet) {
  size_t value = 0;
  ASSERT_EQ(cudaDeviceSetLimit(cudaLimitPrintfFifoSize, 4 << 20), cudaSuccess);
  ASSERT_EQ(cudaDeviceGetLimit(&value, cudaLimitPrintfFifoSize), cudaSuccess);
  EXPECT_GE(value, 4u << 20);
  EXPECT_EQ(cudaDeviceGetLimit(&value, static_cast<cudaLimit>(1000)), cudaErrorUnsupportedLimit);
}

TEST(Device, CannotBeAPeerOfItself) {
  int can = -1;
  ASSERT_EQ(cudaDeviceCanAccessPeer(&can, 0, 0), cudaSuccess);
  EXPECT_EQ(can, 0);
}

TEST(Device, WorksOnAfterAReset) {
  void* pointer = nullptr;
  ASSERT_EQ(cudaMalloc(&pointer, 64), cudaSuccess);
  ASSERT_EQ(cudaDeviceReset(), cudaSuccess);
  ASSERT_EQ(cudaMalloc(&pointer, 64), cudaSuccess);
  EXPECT_EQ(cudaFree(pointer), cudaSuccess);
}

TEST(Device, WorksOnInAnotherThreadAfterAReset) {
  ASSERT_EQ(cudaFree(nullptr), cudaSuccess);
  std::thread([] { EXPECT_EQ(cudaDeviceReset(), cudaSuccess); }).join();
  void* pointer = nullptr;
  ASSERT_EQ(cudaMalloc(&pointer, 64), cudaSuccess);
  EXPECT_EQ(cudaFree(pointer), cudaSuccess);
}

TEST(Context, OfTheDriverApiIsUsed) {
  CUcontext mine = nullptr, current = nullptr;
  ASSERT_EQ(cuInit(0), CUDA_SUCCESS);
  ASSERT_EQ(cuCtxCreate(&mine, nullptr, 0, 0), CUDA_SUCCESS);
  void* pointer = nullptr;
  ASSERT_EQ(cudaMalloc(&pointer, 64), cudaSuccess);
  ASSERT_EQ(cuCtxGetCurrent(&current), CUDA_SUCCESS);
  EXPECT_EQ(current, mine);
  CUcontext owner = nullptr;
  EXPECT_EQ(cuPointerGetAttribute(&owner, CU_POINTER_ATTRIBUTE_CONTEXT,
                                  reinterpret_cast<CUdeviceptr>(pointer)),
            CUDA_SUCCESS);
  EXPECT_EQ(owner, mine);
  EXPECT_EQ(cudaFree(pointer), cudaSuccess);
  EXPECT_EQ(cuCtxDestroy(mine), CUDA_SUCCESS);
}

TEST(Version, IsThatOfTheToolkitAndTheDriver) {
  int runtime = 0, driver = 0;
  ASSERT_EQ(cudaRuntimeGetVersion(&runtime), cudaSuccess);
  ASSERT_EQ(cudaDriverGetVersion(&driver), cudaSuccess);
  EXPECT_EQ(runtime, 13000);
  EXPECT_GE(driver, runtime);
}

TEST(DriverEntryPoint, IsFoundByName) {
  void* function = nullptr;
  cudaDriverEntryPointQueryResult status;
  ASSERT_EQ(cudaGetDriverEntryPointByVersion("cuDriverGetVersion", &function, 13000,
                                             cudaEnableDefault, &status),
            cudaSuccess);
  ASSERT_EQ(status, cudaDriverEntryPointSuccess);
  int version = 0;
  EXPECT_EQ(reinterpret_cast<CUresult (*)(int*)>(function)(&version), CUDA_SUCCESS);
  EXPECT_GE(version, 13000);
}

TEST(DriverEntryPoint, ThatDoesNotExistIsAStatus) {
  void* function = &function;
  cudaDriverEntryPointQueryResult status;
  EXPECT_EQ(cudaGetDriverEntryPointByVersion("cuNoSuchThing", &function, 13000, cudaEnableDefault,
                                             &status),
            cudaSuccess);
  EXPECT_EQ(status, cudaDriverEntryPointSymbolNotFound);
  EXPECT_EQ(function, nullptr);
}

}  // namespace
}  // namespace cuda_shim::test
