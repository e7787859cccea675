kernel void mandelbrot(int width, int height, int limit, float left, float top, float step, global uint* counts) {
  int column = get_global_id(0), row = get_global_id(1);
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
