// Several streams with asynchronous copies; events order them, are asked whether they have
// happened, and measure time.

#include <vector>

#include "../sample.h"

constexpr int kStreams = 4;
constexpr int kPart = 1 << 14;

__global__ void square(int* values, int count) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count) values[i] *= values[i];
}

__global__ void add_up(const int* parts, int* sums, int count) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= count) return;
  int sum = 0;
  for (int part = 0; part < kStreams; ++part) sum += parts[part * count + i];
  sums[i] = sum;
}

int main() {
  constexpr std::size_t kPartBytes = kPart * sizeof(int);
  int *host, *sums, *device, *device_sums;
  SAMPLE_CHECK(cudaMallocHost(&host, kStreams * kPartBytes));
  SAMPLE_CHECK(cudaMallocHost(&sums, kPartBytes));
  SAMPLE_CHECK(cudaMalloc(&device, kStreams * kPartBytes));
  SAMPLE_CHECK(cudaMalloc(&device_sums, kPartBytes));
  for (int i = 0; i < kStreams * kPart; ++i) host[i] = i % 100;

  cudaStream_t streams[kStreams], last;
  cudaEvent_t squared[kStreams], start, stop;
  SAMPLE_CHECK(cudaStreamCreateWithFlags(&last, cudaStreamNonBlocking));
  SAMPLE_CHECK(cudaEventCreate(&start));
  SAMPLE_CHECK(cudaEventCreate(&stop));
  SAMPLE_CHECK(cudaEventRecord(start, last));
  for (int i = 0; i < kStreams; ++i) {
    SAMPLE_CHECK(cudaStreamCreateWithPriority(&streams[i], cudaStreamNonBlocking, 0));
    SAMPLE_CHECK(cudaEventCreateWithFlags(&squared[i], cudaEventDisableTiming));
    SAMPLE_CHECK(cudaMemcpyAsync(device + i * kPart, host + i * kPart, kPartBytes,
                                 cudaMemcpyHostToDevice, streams[i]));
    square<<<kPart / 256, 256, 0, streams[i]>>>(device + i * kPart, kPart);
    SAMPLE_CHECK(cudaEventRecord(squared[i], streams[i]));
    SAMPLE_CHECK(cudaStreamWaitEvent(last, squared[i], 0));
  }
  add_up<<<kPart / 256, 256, 0, last>>>(device, device_sums, kPart);
  SAMPLE_CHECK(cudaMemcpyAsync(sums, device_sums, kPartBytes, cudaMemcpyDeviceToHost, last));
  SAMPLE_CHECK(cudaEventRecord(stop, last));
  SAMPLE_CHECK(cudaEventSynchronize(stop));

  bool right = true;
  for (int i = 0; i < kPart; ++i) {
    int expected = 0;
    for (int part = 0; part < kStreams; ++part)
      expected += host[part * kPart + i] * host[part * kPart + i];
    right = right && sums[i] == expected;
  }
  float milliseconds = -1;
  SAMPLE_CHECK(cudaEventElapsedTime(&milliseconds, start, stop));
  std::printf("%.3f ms\n", milliseconds);
  right = right && milliseconds > 0;
  right = right && cudaEventQuery(stop) == cudaSuccess && cudaStreamQuery(last) == cudaSuccess;
  // An event without timing cannot measure.
  right = right &&
          cudaEventElapsedTime(&milliseconds, start, squared[0]) == cudaErrorInvalidResourceHandle;
  cudaGetLastError();

  for (int i = 0; i < kStreams; ++i) {
    SAMPLE_CHECK(cudaEventDestroy(squared[i]));
    SAMPLE_CHECK(cudaStreamDestroy(streams[i]));
  }
  SAMPLE_CHECK(cudaStreamDestroy(last));
  SAMPLE_CHECK(cudaDeviceSynchronize());
  return finish(right, "a sum, a time or a state is wrong");
}
