// Matrix multiplication with nvcuda::wmma in every precision that the header has: tiles in shared
// memory, a fragment scaled element by element, and all layouts of the operands.

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <mma.h>

#include <vector>

#include "../sample.h"

namespace wmma = nvcuda::wmma;

constexpr int kSize = 64;

/// Element types in memory, and what the header calls them.
template <class T>
struct Precision {
  using Fragment = T;
  static T of(int value) { return static_cast<T>(value); }
};
template <>
struct Precision<float> {
  using Fragment = wmma::precision::tf32;
  static float of(int value) { return static_cast<float>(value); }
};
template <>
struct Precision<__half> {
  using Fragment = __half;
  static __half of(int value) { return __float2half(static_cast<float>(value)); }
};
template <>
struct Precision<__nv_bfloat16> {
  using Fragment = __nv_bfloat16;
  static __nv_bfloat16 of(int value) { return __float2bfloat16(static_cast<float>(value)); }
};

/// d = 2 * a * b: one warp for each tile of d. Tiles of a go through shared memory.
template <class T, class Sum, int kM, int kN, int kK, class LayoutA, class LayoutB>
__global__ void multiply(const T* a, const T* b, Sum* d) {
  using Element = typename Precision<T>::Fragment;
  constexpr bool kRowsA = std::is_same<LayoutA, wmma::row_major>::value;
  constexpr bool kRowsB = std::is_same<LayoutB, wmma::row_major>::value;
  __shared__ __align__(128) T tile[kM * kK];
  wmma::fragment<wmma::matrix_a, kM, kN, kK, Element, LayoutA> fragment_a;
  wmma::fragment<wmma::matrix_b, kM, kN, kK, Element, LayoutB> fragment_b;
  wmma::fragment<wmma::accumulator, kM, kN, kK, Sum> sum;
  wmma::fill_fragment(sum, static_cast<Sum>(0));
  const int row = blockIdx.y * kM, column = blockIdx.x * kN;
  for (int k = 0; k < kSize; k += kK) {
    for (int i = threadIdx.x; i < kM * kK; i += 32) {
      const int tile_row = kRowsA ? i / kK : i % kM, tile_column = kRowsA ? i % kK : i / kM;
      const int from_row = row + tile_row, from_column = k + tile_column;
      tile[i] = a[kRowsA ? from_row * kSize + from_column : from_column * kSize + from_row];
    }
    __syncwarp();
    wmma::load_matrix_sync(fragment_a, tile, kRowsA ? kK : kM);
    const T* from = b + (kRowsB ? k * kSize + column : column * kSize + k);
    wmma::load_matrix_sync(fragment_b, from, kSize);
    wmma::mma_sync(sum, fragment_a, fragment_b, sum);
    __syncwarp();
  }
  for (int i = 0; i < sum.num_elements; ++i) sum.x[i] = sum.x[i] + sum.x[i];
  wmma::store_matrix_sync(d + row * kSize + column, sum, kSize, wmma::mem_row_major);
}

int element_a(int row, int k) {
  return (row * 3 + k * 5) % 7 - 2;
}

int element_b(int k, int column) {
  return (k * 2 + column * 11) % 5 - 1;
}

/// Numbers are small enough to be exact in all precisions.
template <class T, class Sum, int kM, int kN, int kK, class LayoutA, class LayoutB>
int wrong_elements() {
  std::vector<T> a(kSize * kSize), b(kSize * kSize);
  std::vector<Sum> d(kSize * kSize);
  for (int i = 0; i < kSize; ++i)
    for (int j = 0; j < kSize; ++j) {
      const bool rows_a = std::is_same<LayoutA, wmma::row_major>::value;
      const bool rows_b = std::is_same<LayoutB, wmma::row_major>::value;
      a[rows_a ? i * kSize + j : j * kSize + i] = Precision<T>::of(element_a(i, j));
      b[rows_b ? i * kSize + j : j * kSize + i] = Precision<T>::of(element_b(i, j));
    }
  T *device_a, *device_b;
  Sum* device_d;
  SAMPLE_CHECK(cudaMalloc(&device_a, a.size() * sizeof(T)));
  SAMPLE_CHECK(cudaMalloc(&device_b, b.size() * sizeof(T)));
  SAMPLE_CHECK(cudaMalloc(&device_d, d.size() * sizeof(Sum)));
  SAMPLE_CHECK(cudaMemcpy(device_a, a.data(), a.size() * sizeof(T), cudaMemcpyHostToDevice));
  SAMPLE_CHECK(cudaMemcpy(device_b, b.data(), b.size() * sizeof(T), cudaMemcpyHostToDevice));
  const dim3 grid(kSize / kN, kSize / kM);
  multiply<T, Sum, kM, kN, kK, LayoutA, LayoutB><<<grid, 32>>>(device_a, device_b, device_d);
  SAMPLE_CHECK(cudaGetLastError());
  SAMPLE_CHECK(cudaMemcpy(d.data(), device_d, d.size() * sizeof(Sum), cudaMemcpyDeviceToHost));
  int wrong = 0;
  for (int i = 0; i < kSize; ++i)
    for (int j = 0; j < kSize; ++j) {
      int expected = 0;
      for (int k = 0; k < kSize; ++k) expected += 2 * element_a(i, k) * element_b(k, j);
      wrong += static_cast<float>(d[i * kSize + j]) != static_cast<float>(expected);
    }
  SAMPLE_CHECK(cudaFree(device_a));
  SAMPLE_CHECK(cudaFree(device_b));
  SAMPLE_CHECK(cudaFree(device_d));
  return wrong;
}

int total = 0;

void report(const char* what, int wrong) {
  std::printf("%-28s %d of %d wrong\n", what, wrong, kSize * kSize);
  total += wrong;
}

int main() {
  using Row = wmma::row_major;
  using Column = wmma::col_major;
  report("half, 16x16x16", wrong_elements<__half, float, 16, 16, 16, Row, Column>());
  report("half, 32x8x16, rows", wrong_elements<__half, float, 32, 8, 16, Row, Row>());
  report("half, 8x32x16, columns", wrong_elements<__half, float, 8, 32, 16, Column, Column>());
  report("half with half sums", wrong_elements<__half, __half, 16, 16, 16, Column, Row>());
  report("signed char", wrong_elements<signed char, int, 16, 16, 16, Row, Column>());
  report("signed char, 32x8x16", wrong_elements<signed char, int, 32, 8, 16, Column, Row>());
  report("bfloat16", wrong_elements<__nv_bfloat16, float, 16, 16, 16, Row, Column>());
  report("bfloat16, 8x32x16", wrong_elements<__nv_bfloat16, float, 8, 32, 16, Row, Row>());
  report("tf32", wrong_elements<float, float, 16, 16, 8, Row, Column>());
  report("double", wrong_elements<double, double, 8, 8, 4, Row, Column>());
  report("double, columns", wrong_elements<double, double, 8, 8, 4, Column, Row>());
  return finish(total == 0, "a product is wrong");
}
