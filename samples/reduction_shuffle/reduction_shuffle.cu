// Sums numbers: within a warp by shuffles, within a block through shared memory, across blocks by
// an atomic addition.

#include <vector>

#include "../sample.h"

constexpr unsigned kAllLanes = 0xffffffff;

__device__ int warp_sum(int value) {
  for (int distance = warpSize / 2; distance > 0; distance /= 2)
    value += __shfl_down_sync(kAllLanes, value, distance);
  return value;  // right in lane 0
}

__global__ void sum(const int* values, int count, int* total) {
  __shared__ int warp_totals[32];
  const int lane = threadIdx.x % warpSize;
  const int warp = threadIdx.x / warpSize;

  int mine = 0;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < count; i += gridDim.x * blockDim.x)
    mine += values[i];
  mine = warp_sum(mine);
  if (lane == 0) warp_totals[warp] = mine;
  __syncthreads();

  if (warp == 0) {
    const int warps = blockDim.x / warpSize;
    const int block_total = warp_sum(lane < warps ? warp_totals[lane] : 0);
    if (lane == 0) atomicAdd(total, block_total);
  }
}

// The other shuffles: every lane ends with the sum of all, and with the sum of the lanes up to
// itself.
__global__ void butterfly_and_scan(int* all, int* prefix) {
  const int lane = threadIdx.x;
  int total = lane + 1;
  for (int mask = 16; mask > 0; mask /= 2) total += __shfl_xor_sync(kAllLanes, total, mask);
  int running = lane + 1;
  for (int distance = 1; distance < 32; distance *= 2) {
    const int other = __shfl_up_sync(kAllLanes, running, distance);
    if (lane >= distance) running += other;
  }
  all[lane] = total;
  prefix[lane] = running - __shfl_sync(kAllLanes, running, 0);
}

bool check_sum() {
  constexpr int kCount = 100003;
  std::vector<int> values(kCount);
  int expected = 0;
  for (int i = 0; i < kCount; ++i) expected += values[i] = i % 1000 - 300;

  int *device_values, *device_total, total = 0;
  SAMPLE_CHECK(cudaMalloc(&device_values, kCount * sizeof(int)));
  SAMPLE_CHECK(cudaMalloc(&device_total, sizeof(int)));
  SAMPLE_CHECK(
      cudaMemcpy(device_values, values.data(), kCount * sizeof(int), cudaMemcpyHostToDevice));
  SAMPLE_CHECK(cudaMemset(device_total, 0, sizeof(int)));
  sum<<<20, 256>>>(device_values, kCount, device_total);
  SAMPLE_CHECK(cudaGetLastError());
  SAMPLE_CHECK(cudaMemcpy(&total, device_total, sizeof(int), cudaMemcpyDeviceToHost));
  std::printf("sum %d, expected %d\n", total, expected);
  return total == expected;
}

bool check_butterfly_and_scan() {
  int* device;
  int host[64];
  SAMPLE_CHECK(cudaMalloc(&device, sizeof(host)));
  butterfly_and_scan<<<1, 32>>>(device, device + 32);
  SAMPLE_CHECK(cudaMemcpy(host, device, sizeof(host), cudaMemcpyDeviceToHost));
  bool right = true;
  for (int lane = 0; lane < 32; ++lane) {
    const int up_to_lane = (lane + 1) * (lane + 2) / 2;
    right = right && host[lane] == 528 && host[32 + lane] == up_to_lane - 1;
  }
  return right;
}

int main() {
  if (!check_sum()) return finish(false, "the sum is wrong");
  return finish(check_butterfly_and_scan(), "a butterfly or scan is wrong");
}
