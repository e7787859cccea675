constant sampler_t bilinear = CLK_NORMALIZED_COORDS_FALSE | CLK_ADDRESS_CLAMP_TO_EDGE | CLK_FILTER_LINEAR;

kernel void texture_bilinear(int width, int height, float cosine, float sine, read_only image2d_t image, global float* out) {
  int x = get_global_id(0), y = get_global_id(1);
  if (x >= width || y >= height) return;
  float dx = x - 0.5f * width, dy = y - 0.5f * height;
  float u = 0.5f * width + cosine * dx - sine * dy;
  float v = 0.5f * height + sine * dx + cosine * dy;
  out[y * width + x] = read_imagef(image, bilinear, (float2)(u, v)).x;
}
