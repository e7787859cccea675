#define GROUP 256
#define EACH 16
#define BITS 4
#define DIGITS (1 << BITS)

#include "group_scan.cl"

uint digit_of(uint key, int shift) { return key >> shift & (DIGITS - 1); }

// How often each digit occurs in each group's part, digit by digit, so that the running sum says where each group may
// write each digit.
kernel void count_digits(int n, int shift, global const uint* in, global uint* counts) {
  local uint mine[DIGITS];
  int t = get_local_id(0), start = get_group_id(0) * GROUP * EACH;
  if (t < DIGITS) mine[t] = 0;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int j = 0; j < EACH; ++j) {
    int i = start + j * GROUP + t;
    if (i < n) atomic_inc(&mine[digit_of(in[i], shift)]);
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  if (t < DIGITS) counts[t * get_num_groups(0) + get_group_id(0)] = mine[t];
}

// Each item has neighbouring keys and counts of its own, so that equal keys stay in order.
kernel void scatter(int n, int shift, global const uint* in, global const uint* places, global uint* out) {
  local uint counts[DIGITS][GROUP];
  local uint scratch[GROUP];
  local uint first[DIGITS];
  int t = get_local_id(0), start = get_global_id(0) * EACH;
  for (int digit = 0; digit < DIGITS; ++digit) counts[digit][t] = 0;
  for (int i = start; i < min(n, start + EACH); ++i) ++counts[digit_of(in[i], shift)][t];
  barrier(CLK_LOCAL_MEM_FENCE);

  // Their running sum, of which each item takes a run of neighbours.
  local uint* run = &counts[0][0] + t * DIGITS;
  uint sum = 0, total;
  for (int j = 0; j < DIGITS; ++j) sum += run[j];
  uint before = sum_before(sum, scratch, &total);
  for (int j = 0; j < DIGITS; ++j) {
    uint count = run[j];
    run[j] = before;
    before += count;
  }
  barrier(CLK_LOCAL_MEM_FENCE);

  if (t < DIGITS) first[t] = places[t * get_num_groups(0) + get_group_id(0)] - counts[t][0];
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int i = start; i < min(n, start + EACH); ++i) {
    uint key = in[i], digit = digit_of(key, shift);
    out[first[digit] + counts[digit][t]++] = key;
  }
}
