void tree(float sum, local float* sums, global float* out) {
  int t = get_local_id(0);
  sums[t] = sum;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int s = 128; s > 0; s >>= 1) {
    if (t < s) sums[t] += sums[t + s];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  if (t == 0) *out = sums[0];
}

kernel void reduce(int n, global const float* in, global float* partial) {
  local float sums[256];
  float sum = 0;
  for (int i = get_global_id(0); i < n; i += get_global_size(0)) sum += in[i];
  tree(sum, sums, partial + get_group_id(0));
}

kernel void reduce_partials(int blocks, global const float* partial, global float* out) {
  local float sums[256];
  float sum = 0;
  for (int i = get_local_id(0); i < blocks; i += 256) sum += partial[i];
  tree(sum, sums, out);
}
