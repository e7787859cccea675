// Streams, events and host functions, and the two meanings of stream 0.

#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>

extern "C" {
cudaError_t cudaLaunchHostFunc_ptsz(cudaStream_t stream, cudaHostFn_t function, void* user);
cudaError_t cudaStreamSynchronize_ptsz(cudaStream_t stream);
cudaError_t cudaStreamQuery_ptsz(cudaStream_t stream);
cudaError_t cudaMemcpy_ptds(void* to, const void* from, size_t count, cudaMemcpyKind kind);
}

namespace cuda_shim::test {
namespace {

class Stream : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(cudaStreamCreate(&stream_), cudaSuccess); }
  void TearDown() override { EXPECT_EQ(cudaStreamDestroy(stream_), cudaSuccess); }
  cudaStream_t stream_ = nullptr;
};

void wait(void* latch) {
  static_cast<std::latch*>(latch)->wait();
}
void count_up(void* counter) {
  ++*static_cast<std::atomic<int>*>(counter);
}

TEST_F(Stream, RunsHostFunctionsInOrder) {
  std::latch gate(1);
  std::atomic<int> count = 0;
  ASSERT_EQ(cudaLaunchHostFunc(stream_, wait, &gate), cudaSuccess);
  ASSERT_EQ(cudaLaunchHostFunc(stream_, count_up, &count), cudaSuccess);
  EXPECT_EQ(cudaStreamQuery(stream_), cudaErrorNotReady);
  EXPECT_EQ(count, 0);
  gate.count_down();
  ASSERT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
  EXPECT_EQ(count, 1);
  EXPECT_EQ(cudaStreamQuery(stream_), cudaSuccess);
}

TEST_F(Stream, TellsItsCallbackTheStatus) {
  struct Seen {
    cudaStream_t stream;
    cudaError_t status;
  } seen = {nullptr, cudaErrorUnknown};
  auto callback = [](cudaStream_t stream, cudaError_t status, void* user) {
    *static_cast<Seen*>(user) = {stream, status};
  };
  ASSERT_EQ(cudaStreamAddCallback(stream_, callback, &seen, 0), cudaSuccess);
  ASSERT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
  EXPECT_EQ(seen.stream, stream_);
  EXPECT_EQ(seen.status, cudaSuccess);
}

TEST_F(Stream, WaitsForAnEventOfAnother) {
  cudaStream_t other;
  cudaEvent_t event;
  std::latch gate(1);
  std::atomic<int> count = 0;
  ASSERT_EQ(cudaStreamCreateWithFlags(&other, cudaStreamNonBlocking), cudaSuccess);
  ASSERT_EQ(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), cudaSuccess);
  ASSERT_EQ(cudaLaunchHostFunc(other, wait, &gate), cudaSuccess);
  ASSERT_EQ(cudaEventRecord(event, other), cudaSuccess);
  ASSERT_EQ(cudaStreamWaitEvent(stream_, event, 0), cudaSuccess);
  ASSERT_EQ(cudaLaunchHostFunc(stream_, count_up, &count), cudaSuccess);
  EXPECT_EQ(cudaEventQuery(event), cudaErrorNotReady);
  EXPECT_EQ(count, 0);
  gate.count_down();
  ASSERT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
  EXPECT_EQ(count, 1);
  EXPECT_EQ(cudaEventDestroy(event), cudaSuccess);
  EXPECT_EQ(cudaStreamDestroy(other), cudaSuccess);
  cudaGetLastError();
}

TEST_F(Stream, IsNotCapturing) {
  cudaStreamCaptureStatus status = cudaStreamCaptureStatusActive;
  ASSERT_EQ(cudaStreamIsCapturing(stream_, &status), cudaSuccess);
  EXPECT_EQ(status, cudaStreamCaptureStatusNone);
  status = cudaStreamCaptureStatusActive;
  ASSERT_EQ(cudaStreamGetCaptureInfo(stream_, &status, nullptr, nullptr, nullptr, nullptr, nullptr),
            cudaSuccess);
  EXPECT_EQ(status, cudaStreamCaptureStatusNone);
}

TEST_F(Stream, KnowsItsFlagsAndPriority) {
  cudaStream_t other;
  int least = 1, greatest = 1, priority = 1;
  unsigned flags = 0;
  ASSERT_EQ(cudaDeviceGetStreamPriorityRange(&least, &greatest), cudaSuccess);
  EXPECT_LE(greatest, least);
  ASSERT_EQ(cudaStreamCreateWithPriority(&other, cudaStreamNonBlocking, greatest), cudaSuccess);
  ASSERT_EQ(cudaStreamGetFlags(other, &flags), cudaSuccess);
  ASSERT_EQ(cudaStreamGetPriority(other, &priority), cudaSuccess);
  EXPECT_EQ(flags, static_cast<unsigned>(cudaStreamNonBlocking));
  EXPECT_EQ(priority, greatest);
  EXPECT_EQ(cudaStreamDestroy(other), cudaSuccess);
}

TEST(StreamHandle, ThatIsNoneIsRefused) {
  auto* garbage = reinterpret_cast<cudaStream_t>(0x12345678);
  EXPECT_EQ(cudaStreamSynchronize(garbage), cudaErrorInvalidResourceHandle);
  EXPECT_EQ(cudaStreamDestroy(garbage), cudaErrorInvalidResourceHandle);
  cudaGetLastError();
}

TEST(Event, MeasuresTimeBetweenRecords) {
  cudaEvent_t start, end;
  float milliseconds = -1;
  ASSERT_EQ(cudaEventCreate(&start), cudaSuccess);
  ASSERT_EQ(cudaEventCreate(&end), cudaSuccess);
  ASSERT_EQ(cudaEventRecord(start, nullptr), cudaSuccess);
  ASSERT_EQ(cudaEventRecord(end, nullptr), cudaSuccess);
  ASSERT_EQ(cudaEventSynchronize(end), cudaSuccess);
  ASSERT_EQ(cudaEventElapsedTime(&milliseconds, start, end), cudaSuccess);
  EXPECT_GE(milliseconds, 0.0f);
  EXPECT_EQ(cudaEventDestroy(start), cudaSuccess);
  EXPECT_EQ(cudaEventDestroy(end), cudaSuccess);
}

TEST(DefaultStream, IsTheThreadsOwnUnderTheOtherNames) {
  std::latch gate(1);
  ASSERT_EQ(cudaLaunchHostFunc_ptsz(nullptr, wait, &gate), cudaSuccess);
  EXPECT_EQ(cudaStreamQuery_ptsz(nullptr), cudaErrorNotReady);
  EXPECT_EQ(cudaStreamQuery(cudaStreamPerThread), cudaErrorNotReady);
  gate.count_down();
  EXPECT_EQ(cudaStreamSynchronize_ptsz(nullptr), cudaSuccess);
  int from = 5, to = 0;
  EXPECT_EQ(cudaMemcpy_ptds(&to, &from, sizeof to, cudaMemcpyHostToHost), cudaSuccess);
  EXPECT_EQ(to, 5);
  cudaGetLastError();
}

TEST(DefaultStream, OfLegacyKindWaitsForBlockingStreams) {
  cudaStream_t stream;
  std::latch gate(1);
  std::atomic<int> count = 0;
  ASSERT_EQ(cudaStreamCreate(&stream), cudaSuccess);
  ASSERT_EQ(cudaLaunchHostFunc(stream, wait, &gate), cudaSuccess);
  ASSERT_EQ(cudaLaunchHostFunc(nullptr, count_up, &count), cudaSuccess);
  EXPECT_EQ(cudaStreamQuery(nullptr), cudaErrorNotReady);
  gate.count_down();
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_EQ(count, 1);
  EXPECT_EQ(cudaStreamDestroy(stream), cudaSuccess);
  cudaGetLastError();
}

}  // namespace
}  // namespace cuda_shim::test
