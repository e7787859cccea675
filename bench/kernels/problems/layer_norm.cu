__inline__ __device__ float2 warp_sum(float2 value) {
  for (int mask = 16; mask > 0; mask >>= 1) {
    value.x += __shfl_xor_sync(0xffffffff, value.x, mask);
    value.y += __shfl_xor_sync(0xffffffff, value.y, mask);
  }
  return value;
}

__global__ void layer_norm(int columns, const float* in, const float* weight, const float* bias,
                           float* out) {
  __shared__ float2 shared[8];
  const float* row = in + blockIdx.x * columns;
  int lane = threadIdx.x % 32, warp = threadIdx.x / 32;

  float2 sums = make_float2(0, 0);
  for (int i = threadIdx.x; i < columns; i += blockDim.x) {
    float value = row[i];
    sums.x += value;
    sums.y += value * value;
  }
  sums = warp_sum(sums);
  if (lane == 0) shared[warp] = sums;
  __syncthreads();
  sums = warp_sum(lane < 8 ? shared[lane] : make_float2(0, 0));

  float mean = sums.x / columns;
  float factor = rsqrtf(sums.y / columns - mean * mean + 1e-5f);
  for (int i = threadIdx.x; i < columns; i += blockDim.x)
    out[blockIdx.x * columns + i] = (row[i] - mean) * factor * weight[i] + bias[i];
}

void launch_layer_norm(int rows, int columns, const float* in, const float* weight,
                       const float* bias, float* out) {
  layer_norm<<<rows, 256>>>(columns, in, weight, bias, out);
}
