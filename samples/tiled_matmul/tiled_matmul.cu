// Multiplies matrices through tiles in shared memory; the sizes are no multiples of the tile.

#include <vector>

#include "../sample.h"

constexpr int kTile = 16;

// c (rows x columns) = a (rows x depth) * b (depth x columns), all row by row.
__global__ void multiply(const float* a, const float* b, float* c, int rows, int depth,
                         int columns) {
  __shared__ float tile_a[kTile][kTile];
  __shared__ float tile_b[kTile][kTile];
  const int row = blockIdx.y * kTile + threadIdx.y;
  const int column = blockIdx.x * kTile + threadIdx.x;
  float sum = 0;
  for (int start = 0; start < depth; start += kTile) {
    const int a_column = start + threadIdx.x;
    const int b_row = start + threadIdx.y;
    tile_a[threadIdx.y][threadIdx.x] =
        row < rows && a_column < depth ? a[row * depth + a_column] : 0;
    tile_b[threadIdx.y][threadIdx.x] =
        b_row < depth && column < columns ? b[b_row * columns + column] : 0;
    __syncthreads();
    for (int k = 0; k < kTile; ++k) sum += tile_a[threadIdx.y][k] * tile_b[k][threadIdx.x];
    __syncthreads();
  }
  if (row < rows && column < columns) c[row * columns + column] = sum;
}

float* to_device(const std::vector<float>& values) {
  float* address;
  SAMPLE_CHECK(cudaMalloc(&address, values.size() * sizeof(float)));
  SAMPLE_CHECK(
      cudaMemcpy(address, values.data(), values.size() * sizeof(float), cudaMemcpyHostToDevice));
  return address;
}

int main() {
  constexpr int kRows = 100, kDepth = 75, kColumns = 84;
  // Small whole numbers, so that every order of additions gives the same result.
  std::vector<float> a(kRows * kDepth), b(kDepth * kColumns), c(kRows * kColumns);
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = static_cast<float>(i % 7) - 3;
  for (std::size_t i = 0; i < b.size(); ++i) b[i] = static_cast<float>(i % 5) - 2;

  float *device_a = to_device(a), *device_b = to_device(b), *device_c = to_device(c);
  const dim3 block(kTile, kTile);
  const dim3 grid((kColumns + kTile - 1) / kTile, (kRows + kTile - 1) / kTile);
  multiply<<<grid, block>>>(device_a, device_b, device_c, kRows, kDepth, kColumns);
  SAMPLE_CHECK(cudaGetLastError());
  SAMPLE_CHECK(cudaMemcpy(c.data(), device_c, c.size() * sizeof(float), cudaMemcpyDeviceToHost));

  bool right = true;
  for (int row = 0; row < kRows; ++row) {
    for (int column = 0; column < kColumns; ++column) {
      float expected = 0;
      for (int k = 0; k < kDepth; ++k) expected += a[row * kDepth + k] * b[k * kColumns + column];
      right = right && c[row * kColumns + column] == expected;
    }
  }
  return finish(right, "an element of the product is wrong");
}
