#pragma once
// Reductions of elements in memory by those of a box: cp.reduce.async.bulk.tensor.

#include <cstddef>

#include "cuda_shim/tensor_map.h"

namespace cuda_shim::devices::cpu {

/// Whether the type has the operation.
bool can_reduce(cuda_shim_tensor_type type, cuda_shim_tensor_reduction operation);
/// Each of the elements at `to`, atomically, by the one at the same place of `from`.
void reduce_elements(cuda_shim_tensor_type type, cuda_shim_tensor_reduction operation, char* to,
                     const char* from, std::size_t elements);

}  // namespace cuda_shim::devices::cpu
