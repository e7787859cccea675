__global__ void reduce_tree(int n, const float* in, float* partial) {
  __shared__ float sums[256];
  int t = threadIdx.x;
  float sum = 0;
  for (int i = blockIdx.x * blockDim.x + t; i < n; i += blockDim.x * gridDim.x) sum += in[i];
  sums[t] = sum;
  __syncthreads();
  for (int s = blockDim.x / 2; s > 0; s >>= 1) {
    if (t < s) sums[t] += sums[t + s];
    __syncthreads();
  }
  if (t == 0) partial[blockIdx.x] = sums[0];
}

__global__ void reduce_partials(int blocks, const float* partial, float* out) {
  __shared__ float sums[256];
  int t = threadIdx.x;
  float sum = 0;
  for (int i = t; i < blocks; i += blockDim.x) sum += partial[i];
  sums[t] = sum;
  __syncthreads();
  for (int s = blockDim.x / 2; s > 0; s >>= 1) {
    if (t < s) sums[t] += sums[t + s];
    __syncthreads();
  }
  if (t == 0) *out = sums[0];
}

void launch_reduce_tree(int n, int blocks, const float* in, float* partial, float* out) {
  reduce_tree<<<blocks, 256>>>(n, in, partial);
  reduce_partials<<<1, 256>>>(blocks, partial, out);
}
