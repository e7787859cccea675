constexpr int TILE = 16;

__global__ void sgemm_tiled(int n, const float* a, const float* b, float* c) {
  __shared__ float tile_a[TILE][TILE];
  __shared__ float tile_b[TILE][TILE];
  int tx = threadIdx.x, ty = threadIdx.y;
  int column = blockIdx.x * TILE + tx;
  int row = blockIdx.y * TILE + ty;
  float sum = 0;
  for (int t = 0; t < n / TILE; ++t) {
    tile_a[ty][tx] = a[row * n + t * TILE + tx];
    tile_b[ty][tx] = b[(t * TILE + ty) * n + column];
    __syncthreads();
    for (int k = 0; k < TILE; ++k) sum += tile_a[ty][k] * tile_b[k][tx];
    __syncthreads();
  }
  c[row * n + column] = sum;
}

void launch_sgemm_tiled(int n, const float* a, const float* b, float* c) {
  dim3 block(TILE, TILE), grid(n / TILE, n / TILE);
  sgemm_tiled<<<grid, block>>>(n, a, b, c);
}
