#pragma once
// A call for a whole block instead of each of its groups, where a group has so little to do that
// half of the time goes into calling it and finding out again what holds for the block.

#include <llvm/IR/Function.h>

#include "kernels/simd/lanes.h"

namespace cuda_shim::kernels::simd {

/// Puts the function of a group into a loop over the block's groups, and returns whether it did:
/// if it is short, has no loops of its own, never waits, and the block's size is known.
bool run_whole_blocks(llvm::Function& function, const Lanes& lanes);

}  // namespace cuda_shim::kernels::simd
