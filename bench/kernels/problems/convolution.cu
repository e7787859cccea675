constexpr int RADIUS = 3;
constexpr int SIDE = 2 * RADIUS + 1;

__constant__ float filter[SIDE * SIDE];

__global__ void convolution(int width, int height, const float* in, float* out) {
  int x = blockIdx.x * blockDim.x + threadIdx.x;
  int y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x >= width || y >= height) return;
  float sum = 0;
  for (int j = -RADIUS; j <= RADIUS; ++j)
    for (int i = -RADIUS; i <= RADIUS; ++i) {
      int xx = min(max(x + i, 0), width - 1);
      int yy = min(max(y + j, 0), height - 1);
      sum += filter[(j + RADIUS) * SIDE + i + RADIUS] * in[yy * width + xx];
    }
  out[y * width + x] = sum;
}

void set_convolution_filter(const float* values) {
  cudaMemcpyToSymbol(filter, values, sizeof(filter));
}

void launch_convolution(int width, int height, const float* in, float* out) {
  dim3 block(16, 16), grid((width + 15) / 16, (height + 15) / 16);
  convolution<<<grid, block>>>(width, height, in, out);
}
