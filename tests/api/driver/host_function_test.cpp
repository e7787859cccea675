// What host functions in a stream may do, and when they are called.
#include <atomic>
#include <future>

#include "context_fixture.h"
#include "ptx_sources.h"

namespace {

using HostFunctions = ContextFixture;

struct Answers {
  CUcontext context;
  CUevent event;
  CUresult allocation, event_wait, stream_wait, destruction;
};

void call_cuda(void* argument) {
  auto* answers = static_cast<Answers*>(argument);
  CUdeviceptr memory = 0;
  cuCtxSetCurrent(answers->context);
  answers->allocation = cuMemAlloc(&memory, 16);
  answers->event_wait = cuEventSynchronize(answers->event);
  answers->stream_wait = cuStreamQuery(CU_STREAM_LEGACY);
  answers->destruction = cuDevicePrimaryCtxReset(0);
  cuCtxSetCurrent(nullptr);
}

void expect_refused(const Answers& answers) {
  EXPECT_EQ(answers.allocation, CUDA_ERROR_NOT_PERMITTED);
  EXPECT_EQ(answers.event_wait, CUDA_ERROR_NOT_PERMITTED);
  EXPECT_EQ(answers.stream_wait, CUDA_ERROR_NOT_PERMITTED);
  EXPECT_EQ(answers.destruction, CUDA_ERROR_NOT_PERMITTED);
}

TEST_F(HostFunctions, MayNotCallCuda) {
  Answers answers = {context_, nullptr, {}, {}, {}, {}};
  ASSERT_CU(cuEventCreate(&answers.event, 0));
  ASSERT_CU(cuLaunchHostFunc(nullptr, call_cuda, &answers));
  ASSERT_CU(cuCtxSynchronize());
  expect_refused(answers);
  answers = {context_, answers.event, {}, {}, {}, {}};
  auto callback = [](CUstream, CUresult, void* argument) { call_cuda(argument); };
  ASSERT_CU(cuStreamAddCallback(nullptr, callback, &answers, 0));
  ASSERT_CU(cuCtxSynchronize());
  expect_refused(answers);
}

TEST_F(HostFunctions, AreNotCalledAfterAFaultButCallbacksAre) {
  CUmodule module = nullptr;
  CUfunction write = nullptr;
  ASSERT_CU(cuModuleLoadData(&module, kFaults));
  ASSERT_CU(cuModuleGetFunction(&write, module, "write"));
  ASSERT_CU(cuFuncLoad(write));
  std::promise<void> open;
  std::future<void> opened = open.get_future();
  auto wait = [](void* future) { static_cast<std::future<void>*>(future)->wait(); };
  ASSERT_CU(cuLaunchHostFunc(nullptr, wait, &opened));
  CUdeviceptr nowhere = 8;
  void* parameters[] = {&nowhere};
  ASSERT_CU(cuLaunchKernel(write, 1, 1, 1, 1, 1, 1, 0, nullptr, parameters, nullptr));
  std::atomic<bool> called = false;
  std::atomic<CUresult> heard = CUDA_SUCCESS;
  ASSERT_CU(cuLaunchHostFunc(
      nullptr, [](void* flag) { static_cast<std::atomic<bool>*>(flag)->store(true); }, &called));
  ASSERT_CU(cuStreamAddCallback(
      nullptr,
      [](CUstream, CUresult result, void* place) {
        static_cast<std::atomic<CUresult>*>(place)->store(result);
      },
      &heard, 0));
  open.set_value();
  EXPECT_EQ(cuCtxSynchronize(), CUDA_ERROR_ILLEGAL_ADDRESS);
  EXPECT_FALSE(called);
  EXPECT_EQ(heard, CUDA_ERROR_ILLEGAL_ADDRESS);
}

}  // namespace
