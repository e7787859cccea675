// The first program of everybody: adds two vectors and shows which device did it.

#include <vector>

#include "../sample.h"

__global__ void add(const float* a, const float* b, float* sum, int count) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count) sum[i] = a[i] + b[i];
}

int main() {
  constexpr int kCount = 50000;
  std::vector<float> a(kCount), b(kCount), sum(kCount);
  for (int i = 0; i < kCount; ++i) {
    a[i] = 0.5f * i;
    b[i] = 2.0f * i;
  }

  cudaDeviceProp properties;
  SAMPLE_CHECK(cudaGetDeviceProperties(&properties, 0));
  std::printf("Device 0: %s, compute capability %d.%d\n", properties.name, properties.major,
              properties.minor);

  float *device_a, *device_b, *device_sum;
  SAMPLE_CHECK(cudaMalloc(&device_a, kCount * sizeof(float)));
  SAMPLE_CHECK(cudaMalloc(&device_b, kCount * sizeof(float)));
  SAMPLE_CHECK(cudaMalloc(&device_sum, kCount * sizeof(float)));
  SAMPLE_CHECK(cudaMemcpy(device_a, a.data(), kCount * sizeof(float), cudaMemcpyHostToDevice));
  SAMPLE_CHECK(cudaMemcpy(device_b, b.data(), kCount * sizeof(float), cudaMemcpyHostToDevice));

  add<<<(kCount + 255) / 256, 256>>>(device_a, device_b, device_sum, kCount);
  SAMPLE_CHECK(cudaGetLastError());
  SAMPLE_CHECK(cudaMemcpy(sum.data(), device_sum, kCount * sizeof(float), cudaMemcpyDeviceToHost));
  SAMPLE_CHECK(cudaFree(device_a));
  SAMPLE_CHECK(cudaFree(device_b));
  SAMPLE_CHECK(cudaFree(device_sum));

  bool right = true;
  for (int i = 0; i < kCount; ++i) right = right && sum[i] == 2.5f * i;
  std::printf("%d elements; the last sum is %g\n", kCount, sum[kCount - 1]);
  return finish(right, "a sum is wrong");
}
