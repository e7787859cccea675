#pragma once
// What one thread loads or stores element by element, and all lanes together without gaps, becomes
// one access of a vector for each thread: then the lanes' access is contiguous, not strided.

#include <llvm/IR/Function.h>

#include "kernels/simd/lanes.h"

namespace cuda_shim::kernels::simd {

/// Joins accesses side by side whose address moves from lane to lane by as many bytes as they have
/// together.
void join_side_by_side(llvm::Function& function, const Lanes& lanes);

}  // namespace cuda_shim::kernels::simd
