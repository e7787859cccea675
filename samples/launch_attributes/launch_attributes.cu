// Launches other than <<<>>>, what can be asked about a kernel, and parameters of every size.

#include "../sample.h"

struct Settings {
  char tag;
  double scale;
  int offsets[5];
};

__global__ void __launch_bounds__(128)
    transform(double* values, Settings settings, short shift, char sign) {
  __shared__ double staged[128];
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  staged[threadIdx.x] = values[i];
  __syncthreads();
  const double mirrored = staged[blockDim.x - 1 - threadIdx.x];
  values[i] =
      sign * (mirrored * settings.scale + settings.offsets[i % 5] + shift + (settings.tag == 't'));
}

constexpr int kCount = 256, kThreads = 128;

bool right(const double* values) {
  bool all_right = true;
  for (int i = 0; i < kCount; ++i) {
    const int mirrored = i / kThreads * kThreads + kThreads - 1 - i % kThreads;
    all_right = all_right && values[i] == -(mirrored * 0.5 + i % 5 * 10 - 300 + 1);
  }
  return all_right;
}

int main() {
  double host[kCount], *device;
  SAMPLE_CHECK(cudaMalloc(&device, sizeof(host)));
  Settings settings{'t', 0.5, {0, 10, 20, 30, 40}};
  short shift = -300;
  signed char sign = -1;
  void* arguments[] = {&device, &settings, &shift, &sign};

  cudaLaunchConfig_t config = {};
  config.gridDim = kCount / kThreads;
  config.blockDim = kThreads;
  const void* kernel = reinterpret_cast<const void*>(transform);
  for (int way = 0; way < 2; ++way) {
    for (int i = 0; i < kCount; ++i) host[i] = i;
    SAMPLE_CHECK(cudaMemcpy(device, host, sizeof(host), cudaMemcpyHostToDevice));
    if (way == 0) {
      SAMPLE_CHECK(
          cudaLaunchKernel(kernel, config.gridDim, config.blockDim, arguments, 0, nullptr));
    } else {
      SAMPLE_CHECK(cudaLaunchKernelExC(&config, kernel, arguments));
    }
    SAMPLE_CHECK(cudaMemcpy(host, device, sizeof(host), cudaMemcpyDeviceToHost));
    if (!right(host)) return finish(false, "a value is wrong");
  }

  cudaFuncAttributes attributes;
  SAMPLE_CHECK(cudaFuncGetAttributes(&attributes, transform));
  int blocks = 0, best_grid = 0, best_block = 0;
  SAMPLE_CHECK(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, transform, kThreads, 0));
  SAMPLE_CHECK(cudaOccupancyMaxPotentialBlockSize(&best_grid, &best_block, transform));
  if (attributes.maxThreadsPerBlock != 128 || attributes.sharedSizeBytes != 128 * sizeof(double))
    return finish(false, "an attribute is wrong");
  if (blocks < 1 || best_grid < 1 || best_block < 1 || best_block > 128)
    return finish(false, "an occupancy is wrong");
  transform<<<1, 256>>>(device, settings, shift, sign);  // more than __launch_bounds__ allows
  return finish(cudaGetLastError() != cudaSuccess, "a block that is too large was launched");
}
