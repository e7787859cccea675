#pragma once
// Bits that all lanes share, taken out before they are moved: then they are seen to be shared.

#include <llvm/IR/Function.h>

#include "kernels/simd/lanes.h"

namespace cuda_shim::kernels::simd {

/// Makes (x & (m << k)) >> k of (x >> k) & m where that leaves only bits of x that do not differ
/// between lanes: LLVM writes a table's place for a warp as (tid >> 3) & 28.
void expose_shared_bits(llvm::Function& function, const Lanes& lanes);

}  // namespace cuda_shim::kernels::simd
