// A cooperative launch: all blocks wait for each other between the steps of a computation.

#include <cooperative_groups.h>

#include <vector>

#include "../sample.h"

namespace groups = cooperative_groups;

// Sums `values` into values[0] by halving the distance, all blocks together.
__global__ void halve(int* values, int count, int* steps) {
  const groups::grid_group grid = groups::this_grid();
  for (int distance = count / 2; distance > 0; distance /= 2) {
    for (int i = grid.thread_rank(); i < distance; i += grid.size())
      values[i] += values[i + distance];
    grid.sync();
    if (grid.thread_rank() == 0) ++*steps;
  }
}

// Groups smaller than a block: each tile of eight threads adds its ranks.
__global__ void sum_tiles(int* sums) {
  const auto block = groups::this_thread_block();
  const auto tile = groups::tiled_partition<8>(block);
  int value = block.thread_rank();
  for (int distance = tile.size() / 2; distance > 0; distance /= 2)
    value += tile.shfl_down(value, distance);
  if (tile.thread_rank() == 0) sums[tile.meta_group_rank()] = value;
  block.sync();
}

bool check_grid() {
  constexpr int kCount = 1 << 14, kThreads = 64;
  int blocks_per_processor = 0, processors = 0;
  SAMPLE_CHECK(
      cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks_per_processor, halve, kThreads, 0));
  SAMPLE_CHECK(cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, 0));
  const int blocks = blocks_per_processor * processors < 8 ? blocks_per_processor * processors : 8;

  std::vector<int> values(kCount);
  long long expected = 0;
  for (int i = 0; i < kCount; ++i) expected += values[i] = i % 100;
  int *device, *steps, host_steps = 0;
  SAMPLE_CHECK(cudaMalloc(&device, kCount * sizeof(int)));
  SAMPLE_CHECK(cudaMalloc(&steps, sizeof(int)));
  SAMPLE_CHECK(cudaMemset(steps, 0, sizeof(int)));
  SAMPLE_CHECK(cudaMemcpy(device, values.data(), kCount * sizeof(int), cudaMemcpyHostToDevice));
  int count = kCount;
  void* arguments[] = {&device, &count, &steps};
  SAMPLE_CHECK(cudaLaunchCooperativeKernel(reinterpret_cast<void*>(halve), blocks, kThreads,
                                           arguments, 0, nullptr));
  int sum = 0;
  SAMPLE_CHECK(cudaMemcpy(&sum, device, sizeof(int), cudaMemcpyDeviceToHost));
  SAMPLE_CHECK(cudaMemcpy(&host_steps, steps, sizeof(int), cudaMemcpyDeviceToHost));
  std::printf("%d blocks, sum %d\n", blocks, sum);
  return sum == expected && host_steps == 14;
}

bool check_tiles() {
  int sums[8], *device;
  SAMPLE_CHECK(cudaMalloc(&device, sizeof(sums)));
  sum_tiles<<<1, 64>>>(device);
  SAMPLE_CHECK(cudaMemcpy(sums, device, sizeof(sums), cudaMemcpyDeviceToHost));
  bool right = true;
  for (int tile = 0; tile < 8; ++tile) right = right && sums[tile] == 64 * tile + 28;
  return right;
}

int main() {
  int cooperative = 0;
  SAMPLE_CHECK(cudaDeviceGetAttribute(&cooperative, cudaDevAttrCooperativeLaunch, 0));
  if (!cooperative) return finish(false, "the device has no cooperative launch");
  if (!check_grid()) return finish(false, "the grid's sum is wrong");
  return finish(check_tiles(), "a tile's sum is wrong");
}
