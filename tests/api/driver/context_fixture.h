#pragma once
// A test in a context of the first device.

#include <cuda.h>
#include <gtest/gtest.h>

#include <string>

/// Success, or the name of the code.
inline testing::AssertionResult succeeded(CUresult result) {
  if (result == CUDA_SUCCESS) return testing::AssertionSuccess();
  const char* name = "?";
  cuGetErrorName(result, &name);
  return testing::AssertionFailure() << name;
}

#define EXPECT_CU(call) EXPECT_TRUE(succeeded(call)) << #call
#define ASSERT_CU(call) ASSERT_TRUE(succeeded(call)) << #call

class ContextFixture : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_CU(cuInit(0));
    ASSERT_CU(cuDeviceGet(&device_, 0));
    ASSERT_CU(cuCtxCreate(&context_, nullptr, 0, device_));
  }
  void TearDown() override {
    if (context_ != nullptr) cuCtxDestroy(context_);
  }

  CUdevice device_ = 0;
  CUcontext context_ = nullptr;
};
