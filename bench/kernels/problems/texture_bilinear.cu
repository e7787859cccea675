__global__ void texture_bilinear(int width, int height, float cosine, float sine,
                                 cudaTextureObject_t image, float* out) {
  int x = blockIdx.x * blockDim.x + threadIdx.x;
  int y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x >= width || y >= height) return;
  float dx = x - 0.5f * width, dy = y - 0.5f * height;
  float u = 0.5f * width + cosine * dx - sine * dy;
  float v = 0.5f * height + sine * dx + cosine * dy;
  out[y * width + x] = tex2D<float>(image, u, v);
}

void launch_texture_bilinear(int width, int height, float cosine, float sine,
                             cudaTextureObject_t image, float* out) {
  dim3 block(16, 16), grid((width + 15) / 16, (height + 15) / 16);
  texture_bilinear<<<grid, block>>>(width, height, cosine, sine, image, out);
}
