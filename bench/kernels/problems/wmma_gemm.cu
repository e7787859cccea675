#include <mma.h>

using namespace nvcuda;

constexpr int WARPS = 4;

// Each warp computes a tile of 16x16 results.
__global__ void wmma_gemm(int n, const half* a, const half* b, float* c) {
  int row = (blockIdx.y * blockDim.y + threadIdx.y) * 16;
  int column = (blockIdx.x * blockDim.x + threadIdx.x) / warpSize * 16;
  wmma::fragment<wmma::matrix_a, 16, 16, 16, half, wmma::row_major> left;
  wmma::fragment<wmma::matrix_b, 16, 16, 16, half, wmma::row_major> right;
  wmma::fragment<wmma::accumulator, 16, 16, 16, float> sums;
  wmma::fill_fragment(sums, 0.0f);
  for (int k = 0; k < n; k += 16) {
    wmma::load_matrix_sync(left, a + row * n + k, n);
    wmma::load_matrix_sync(right, b + k * n + column, n);
    wmma::mma_sync(sums, left, right, sums);
  }
  wmma::store_matrix_sync(c + row * n + column, sums, n, wmma::mem_row_major);
}

void launch_wmma_gemm(int n, const void* a, const void* b, float* c) {
  dim3 block(32, WARPS), grid(n / 16, n / (16 * WARPS));
  wmma_gemm<<<grid, block>>>(n, (const half*)a, (const half*)b, c);
}
