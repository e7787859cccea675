#include "group_sum.cl"

kernel void layer_norm(int columns, global const float* in, global const float* weight, global const float* bias,
                       global float* out) {
  local float scratch[256];
  in += get_group_id(0) * columns;
  out += get_group_id(0) * columns;

  float sum = 0, squares = 0;
  for (int i = get_local_id(0); i < columns; i += get_local_size(0)) {
    float value = in[i];
    sum += value;
    squares += value * value;
  }
  float mean = group_sum(sum, scratch) / columns;
  float factor = rsqrt(group_sum(squares, scratch) / columns - mean * mean + 1e-5f);

  for (int i = get_local_id(0); i < columns; i += get_local_size(0)) out[i] = (in[i] - mean) * factor * weight[i] + bias[i];
}
