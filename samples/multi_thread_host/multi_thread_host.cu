// Many host threads use the device at once, each with a stream of its own; the last error belongs
// to its thread.

#include <atomic>
#include <thread>
#include <vector>

#include "../sample.h"

__global__ void multiply_add(int* values, int count, int factor) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count) values[i] = values[i] * factor + i;
}

bool work(int thread) {
  constexpr int kCount = 3000;
  std::vector<int> values(kCount, 1);
  int* device;
  cudaStream_t stream;
  SAMPLE_CHECK(cudaSetDevice(0));
  SAMPLE_CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  SAMPLE_CHECK(cudaMalloc(&device, kCount * sizeof(int)));
  SAMPLE_CHECK(
      cudaMemcpyAsync(device, values.data(), kCount * sizeof(int), cudaMemcpyHostToDevice, stream));
  for (int round = 0; round < 10; ++round)
    multiply_add<<<(kCount + 127) / 128, 128, 0, stream>>>(device, kCount, thread % 3);
  SAMPLE_CHECK(
      cudaMemcpyAsync(values.data(), device, kCount * sizeof(int), cudaMemcpyDeviceToHost, stream));
  SAMPLE_CHECK(cudaStreamSynchronize(stream));

  // An error of odd threads only; the others must not see it.
  if (thread % 2) cudaSetDevice(1000);
  bool right = (cudaGetLastError() != cudaSuccess) == (thread % 2 != 0);
  for (int i = 0; i < kCount; ++i) {
    int expected = 1;
    for (int round = 0; round < 10; ++round) expected = expected * (thread % 3) + i;
    right = right && values[i] == expected;
  }
  SAMPLE_CHECK(cudaFree(device));
  SAMPLE_CHECK(cudaStreamDestroy(stream));
  return right;
}

int main() {
  constexpr int kThreads = 8;
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread)
    threads.emplace_back([&, thread] { right += work(thread); });
  for (std::thread& thread : threads) thread.join();
  return finish(right == kThreads, "a thread's values or error are wrong");
}
