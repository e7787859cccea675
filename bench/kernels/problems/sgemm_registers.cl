#define BM 64
#define BN 64
#define BK 16
#define TM 4
#define TN 4

kernel void sgemm_registers(int n, global const float* a, global const float* b, global float* c) {
  local float tile_a[BK][BM];
  local float tile_b[BK][BN];
  int tx = get_local_id(0), ty = get_local_id(1), item = ty * 16 + tx;
  int row0 = get_group_id(1) * BM, column0 = get_group_id(0) * BN;
  float sums[TM][TN];
#pragma unroll
  for (int i = 0; i < TM; ++i)
#pragma unroll
    for (int j = 0; j < TN; ++j) sums[i][j] = 0;
  for (int t = 0; t < n; t += BK) {
    for (int i = item; i < BM * BK; i += 256) tile_a[i % BK][i / BK] = a[(row0 + i / BK) * n + t + i % BK];
    for (int i = item; i < BK * BN; i += 256) tile_b[i / BN][i % BN] = b[(t + i / BN) * n + column0 + i % BN];
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int k = 0; k < BK; ++k)
#pragma unroll
      for (int i = 0; i < TM; ++i)
#pragma unroll
        for (int j = 0; j < TN; ++j) sums[i][j] += tile_a[k][ty * TM + i] * tile_b[k][tx * TN + j];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
#pragma unroll
  for (int i = 0; i < TM; ++i)
#pragma unroll
    for (int j = 0; j < TN; ++j) c[(row0 + ty * TM + i) * n + column0 + tx * TN + j] = sums[i][j];
}
