#define D 64
#define QUERIES 64
#define KEYS 32

// One head is a row of groups, one query an item; the softmax is carried on from tile to tile of the keys.
kernel void attention(int length, float scale, global const float* q, global const float* k, global const float* v, global float* out) {
  local float keys[KEYS][D];
  local float values[KEYS][D];
  size_t head = get_global_id(1) * length * D;
  int query = get_global_id(0);
  float mine[D], sums[D];
  for (int d = 0; d < D; ++d) {
    mine[d] = q[head + query * D + d] * scale;
    sums[d] = 0;
  }
  // No infinity: fast-math rules it out.
  float largest = -MAXFLOAT, total = 0;
  for (int start = 0; start < length; start += KEYS) {
    for (int i = get_local_id(0); i < KEYS * D; i += QUERIES) {
      keys[i / D][i % D] = k[head + start * D + i];
      values[i / D][i % D] = v[head + start * D + i];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    float scores[KEYS];
    float highest = largest;
    for (int j = 0; j < KEYS; ++j) {
      float score = 0;
      for (int d = 0; d < D; ++d) score += mine[d] * keys[j][d];
      scores[j] = score;
      highest = fmax(highest, score);
    }
    float correction = native_exp(largest - highest);
    total *= correction;
    for (int d = 0; d < D; ++d) sums[d] *= correction;
    for (int j = 0; j < KEYS; ++j) {
      float weight = native_exp(scores[j] - highest);
      total += weight;
      for (int d = 0; d < D; ++d) sums[d] += weight * values[j][d];
    }
    largest = highest;
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  for (int d = 0; d < D; ++d) out[head + query * D + d] = sums[d] / total;
}
