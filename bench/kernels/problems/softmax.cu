__inline__ __device__ float warp_max(float value) {
  for (int mask = 16; mask > 0; mask >>= 1)
    value = fmaxf(value, __shfl_xor_sync(0xffffffff, value, mask));
  return value;
}

__inline__ __device__ float warp_sum(float value) {
  for (int mask = 16; mask > 0; mask >>= 1) value += __shfl_xor_sync(0xffffffff, value, mask);
  return value;
}

__global__ void softmax(int columns, const float* in, float* out) {
  __shared__ float shared[8];
  const float* row = in + blockIdx.x * columns;
  int lane = threadIdx.x % 32, warp = threadIdx.x / 32;

  float largest = -INFINITY;
  for (int i = threadIdx.x; i < columns; i += blockDim.x) largest = fmaxf(largest, row[i]);
  largest = warp_max(largest);
  if (lane == 0) shared[warp] = largest;
  __syncthreads();
  largest = warp_max(shared[lane % 8]);
  __syncthreads();

  float sum = 0;
  for (int i = threadIdx.x; i < columns; i += blockDim.x) sum += expf(row[i] - largest);
  sum = warp_sum(sum);
  if (lane == 0) shared[warp] = sum;
  __syncthreads();
  sum = warp_sum(lane < 8 ? shared[lane] : 0);

  float factor = 1 / sum;
  for (int i = threadIdx.x; i < columns; i += blockDim.x)
    out[blockIdx.x * columns + i] = expf(row[i] - largest) * factor;
}

void launch_softmax(int rows, int columns, const float* in, float* out) {
  softmax<<<rows, 256>>>(columns, in, out);
}
