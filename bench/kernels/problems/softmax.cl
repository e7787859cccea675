#include "group_sum.cl"

float group_max(float value, local float* scratch) {
  int t = get_local_id(0);
  scratch[t] = value;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int s = get_local_size(0) / 2; s > 0; s >>= 1) {
    if (t < s) scratch[t] = fmax(scratch[t], scratch[t + s]);
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  float largest = scratch[0];
  barrier(CLK_LOCAL_MEM_FENCE);
  return largest;
}

kernel void softmax(int columns, global const float* in, global float* out) {
  local float scratch[256];
  in += get_group_id(0) * columns;
  out += get_group_id(0) * columns;

  // No infinity: fast-math rules it out.
  float largest = -MAXFLOAT;
  for (int i = get_local_id(0); i < columns; i += get_local_size(0)) largest = fmax(largest, in[i]);
  largest = group_max(largest, scratch);

  float sum = 0;
  for (int i = get_local_id(0); i < columns; i += get_local_size(0)) sum += exp(in[i] - largest);
  float factor = 1 / group_sum(sum, scratch);

  for (int i = get_local_id(0); i < columns; i += get_local_size(0)) out[i] = exp(in[i] - largest) * factor;
}
