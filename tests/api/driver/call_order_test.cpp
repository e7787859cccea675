// What is answered before cuInit, without a context, and for handles that are none.
#include <cstdlib>
#include <thread>

#include "context_fixture.h"

namespace {

void call_before_init() {
  int count = -1;
  EXPECT_EQ(cuDeviceGetCount(&count), CUDA_ERROR_NOT_INITIALIZED);
  EXPECT_EQ(cuCtxSynchronize(), CUDA_ERROR_NOT_INITIALIZED);
  int version = 0;
  EXPECT_CU(cuDriverGetVersion(&version));
  EXPECT_EQ(version, 13000);
  std::exit(testing::Test::HasFailure() ? 1 : 0);
}

// In a process of its own, where no test has called cuInit.
TEST(BeforeInitDeathTest, CallsAreNotInitialized) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(call_before_init(), testing::ExitedWithCode(0), "");
}

TEST(Init, TakesNoFlags) {
  EXPECT_EQ(cuInit(1), CUDA_ERROR_INVALID_VALUE);
  EXPECT_CU(cuInit(0));
  EXPECT_CU(cuInit(0));
}

TEST(WithoutContext, CallsAreRefused) {
  ASSERT_CU(cuInit(0));
  CUdeviceptr memory = 0;
  EXPECT_EQ(cuMemAlloc(&memory, 16), CUDA_ERROR_INVALID_CONTEXT);
  EXPECT_EQ(cuStreamSynchronize(nullptr), CUDA_ERROR_INVALID_CONTEXT);
  CUcontext current = reinterpret_cast<CUcontext>(1);
  EXPECT_CU(cuCtxGetCurrent(&current));
  EXPECT_EQ(current, nullptr);
  EXPECT_EQ(cuCtxPopCurrent(&current), CUDA_ERROR_INVALID_CONTEXT);
}

using Handles = ContextFixture;

TEST_F(Handles, GarbageAndFreedOnesAreRefused) {
  auto* garbage = reinterpret_cast<CUstream>(0x1234567890);
  EXPECT_EQ(cuStreamSynchronize(garbage), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(cuEventQuery(reinterpret_cast<CUevent>(garbage)), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(cuModuleUnload(reinterpret_cast<CUmodule>(garbage)), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(cuCtxSetCurrent(reinterpret_cast<CUcontext>(garbage)), CUDA_ERROR_INVALID_CONTEXT);
  CUevent event = nullptr;
  ASSERT_CU(cuEventCreate(&event, 0));
  EXPECT_EQ(cuStreamSynchronize(reinterpret_cast<CUstream>(event)), CUDA_ERROR_INVALID_HANDLE)
      << "of another kind";
  ASSERT_CU(cuEventDestroy(event));
  EXPECT_EQ(cuEventQuery(event), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(cuEventDestroy(event), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(cuLaunchKernel(nullptr, 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, nullptr),
            CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(Handles, ADestroyedContextIsSaidToBeSo) {
  CUcontext gone = context_;
  std::thread([&] {
    ASSERT_CU(cuCtxSetCurrent(gone));
    cuCtxDestroy(gone);  // current here: popped
    EXPECT_EQ(cuCtxSynchronize(), CUDA_ERROR_INVALID_CONTEXT);
  }).join();
  context_ = nullptr;
  EXPECT_EQ(cuCtxSynchronize(), CUDA_ERROR_CONTEXT_IS_DESTROYED);
  EXPECT_EQ(cuCtxDestroy(gone), CUDA_ERROR_INVALID_CONTEXT);
}

TEST_F(Handles, FlagsThatAreUnknownAreRefused) {
  CUstream stream = nullptr;
  EXPECT_EQ(cuStreamCreate(&stream, 0x80), CUDA_ERROR_INVALID_VALUE);
  CUevent event = nullptr;
  EXPECT_EQ(cuEventCreate(&event, 0x80), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuEventCreate(&event, CU_EVENT_INTERPROCESS | CU_EVENT_DISABLE_TIMING),
            CUDA_ERROR_NOT_SUPPORTED);
  CUcontext context = nullptr;
  EXPECT_EQ(cuCtxCreate(&context, nullptr, 0x80000000, device_), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuCtxCreate(&context, nullptr, 0, 99), CUDA_ERROR_INVALID_DEVICE);
}

}  // namespace
