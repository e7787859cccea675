#pragma once
// Copies of boxes of tensors between global and shared memory: cp.async.bulk.tensor and
// cp.reduce.async.bulk.tensor.

#include <cstdint>

#include "cuda_shim/tensor_map.h"

namespace cuda_shim::devices::cpu {

/// What one copy is asked for. `operation` and `words` as in tensor_map.h.
struct TensorCopy {
  const cuda_shim_tensor_map& map;
  std::uint32_t operation;
  const std::uint32_t* words;
  char* shared;
};

/// Why the copy cannot be done: a sentence; null if it can.
const char* tensor_fault(const TensorCopy& copy);
/// Does it. Returns the bytes of the box, outside of the tensor or not.
std::uint32_t copy_tensor(const TensorCopy& copy);

}  // namespace cuda_shim::devices::cpu
