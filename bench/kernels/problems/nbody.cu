__global__ void nbody(int n, const float4* position, float4* acceleration) {
  __shared__ float4 tile[256];
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  float4 me = position[i];
  float ax = 0, ay = 0, az = 0;
  for (int start = 0; start < n; start += blockDim.x) {
    tile[threadIdx.x] = position[start + threadIdx.x];
    __syncthreads();
    for (int j = 0; j < blockDim.x; ++j) {
      float4 other = tile[j];
      float dx = other.x - me.x, dy = other.y - me.y, dz = other.z - me.z;
      float r2 = dx * dx + dy * dy + dz * dz + 1e-3f;
      float inverse = rsqrtf(r2);
      float force = other.w * inverse * inverse * inverse;
      ax += dx * force;
      ay += dy * force;
      az += dz * force;
    }
    __syncthreads();
  }
  acceleration[i] = make_float4(ax, ay, az, 0);
}

void launch_nbody(int n, const float* position, float* acceleration) {
  nbody<<<n / 256, 256>>>(n, (const float4*)position, (float4*)acceleration);
}
