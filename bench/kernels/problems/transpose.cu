constexpr int TILE = 32;
constexpr int ROWS = 8;

__global__ void transpose(int width, int height, const float* in, float* out) {
  __shared__ float tile[TILE][TILE + 1];
  int x = blockIdx.x * TILE + threadIdx.x;
  int y = blockIdx.y * TILE + threadIdx.y;
  for (int j = 0; j < TILE; j += ROWS) tile[threadIdx.y + j][threadIdx.x] = in[(y + j) * width + x];
  __syncthreads();
  x = blockIdx.y * TILE + threadIdx.x;
  y = blockIdx.x * TILE + threadIdx.y;
  for (int j = 0; j < TILE; j += ROWS)
    out[(y + j) * height + x] = tile[threadIdx.x][threadIdx.y + j];
}

void launch_transpose(int width, int height, const float* in, float* out) {
  dim3 block(TILE, ROWS), grid(width / TILE, height / TILE);
  transpose<<<grid, block>>>(width, height, in, out);
}
