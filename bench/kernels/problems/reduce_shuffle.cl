#include "group_sum.cl"

kernel void reduce(int n, global const float* in, global float* partial) {
  local float scratch[256];
  float sum = 0;
  for (int i = get_global_id(0); i < n; i += get_global_size(0)) sum += in[i];
  sum = group_sum(sum, scratch);
  if (get_local_id(0) == 0) partial[get_group_id(0)] = sum;
}

kernel void reduce_partials(int blocks, global const float* partial, global float* out) {
  local float scratch[1024];
  int i = get_local_id(0);
  float sum = group_sum(i < blocks ? partial[i] : 0, scratch);
  if (i == 0) *out = sum;
}
