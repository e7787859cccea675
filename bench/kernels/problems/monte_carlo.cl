uint4 philox(uint4 counter, uint2 key) {
  for (int round = 0; round < 10; ++round) {
    uint high0 = mul_hi(0xD2511F53u, counter.x), low0 = 0xD2511F53u * counter.x;
    uint high1 = mul_hi(0xCD9E8D57u, counter.z), low1 = 0xCD9E8D57u * counter.z;
    counter = (uint4)(high1 ^ counter.y ^ key.x, low1, high0 ^ counter.w ^ key.y, low0);
    key += (uint2)(0x9E3779B9u, 0xBB67AE85u);
  }
  return counter;
}

float2 normals(uint a, uint b) {
  float radius = sqrt(-2.0f * log((a + 0.5f) * 2.3283064e-10f));
  float c;
  float s = sincos(b * (6.2831853f * 2.3283064e-10f), &c);
  return radius * (float2)(c, s);
}

float payoff(float start, float drift, float spread, float strike, float normal) {
  return fmax(start * exp(drift + spread * normal) - strike, 0.0f);
}

kernel void monte_carlo(int items, int draws, uint seed, float start, float strike, float drift, float spread, global float* sums) {
  int i = get_global_id(0);
  if (i >= items) return;
  float sum = 0;
  for (int draw = 0; draw < draws; ++draw) {
    uint4 bits = philox((uint4)(draw, 0, i, 0), (uint2)(seed, 0));
    float2 first = normals(bits.x, bits.y), second = normals(bits.z, bits.w);
    sum += payoff(start, drift, spread, strike, first.x) + payoff(start, drift, spread, strike, first.y) +
           payoff(start, drift, spread, strike, second.x) + payoff(start, drift, spread, strike, second.y);
  }
  sums[i] = sum;
}
