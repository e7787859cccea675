// The sum of the items' values, for every item of a group. In local memory and by barriers: PoCL 3.1 offers neither
// sub-groups, which OpenCL has for warps, nor OpenCL 2.0's functions of work-groups. `scratch` holds a value for each
// item and may be used again at once.
float group_sum(float value, local float* scratch) {
  int t = get_local_id(0);
  scratch[t] = value;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int s = get_local_size(0) / 2; s > 0; s >>= 1) {
    if (t < s) scratch[t] += scratch[t + s];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  float sum = scratch[0];
  barrier(CLK_LOCAL_MEM_FENCE);
  return sum;
}
