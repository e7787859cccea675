#pragma once
// Work that a thread does only if it lies within bounds, twice: for groups all of whose lanes do
// it, which are most, and for the others.
//
//   if (x < n) { ... }   ==>   if (every lane's x < n) { ... } else if (x < n) { ... }
//
// The first copy needs no masks, and to choose it one number is compared for all lanes.

#include <llvm/IR/Function.h>

#include "kernels/simd/lanes.h"

namespace cuda_shim::kernels::simd {

/// Of one thread's function, before it is brought into the form for vectors. Only where all there
/// is behind the first condition on which lanes part is short, and has no loops.
void set_full_groups_apart(llvm::Function& function, const Lanes& lanes);

}  // namespace cuda_shim::kernels::simd
