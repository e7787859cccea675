// Host memory that kernels use in place: allocated so, and registered afterwards.

#include <vector>

#include "../sample.h"

__global__ void increment(int* values, int count) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count) values[i] += 1;
}

constexpr int kCount = 1000;

bool increments(int* host) {
  int* device;
  SAMPLE_CHECK(cudaHostGetDevicePointer(&device, host, 0));
  for (int i = 0; i < kCount; ++i) host[i] = i;
  increment<<<4, 256>>>(device, kCount);
  SAMPLE_CHECK(cudaGetLastError());
  SAMPLE_CHECK(cudaDeviceSynchronize());
  bool right = true;
  for (int i = 0; i < kCount; ++i) right = right && host[i] == i + 1;

  cudaPointerAttributes attributes;
  SAMPLE_CHECK(cudaPointerGetAttributes(&attributes, host));
  return right && attributes.type == cudaMemoryTypeHost && attributes.devicePointer == device;
}

int main() {
  int* allocated;
  SAMPLE_CHECK(cudaHostAlloc(&allocated, kCount * sizeof(int), cudaHostAllocMapped));
  if (!increments(allocated)) return finish(false, "allocated memory is wrong");
  unsigned flags = 0;
  SAMPLE_CHECK(cudaHostGetFlags(&flags, allocated));
  if (!(flags & cudaHostAllocMapped)) return finish(false, "the flags are wrong");
  SAMPLE_CHECK(cudaFreeHost(allocated));

  std::vector<int> own(kCount);
  SAMPLE_CHECK(cudaHostRegister(own.data(), kCount * sizeof(int), cudaHostRegisterMapped));
  if (!increments(own.data())) return finish(false, "registered memory is wrong");
  SAMPLE_CHECK(cudaHostUnregister(own.data()));

  cudaPointerAttributes attributes;
  SAMPLE_CHECK(cudaPointerGetAttributes(&attributes, own.data()));
  return finish(attributes.type == cudaMemoryTypeUnregistered, "memory is still registered");
}
