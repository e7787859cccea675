#define GROUP 256
#define EACH 16

#include "group_scan.cl"

// CUB's groups wait for the sums of those before them, which OpenCL does not allow: it promises no progress of one group
// while another waits. So in three steps: the sum of each group's part, the running sum of these, the parts.
kernel void sum_parts(int n, global const uint* in, global uint* sums) {
  local uint scratch[GROUP];
  int start = get_group_id(0) * GROUP * EACH;
  uint sum = 0, total;
  for (int j = 0; j < EACH; ++j) {
    int i = start + j * GROUP + get_local_id(0);
    if (i < n) sum += in[i];
  }
  sum_before(sum, scratch, &total);
  if (get_local_id(0) == 0) sums[get_group_id(0)] = total;
}

kernel void scan_parts(int n, global const uint* in, global const uint* sums, global uint* out) {
  local uint scratch[GROUP];
  int start = get_global_id(0) * EACH;
  uint mine[EACH], sum = 0, total;
  for (int j = 0; j < EACH; ++j) {
    sum += start + j < n ? in[start + j] : 0;
    mine[j] = sum;
  }
  uint before = sums[get_group_id(0)] + sum_before(sum, scratch, &total);
  for (int j = 0; j < EACH; ++j)
    if (start + j < n) out[start + j] = before + mine[j];
}
