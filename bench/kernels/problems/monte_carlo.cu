__device__ uint4 philox(uint4 counter, uint2 key) {
  for (int round = 0; round < 10; ++round) {
    unsigned high0 = __umulhi(0xD2511F53u, counter.x), low0 = 0xD2511F53u * counter.x;
    unsigned high1 = __umulhi(0xCD9E8D57u, counter.z), low1 = 0xCD9E8D57u * counter.z;
    counter = make_uint4(high1 ^ counter.y ^ key.x, low1, high0 ^ counter.w ^ key.y, low0);
    key.x += 0x9E3779B9u;
    key.y += 0xBB67AE85u;
  }
  return counter;
}

__device__ float2 normals(unsigned a, unsigned b) {
  float radius = sqrtf(-2.0f * logf((a + 0.5f) * 2.3283064e-10f));
  float s, c;
  sincosf(b * (6.2831853f * 2.3283064e-10f), &s, &c);
  return make_float2(radius * c, radius * s);
}

__device__ float payoff(float start, float drift, float spread, float strike, float normal) {
  return fmaxf(start * expf(drift + spread * normal) - strike, 0.0f);
}

__global__ void monte_carlo(int threads, int draws, unsigned seed, float start, float strike,
                            float drift, float spread, float* sums) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= threads) return;
  float sum = 0;
  for (int draw = 0; draw < draws; ++draw) {
    uint4 bits = philox(make_uint4(draw, 0, i, 0), make_uint2(seed, 0));
    float2 first = normals(bits.x, bits.y), second = normals(bits.z, bits.w);
    sum += payoff(start, drift, spread, strike, first.x) +
           payoff(start, drift, spread, strike, first.y) +
           payoff(start, drift, spread, strike, second.x) +
           payoff(start, drift, spread, strike, second.y);
  }
  sums[i] = sum;
}

void launch_monte_carlo(int threads, int draws, unsigned seed, float start, float strike,
                        float drift, float spread, float* sums) {
  monte_carlo<<<(threads + 255) / 256, 256>>>(threads, draws, seed, start, strike, drift, spread,
                                              sums);
}
