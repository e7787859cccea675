// Matrix multiplication with the instructions themselves, as libraries write it: asynchronous
// copies to shared memory, ldmatrix (transposing B on the way), mma, and the fragments' layout from
// the PTX manual.

#include <cuda_fp16.h>

#include <vector>

#include "../sample.h"

constexpr int kM = 64, kN = 64, kK = 64;  // of the matrices
constexpr int kTileM = 16, kTileN = 8, kTileK = 16;

__device__ unsigned shared_address(const void* pointer) {
  return static_cast<unsigned>(__cvta_generic_to_shared(pointer));
}

__device__ void copy_16_bytes(void* to, const void* from) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(shared_address(to)), "l"(from));
}

/// Four 8x8 matrices that are one 16x16 tile of A.
__device__ void load_a(unsigned (&a)[4], const __half* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(a[0]), "=r"(a[1]), "=r"(a[2]), "=r"(a[3])
               : "r"(shared_address(row)));
}

/// Two 8x8 matrices that are one 16x8 tile of B, stored by rows.
__device__ void load_b(unsigned (&b)[2], const __half* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0, %1}, [%2];"
               : "=r"(b[0]), "=r"(b[1])
               : "r"(shared_address(row)));
}

__device__ void multiply_add(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
      "{%8, %9}, {%0, %1, %2, %3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

/// One warp for each 16x8 tile of d.
__global__ void multiply(const __half* a, const __half* b, float* d) {
  __shared__ __align__(16) __half tile_a[kTileM][kTileK];
  __shared__ __align__(16) __half tile_b[kTileK][kTileN];
  const int lane = threadIdx.x, row = blockIdx.y * kTileM, column = blockIdx.x * kTileN;
  float sum[4] = {};
  for (int k = 0; k < kK; k += kTileK) {
    // 16 bytes are 8 elements: half a row of A's tile for each lane, a row of B's for half of them.
    const int half_row = lane % 2 * 8;
    copy_16_bytes(&tile_a[lane / 2][half_row], a + (row + lane / 2) * kK + k + half_row);
    if (lane < kTileK) copy_16_bytes(&tile_b[lane][0], b + (k + lane) * kN + column);
    asm volatile("cp.async.commit_group;");
    asm volatile("cp.async.wait_group 0;");
    __syncwarp();
    unsigned fragment_a[4], fragment_b[2];
    load_a(fragment_a, &tile_a[lane % 16][lane / 16 * 8]);
    load_b(fragment_b, &tile_b[lane % 16][0]);
    multiply_add(sum, fragment_a, fragment_b);
    __syncwarp();
  }
  for (int i = 0; i < 4; ++i) {
    const int to_row = row + lane / 4 + i / 2 * 8, to_column = column + lane % 4 * 2 + i % 2;
    d[to_row * kN + to_column] = sum[i];
  }
}

/// Sums of multiples of 1/64 below 2^17: exact in float.
float element_a(int row, int k) {
  return ((row * 7 + k * 3) % 33 - 16) * 0.125f;
}

float element_b(int k, int column) {
  return ((k * 5 + column * 13) % 29 - 14) * 0.125f;
}

int main() {
  std::vector<__half> a(kM * kK), b(kK * kN);
  std::vector<float> d(kM * kN);
  for (int i = 0; i < kM; ++i)
    for (int k = 0; k < kK; ++k) a[i * kK + k] = __float2half(element_a(i, k));
  for (int k = 0; k < kK; ++k)
    for (int j = 0; j < kN; ++j) b[k * kN + j] = __float2half(element_b(k, j));
  __half *device_a, *device_b;
  float* device_d;
  SAMPLE_CHECK(cudaMalloc(&device_a, a.size() * sizeof(__half)));
  SAMPLE_CHECK(cudaMalloc(&device_b, b.size() * sizeof(__half)));
  SAMPLE_CHECK(cudaMalloc(&device_d, d.size() * sizeof(float)));
  SAMPLE_CHECK(cudaMemcpy(device_a, a.data(), a.size() * sizeof(__half), cudaMemcpyHostToDevice));
  SAMPLE_CHECK(cudaMemcpy(device_b, b.data(), b.size() * sizeof(__half), cudaMemcpyHostToDevice));
  multiply<<<dim3(kN / kTileN, kM / kTileM), 32>>>(device_a, device_b, device_d);
  SAMPLE_CHECK(cudaGetLastError());
  SAMPLE_CHECK(cudaMemcpy(d.data(), device_d, d.size() * sizeof(float), cudaMemcpyDeviceToHost));
  int wrong = 0;
  for (int i = 0; i < kM; ++i)
    for (int j = 0; j < kN; ++j) {
      float expected = 0;
      for (int k = 0; k < kK; ++k) expected += element_a(i, k) * element_b(k, j);
      wrong += d[i * kN + j] != expected;
    }
  std::printf("%d of %d wrong\n", wrong, kM * kN);
  return finish(wrong == 0, "a product is wrong");
}
