// The order of work in and between streams. Work is held back by a host function that waits until
// the test lets it go.
#include <atomic>
#include <cstring>
#include <future>
#include <thread>
#include <vector>

#include "context_fixture.h"
#include "gate.h"

// Per-thread siblings, which cuda.h declares only for code that is compiled for them.
extern "C" CUresult cuLaunchHostFunc_ptsz(CUstream, CUhostFn, void*);
extern "C" CUresult cuStreamSynchronize_ptsz(CUstream);

namespace {

void raise(void* flag) {
  static_cast<std::atomic<bool>*>(flag)->store(true);
}

class Streams : public ContextFixture {
 protected:
  CUstream make(unsigned flags) {
    CUstream stream = nullptr;
    EXPECT_CU(cuStreamCreate(&stream, flags));
    return stream;
  }
};

TEST_F(Streams, AreAsynchronous) {
  CUstream stream = make(CU_STREAM_NON_BLOCKING);
  Gate gate;
  gate.close(stream);
  EXPECT_EQ(cuStreamQuery(stream), CUDA_ERROR_NOT_READY);
  gate.open();
  EXPECT_CU(cuStreamSynchronize(stream));
  EXPECT_CU(cuStreamQuery(stream));
}

TEST_F(Streams, NonBlockingOnesPassTheLegacyStream) {
  CUstream stream = make(CU_STREAM_NON_BLOCKING);
  Gate gate;
  gate.close(nullptr);
  std::atomic<bool> done = false;
  ASSERT_CU(cuLaunchHostFunc(stream, raise, &done));
  EXPECT_CU(cuStreamSynchronize(stream));
  EXPECT_TRUE(done);
  EXPECT_EQ(cuStreamQuery(nullptr), CUDA_ERROR_NOT_READY);
  gate.open();
  EXPECT_CU(cuCtxSynchronize());
}

TEST_F(Streams, BlockingOnesWaitForTheLegacyStream) {
  CUstream stream = make(0);
  Gate gate;
  gate.close(nullptr);
  std::atomic<bool> done = false;
  ASSERT_CU(cuLaunchHostFunc(stream, raise, &done));
  EXPECT_EQ(cuStreamQuery(stream), CUDA_ERROR_NOT_READY);
  EXPECT_FALSE(done);
  gate.open();
  EXPECT_CU(cuStreamSynchronize(stream));
  EXPECT_TRUE(done);
}

TEST_F(Streams, TheLegacyStreamWaitsForBlockingOnes) {
  CUstream stream = make(0);
  Gate gate;
  gate.close(stream);
  std::atomic<bool> done = false;
  ASSERT_CU(cuLaunchHostFunc(nullptr, raise, &done));
  EXPECT_EQ(cuStreamQuery(nullptr), CUDA_ERROR_NOT_READY);
  EXPECT_FALSE(done);
  gate.open();
  EXPECT_CU(cuStreamSynchronize(nullptr));
  EXPECT_TRUE(done);
}

TEST_F(Streams, TheLegacyStreamWaitsForWorkOfADestroyedOne) {
  CUstream stream = make(0);
  Gate gate;
  gate.close(stream);
  EXPECT_CU(cuStreamDestroy(stream)) << "returns although work is pending";
  EXPECT_EQ(cuStreamQuery(stream), CUDA_ERROR_INVALID_HANDLE);
  std::atomic<bool> done = false;
  ASSERT_CU(cuLaunchHostFunc(nullptr, raise, &done));
  EXPECT_FALSE(done);
  gate.open();
  EXPECT_CU(cuCtxSynchronize());
  EXPECT_TRUE(done);
}

TEST_F(Streams, BlockingOnesDoNotWaitForEachOther) {
  CUstream first = make(0), second = make(0);
  Gate gate;
  gate.close(first);
  std::atomic<bool> done = false;
  ASSERT_CU(cuLaunchHostFunc(second, raise, &done));
  EXPECT_CU(cuStreamSynchronize(second));
  EXPECT_TRUE(done);
  gate.open();
  EXPECT_CU(cuStreamSynchronize(first)) << "before the gate goes";
}

TEST_F(Streams, PerThreadDefaultStreamsAreOrderedWithTheLegacyOne) {
  Gate gate;
  gate.close(nullptr);
  std::atomic<bool> done = false;
  ASSERT_CU(cuLaunchHostFunc_ptsz(nullptr, raise, &done));
  EXPECT_EQ(cuStreamQuery(CU_STREAM_PER_THREAD), CUDA_ERROR_NOT_READY);
  gate.open();
  EXPECT_CU(cuStreamSynchronize_ptsz(nullptr));
  EXPECT_TRUE(done);
}

TEST_F(Streams, AnEventOrdersTwoStreams) {
  CUstream first = make(CU_STREAM_NON_BLOCKING), second = make(CU_STREAM_NON_BLOCKING);
  CUevent event = nullptr;
  ASSERT_CU(cuEventCreate(&event, CU_EVENT_DISABLE_TIMING));
  Gate gate;
  gate.close(first);
  ASSERT_CU(cuEventRecord(event, first));
  EXPECT_EQ(cuEventQuery(event), CUDA_ERROR_NOT_READY);
  ASSERT_CU(cuStreamWaitEvent(second, event, 0));
  std::atomic<bool> done = false;
  ASSERT_CU(cuLaunchHostFunc(second, raise, &done));
  EXPECT_EQ(cuStreamQuery(second), CUDA_ERROR_NOT_READY);
  EXPECT_FALSE(done);
  gate.open();
  EXPECT_CU(cuStreamSynchronize(second));
  EXPECT_TRUE(done);
  EXPECT_CU(cuEventQuery(event));
}

TEST_F(Streams, AnEventOrdersStreamsOfTwoContexts) {
  CUstream here = make(CU_STREAM_NON_BLOCKING);
  CUevent event = nullptr;
  ASSERT_CU(cuEventCreate(&event, 0));
  Gate gate;
  gate.close(here);
  ASSERT_CU(cuEventRecord(event, here));
  CUcontext other = nullptr;
  ASSERT_CU(cuCtxCreate(&other, nullptr, 0, device_));
  CUstream there = make(CU_STREAM_NON_BLOCKING);
  ASSERT_CU(cuStreamWaitEvent(there, event, 0));
  std::atomic<bool> done = false;
  ASSERT_CU(cuLaunchHostFunc(there, raise, &done));
  EXPECT_FALSE(done);
  gate.open();
  EXPECT_CU(cuStreamSynchronize(there));
  EXPECT_TRUE(done);
  EXPECT_CU(cuCtxDestroy(other));
}

TEST_F(Streams, PageableSourcesMayChangeOnceTheCallReturned) {
  CUstream stream = make(CU_STREAM_NON_BLOCKING);
  CUdeviceptr memory = 0;
  ASSERT_CU(cuMemAlloc(&memory, 4096));
  std::vector<char> pageable(4096, 'a');
  Gate gate;
  gate.close(stream);
  ASSERT_CU(cuMemcpyHtoDAsync(memory, pageable.data(), 4096, stream));
  std::memset(pageable.data(), 'b', 4096);
  gate.open();
  EXPECT_CU(cuStreamSynchronize(stream));
  ASSERT_CU(cuMemcpyDtoH(pageable.data(), memory, 4096));
  EXPECT_EQ(pageable, std::vector<char>(4096, 'a'));
}

TEST_F(Streams, PinnedSourcesAreReadInTheirTurn) {
  CUstream stream = make(CU_STREAM_NON_BLOCKING);
  CUdeviceptr memory = 0;
  ASSERT_CU(cuMemAlloc(&memory, 16));
  void* pinned = nullptr;
  ASSERT_CU(cuMemAllocHost(&pinned, 16));
  std::memset(pinned, 'a', 16);
  Gate gate;
  gate.close(stream);
  ASSERT_CU(cuMemcpyHtoDAsync(memory, pinned, 16, stream));
  std::memset(pinned, 'b', 16);
  gate.open();
  EXPECT_CU(cuStreamSynchronize(stream));
  char first = 0;
  ASSERT_CU(cuMemcpyDtoH(&first, memory, 1));
  EXPECT_EQ(first, 'b');
}

TEST_F(Streams, WaitForAWordOfMemory) {
  CUstream stream = make(CU_STREAM_NON_BLOCKING);
  CUdeviceptr word = 0;
  ASSERT_CU(cuMemAlloc(&word, 8));
  ASSERT_CU(cuMemsetD32(word, 0, 2));
  ASSERT_CU(cuCtxSynchronize());
  ASSERT_CU(cuStreamWaitValue32(stream, word, 3, CU_STREAM_WAIT_VALUE_GEQ));
  std::atomic<bool> done = false;
  ASSERT_CU(cuLaunchHostFunc(stream, raise, &done));
  CUstream writer = make(CU_STREAM_NON_BLOCKING);
  ASSERT_CU(cuStreamWriteValue32(writer, word, 2, 0));
  ASSERT_CU(cuStreamSynchronize(writer));
  EXPECT_EQ(cuStreamQuery(stream), CUDA_ERROR_NOT_READY);
  EXPECT_FALSE(done);
  ASSERT_CU(cuStreamWriteValue32(writer, word, 4, 0));
  EXPECT_CU(cuStreamSynchronize(stream));
  EXPECT_TRUE(done);
  EXPECT_EQ(cuStreamWaitValue32(stream, word + 2, 0, 0), CUDA_ERROR_INVALID_VALUE) << "misaligned";
}

TEST_F(Streams, CallbacksHearStreamStatusAndData) {
  struct Heard {
    CUstream stream;
    CUresult status;
  } heard = {nullptr, CUDA_ERROR_UNKNOWN};
  CUstream stream = make(0);
  auto callback = [](CUstream s, CUresult r, void* data) { *static_cast<Heard*>(data) = {s, r}; };
  ASSERT_CU(cuStreamAddCallback(stream, callback, &heard, 0));
  ASSERT_CU(cuStreamSynchronize(stream));
  EXPECT_EQ(heard.stream, stream);
  EXPECT_EQ(heard.status, CUDA_SUCCESS);
}

TEST_F(Streams, TimesGoForward) {
  CUevent start = nullptr, end = nullptr;
  ASSERT_CU(cuEventCreate(&start, 0));
  ASSERT_CU(cuEventCreate(&end, 0));
  float time = -1;
  EXPECT_EQ(cuEventElapsedTime(&time, start, end), CUDA_ERROR_INVALID_HANDLE) << "never recorded";
  ASSERT_CU(cuEventRecord(start, nullptr));
  CUdeviceptr memory = 0;
  ASSERT_CU(cuMemAlloc(&memory, 32 << 20));
  ASSERT_CU(cuMemsetD8(memory, 1, 32 << 20));
  ASSERT_CU(cuEventRecord(end, nullptr));
  ASSERT_CU(cuEventSynchronize(end));
  ASSERT_CU(cuEventElapsedTime(&time, start, end));
  EXPECT_GT(time, 0.0f);
  EXPECT_LT(time, 10000.0f);
}

TEST_F(Streams, ManyThreadsShareThem) {
  CUstream shared = make(0);
  std::atomic<int> calls = 0;
  auto count = [](void* counter) { ++*static_cast<std::atomic<int>*>(counter); };
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      ASSERT_CU(cuCtxSetCurrent(context_));
      for (int i = 0; i < 100; ++i)
        ASSERT_CU(cuLaunchHostFunc((i + t) % 3 ? shared : nullptr, count, &calls));
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_CU(cuCtxSynchronize());
  EXPECT_EQ(calls, 400);
}

TEST_F(Streams, MemoryIsAllocatedAndFreedInOrder) {
  CUstream stream = make(0);
  CUdeviceptr memory = 0;
  ASSERT_CU(cuMemAllocAsync(&memory, 1024, stream));
  ASSERT_CU(cuMemsetD8Async(memory, 7, 1024, stream));
  unsigned char last = 0;
  ASSERT_CU(cuMemcpyDtoHAsync(&last, memory + 1023, 1, stream));
  ASSERT_CU(cuMemFreeAsync(memory, stream));
  ASSERT_CU(cuStreamSynchronize(stream));
  EXPECT_EQ(last, 7);
  EXPECT_EQ(cuMemFreeAsync(memory, stream), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(Streams, NothingIsBeingCaptured) {
  CUstreamCaptureStatus status = CU_STREAM_CAPTURE_STATUS_ACTIVE;
  ASSERT_CU(cuStreamIsCapturing(nullptr, &status));
  EXPECT_EQ(status, CU_STREAM_CAPTURE_STATUS_NONE);
  CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_RELAXED;
  ASSERT_CU(cuThreadExchangeStreamCaptureMode(&mode));
  EXPECT_EQ(mode, CU_STREAM_CAPTURE_MODE_GLOBAL);
  ASSERT_CU(cuThreadExchangeStreamCaptureMode(&mode));
  EXPECT_EQ(mode, CU_STREAM_CAPTURE_MODE_RELAXED);
}

}  // namespace
