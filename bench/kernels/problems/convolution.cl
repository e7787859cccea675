#define RADIUS 3
#define SIDE (2 * RADIUS + 1)

kernel void convolution(int width, int height, constant float* filter, global const float* in, global float* out) {
  int x = get_global_id(0), y = get_global_id(1);
  if (x >= width || y >= height) return;
  float sum = 0;
  for (int j = -RADIUS; j <= RADIUS; ++j)
    for (int i = -RADIUS; i <= RADIUS; ++i) {
      int xx = clamp(x + i, 0, width - 1);
      int yy = clamp(y + j, 0, height - 1);
      sum += filter[(j + RADIUS) * SIDE + i + RADIUS] * in[yy * width + xx];
    }
  out[y * width + x] = sum;
}
