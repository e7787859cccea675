__global__ void mandelbrot(int width, int height, int limit, float left, float top, float step,
                           unsigned* counts) {
  int column = blockIdx.x * blockDim.x + threadIdx.x;
  int row = blockIdx.y * blockDim.y + threadIdx.y;
  if (column >= width || row >= height) return;
  float cx = left + column * step, cy = top + row * step;
  float x = 0, y = 0;
  int count = 0;
  while (count < limit && x * x + y * y < 4.0f) {
    float next = x * x - y * y + cx;
    y = 2.0f * x * y + cy;
    x = next;
    ++count;
  }
  counts[row * width + column] = count;
}

void launch_mandelbrot(int width, int height, int limit, float left, float top, float step,
                       unsigned* counts) {
  dim3 block(16, 16), grid((width + 15) / 16, (height + 15) / 16);
  mandelbrot<<<grid, block>>>(width, height, limit, left, top, step, counts);
}
