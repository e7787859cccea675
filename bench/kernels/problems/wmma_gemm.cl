#define TILE 16
#define ROWS (4 * TILE)

// OpenCL has no matrix operations of a warp, and PoCL 3.1 no arithmetic on halves: a group of the CUDA kernel's shape
// brings tiles into local memory as floats, and each item computes every second element of a column of its 16x16 results.
kernel void wmma_gemm(int n, global const half* a, global const half* b, global float* c) {
  local float tile_a[ROWS][TILE];
  local float tile_b[TILE][TILE];
  int lane = get_local_id(0), warp = get_local_id(1), item = warp * 32 + lane;
  int row0 = get_group_id(1) * ROWS, column0 = get_group_id(0) * TILE;
  int row = warp * TILE + lane / TILE, column = lane % TILE;
  float sums[TILE / 2];
#pragma unroll
  for (int i = 0; i < TILE / 2; ++i) sums[i] = 0;
  for (int t = 0; t < n; t += TILE) {
    for (int i = item; i < ROWS * TILE; i += 128) tile_a[i / TILE][i % TILE] = vload_half((row0 + i / TILE) * n + t + i % TILE, a);
    for (int i = item; i < TILE * TILE; i += 128) tile_b[i / TILE][i % TILE] = vload_half((t + i / TILE) * n + column0 + i % TILE, b);
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int k = 0; k < TILE; ++k)
#pragma unroll
      for (int i = 0; i < TILE / 2; ++i) sums[i] += tile_a[row + 2 * i][k] * tile_b[k][column];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
#pragma unroll
  for (int i = 0; i < TILE / 2; ++i) c[(row0 + row + 2 * i) * n + column0 + column] = sums[i];
}
