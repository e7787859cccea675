// The sum of the values of the items before this one in a group of GROUP items. `scratch` holds a value for each item
// and may be used again at once; `total` becomes the sum of all of them.
uint sum_before(uint value, local uint* scratch, uint* total) {
  int t = get_local_id(0);
  scratch[t] = value;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int apart = 1; apart < GROUP; apart <<= 1) {
    uint below = t < apart ? 0 : scratch[t - apart];
    barrier(CLK_LOCAL_MEM_FENCE);
    scratch[t] += below;
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  uint before = scratch[t] - value;
  *total = scratch[GROUP - 1];
  barrier(CLK_LOCAL_MEM_FENCE);
  return before;
}

// One group: each of the sums becomes the sum of those before it.
kernel void scan_sums(int count, global uint* sums) {
  local uint scratch[GROUP];
  uint before = 0;
  for (int start = 0; start < count; start += GROUP) {
    int i = start + get_local_id(0);
    uint total;
    uint below = sum_before(i < count ? sums[i] : 0, scratch, &total);
    if (i < count) sums[i] = before + below;
    before += total;
  }
}
