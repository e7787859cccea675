constexpr int D = 64;
constexpr int QUERIES = 64;
constexpr int KEYS = 32;

// One head is a grid row, one query a thread; the softmax is carried on from tile to tile of the
// keys.
__global__ void attention(int length, float scale, const float* q, const float* k, const float* v,
                          float* out) {
  __shared__ float keys[KEYS][D];
  __shared__ float values[KEYS][D];
  size_t head = (size_t)blockIdx.y * length * D;
  int query = blockIdx.x * QUERIES + threadIdx.x;
  float mine[D], sums[D];
  for (int d = 0; d < D; ++d) {
    mine[d] = q[head + query * D + d] * scale;
    sums[d] = 0;
  }
  float largest = -INFINITY, total = 0;
  for (int start = 0; start < length; start += KEYS) {
    for (int i = threadIdx.x; i < KEYS * D; i += QUERIES) {
      keys[i / D][i % D] = k[head + start * D + i];
      values[i / D][i % D] = v[head + start * D + i];
    }
    __syncthreads();
    float scores[KEYS];
    float highest = largest;
    for (int j = 0; j < KEYS; ++j) {
      float score = 0;
      for (int d = 0; d < D; ++d) score += mine[d] * keys[j][d];
      scores[j] = score;
      highest = fmaxf(highest, score);
    }
    float correction = __expf(largest - highest);
    total *= correction;
    for (int d = 0; d < D; ++d) sums[d] *= correction;
    for (int j = 0; j < KEYS; ++j) {
      float weight = __expf(scores[j] - highest);
      total += weight;
      for (int d = 0; d < D; ++d) sums[d] += weight * values[j][d];
    }
    largest = highest;
    __syncthreads();
  }
  for (int d = 0; d < D; ++d) out[head + query * D + d] = sums[d] / total;
}

void launch_attention(int heads, int length, float scale, const float* q, const float* k,
                      const float* v, float* out) {
  attention<<<dim3(length / QUERIES, heads), QUERIES>>>(length, scale, q, k, v, out);
}
