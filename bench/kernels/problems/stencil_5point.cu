__global__ void stencil_5point(int width, int height, const float* in, float* out) {
  int x = blockIdx.x * blockDim.x + threadIdx.x;
  int y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x < 1 || y < 1 || x >= width - 1 || y >= height - 1) return;
  int i = y * width + x;
  out[i] = 0.5f * in[i] + 0.125f * (in[i - 1] + in[i + 1] + in[i - width] + in[i + width]);
}

void launch_stencil_5point(int width, int height, const float* in, float* out) {
  dim3 block(32, 8), grid((width + 31) / 32, (height + 7) / 8);
  stencil_5point<<<grid, block>>>(width, height, in, out);
}
