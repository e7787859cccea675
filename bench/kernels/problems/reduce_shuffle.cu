__inline__ __device__ float warp_sum(float value) {
  for (int offset = 16; offset > 0; offset >>= 1)
    value += __shfl_down_sync(0xffffffff, value, offset);
  return value;
}

__inline__ __device__ float block_sum(float value) {
  __shared__ float sums[32];
  int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  value = warp_sum(value);
  if (lane == 0) sums[warp] = value;
  __syncthreads();
  value = threadIdx.x < blockDim.x / 32 ? sums[lane] : 0;
  if (warp == 0) value = warp_sum(value);
  return value;
}

__global__ void reduce_shuffle(int n, const float* in, float* partial) {
  float sum = 0;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += blockDim.x * gridDim.x)
    sum += in[i];
  sum = block_sum(sum);
  if (threadIdx.x == 0) partial[blockIdx.x] = sum;
}

void launch_reduce_shuffle(int n, int blocks, const float* in, float* partial, float* out) {
  reduce_shuffle<<<blocks, 256>>>(n, in, partial);
  reduce_shuffle<<<1, 1024>>>(blocks, partial, out);
}
