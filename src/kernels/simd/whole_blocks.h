#pragma once
// A call for a whole block instead of each of its groups, where a group has so little to do that
// half of the time goes into calling it and finding out again what holds for the block. And for
// several blocks of a row of the grid: a block's rows of threads mostly read short pieces of
// memory, far apart, which the blocks beside it continue.

#include <llvm/IR/Function.h>

#include <cstdint>

#include "kernels/simd/lanes.h"

namespace cuda_shim::kernels::simd {

/// Puts the function of a group into a loop over the block's groups, or one for each part between
/// barriers (block_parts.h), if it is short, has no loops of its own, waits nowhere else, and the
/// block's size is known; and into one over blocks abreast if the block has several rows, no
/// barriers and no shared memory. Returns which cuda_shim_kernel_traits that gives.
std::uint32_t run_whole_blocks(llvm::Function& function, const Lanes& lanes);

}  // namespace cuda_shim::kernels::simd
