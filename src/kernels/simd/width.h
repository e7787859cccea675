#pragma once
// How many threads a group has, and how they are dealt out to lanes.

#include <llvm/IR/Function.h>

#include "cuda_shim/code_object.h"
#include "kernels/simd/lanes.h"

namespace cuda_shim::kernels::simd {

/// `block`: 0 where it is not known. `vector_bits`: of the machine's registers.
Lanes choose_lanes(llvm::Function& function, const cuda_shim_dim3& block, unsigned vector_bits);

}  // namespace cuda_shim::kernels::simd
