// Shared memory whose size the launch gives, behind a static array, and more of it than is allowed
// without asking.

#include <vector>

#include "../sample.h"

extern __shared__ int buffer[];

// Reverses each block's part.
__global__ void reverse(int* values) {
  __shared__ int block_size;
  if (threadIdx.x == 0) block_size = blockDim.x;
  int* part = values + blockIdx.x * blockDim.x;
  buffer[threadIdx.x] = part[threadIdx.x];
  __syncthreads();
  part[threadIdx.x] = buffer[block_size - 1 - threadIdx.x];
}

// Fills all of a large buffer and adds it up.
__global__ void fill_and_sum(int count, long long* total) {
  for (int i = threadIdx.x; i < count; i += blockDim.x) buffer[i] = i;
  __syncthreads();
  if (threadIdx.x > 0) return;
  long long sum = 0;
  for (int i = 0; i < count; ++i) sum += buffer[i];
  *total = sum;
}

bool check_reverse() {
  constexpr int kBlocks = 5, kThreads = 96;
  std::vector<int> values(kBlocks * kThreads);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<int>(i);
  int* device;
  SAMPLE_CHECK(cudaMalloc(&device, values.size() * sizeof(int)));
  SAMPLE_CHECK(
      cudaMemcpy(device, values.data(), values.size() * sizeof(int), cudaMemcpyHostToDevice));
  reverse<<<kBlocks, kThreads, kThreads * sizeof(int)>>>(device);
  SAMPLE_CHECK(cudaGetLastError());
  SAMPLE_CHECK(
      cudaMemcpy(values.data(), device, values.size() * sizeof(int), cudaMemcpyDeviceToHost));
  bool right = true;
  for (int block = 0; block < kBlocks; ++block)
    for (int i = 0; i < kThreads; ++i)
      right = right && values[block * kThreads + i] == block * kThreads + kThreads - 1 - i;
  return right;
}

bool check_large() {
  int limit = 0;
  SAMPLE_CHECK(cudaDeviceGetAttribute(&limit, cudaDevAttrMaxSharedMemoryPerBlockOptin, 0));
  const int count = limit / static_cast<int>(sizeof(int));
  long long total = 0, *device;
  SAMPLE_CHECK(cudaMalloc(&device, sizeof(total)));

  fill_and_sum<<<1, 128, limit>>>(count, device);
  if (cudaGetLastError() != cudaErrorInvalidValue)
    return false;  // more than 48 KiB must be asked for
  SAMPLE_CHECK(
      cudaFuncSetAttribute(fill_and_sum, cudaFuncAttributeMaxDynamicSharedMemorySize, limit));
  fill_and_sum<<<1, 128, limit>>>(count, device);
  SAMPLE_CHECK(cudaGetLastError());
  SAMPLE_CHECK(cudaMemcpy(&total, device, sizeof(total), cudaMemcpyDeviceToHost));
  std::printf("%d bytes of shared memory\n", limit);
  return total == static_cast<long long>(count) * (count - 1) / 2;
}

int main() {
  if (!check_reverse()) return finish(false, "a reversed value is wrong");
  return finish(check_large(), "the large buffer is wrong");
}
