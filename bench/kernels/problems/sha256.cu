#include "sha256.h"

__constant__ unsigned constants[64] = {SHA256_CONSTANTS};

__device__ unsigned rotate(unsigned x, int n) {
  return (x >> n) | (x << (32 - n));
}

// The first word of the hash of a message of four words, the last of which is the thread's number.
__global__ void sha256(int n, unsigned seed, unsigned* out) {
  unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  unsigned w[16] = {seed, seed ^ 0x5a5a5a5a, ~seed, i, 0x80000000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                    128};
  const unsigned start[8] = {SHA256_START};
  unsigned s[8];
  for (int j = 0; j < 8; ++j) s[j] = start[j];
#pragma unroll
  for (int t = 0; t < 64; ++t) {
    if (t >= 16) {
      unsigned w15 = w[(t - 15) % 16], w2 = w[(t - 2) % 16];
      w[t % 16] += (rotate(w15, 7) ^ rotate(w15, 18) ^ (w15 >> 3)) + w[(t - 7) % 16] +
                   (rotate(w2, 17) ^ rotate(w2, 19) ^ (w2 >> 10));
    }
    unsigned t1 = s[7] + (rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25)) +
                  ((s[4] & s[5]) ^ (~s[4] & s[6])) + constants[t] + w[t % 16];
    unsigned t2 = (rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22)) +
                  ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
    for (int j = 7; j > 0; --j) s[j] = s[j - 1];
    s[4] += t1;
    s[0] = t1 + t2;
  }
  out[i] = s[0] + start[0];
}

void launch_sha256(int n, unsigned seed, unsigned* out) {
  sha256<<<(n + 255) / 256, 256>>>(n, seed, out);
}
