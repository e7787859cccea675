__global__ void blur(int width, int height, const float* in, float* out) {
  int x = blockIdx.x * blockDim.x + threadIdx.x;
  int y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x >= width || y >= height) return;
  int left = max(x - 1, 0), right = min(x + 1, width - 1);
  int above = max(y - 1, 0), below = min(y + 1, height - 1);
  float corners = in[above * width + left] + in[above * width + right] + in[below * width + left] +
                  in[below * width + right];
  float sides =
      in[above * width + x] + in[below * width + x] + in[y * width + left] + in[y * width + right];
  out[y * width + x] = 0.25f * in[y * width + x] + 0.125f * sides + 0.0625f * corners;
}

void launch_blur(int width, int height, const float* in, float* out) {
  dim3 block(16, 16), grid((width + 15) / 16, (height + 15) / 16);
  blur<<<grid, block>>>(width, height, in, out);
}
