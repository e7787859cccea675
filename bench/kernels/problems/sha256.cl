#include "sha256.h"

constant uint constants[64] = {SHA256_CONSTANTS};

// The first word of the hash of a message of four words, the last of which is the item's number.
kernel void sha256(int n, uint seed, global uint* out) {
  uint i = get_global_id(0);
  if (i >= n) return;
  uint w[16] = {seed, seed ^ 0x5a5a5a5a, ~seed, i, 0x80000000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 128};
  const uint start[8] = {SHA256_START};
  uint s[8];
  for (int j = 0; j < 8; ++j) s[j] = start[j];
#pragma unroll
  for (int t = 0; t < 64; ++t) {
    if (t >= 16) {
      uint w15 = w[(t - 15) % 16], w2 = w[(t - 2) % 16];
      w[t % 16] += (rotate(w15, 25u) ^ rotate(w15, 14u) ^ (w15 >> 3)) + w[(t - 7) % 16] +
                   (rotate(w2, 15u) ^ rotate(w2, 13u) ^ (w2 >> 10));
    }
    uint t1 = s[7] + (rotate(s[4], 26u) ^ rotate(s[4], 21u) ^ rotate(s[4], 7u)) + bitselect(s[6], s[5], s[4]) + constants[t] + w[t % 16];
    uint t2 = (rotate(s[0], 30u) ^ rotate(s[0], 19u) ^ rotate(s[0], 10u)) + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
    for (int j = 7; j > 0; --j) s[j] = s[j - 1];
    s[4] += t1;
    s[0] = t1 + t2;
  }
  out[i] = s[0] + start[0];
}
