constexpr int BM = 64, BN = 64, BK = 16, TM = 4, TN = 4;

__global__ void sgemm_registers(int n, const float* a, const float* b, float* c) {
  __shared__ float tile_a[BK][BM];
  __shared__ float tile_b[BK][BN];
  int tx = threadIdx.x % (BN / TN), ty = threadIdx.x / (BN / TN);
  int row0 = blockIdx.y * BM, column0 = blockIdx.x * BN;
  float sums[TM][TN] = {};
  for (int t = 0; t < n; t += BK) {
    for (int i = threadIdx.x; i < BM * BK; i += blockDim.x)
      tile_a[i % BK][i / BK] = a[(row0 + i / BK) * n + t + i % BK];
    for (int i = threadIdx.x; i < BK * BN; i += blockDim.x)
      tile_b[i / BN][i % BN] = b[(t + i / BN) * n + column0 + i % BN];
    __syncthreads();
    for (int k = 0; k < BK; ++k) {
      float left[TM], right[TN];
      for (int i = 0; i < TM; ++i) left[i] = tile_a[k][ty * TM + i];
      for (int j = 0; j < TN; ++j) right[j] = tile_b[k][tx * TN + j];
      for (int i = 0; i < TM; ++i)
        for (int j = 0; j < TN; ++j) sums[i][j] += left[i] * right[j];
    }
    __syncthreads();
  }
  for (int i = 0; i < TM; ++i)
    for (int j = 0; j < TN; ++j) c[(row0 + ty * TM + i) * n + column0 + tx * TN + j] = sums[i][j];
}

void launch_sgemm_registers(int n, const float* a, const float* b, float* c) {
  dim3 grid(n / BN, n / BM);
  sgemm_registers<<<grid, (BM / TM) * (BN / TN)>>>(n, a, b, c);
}
