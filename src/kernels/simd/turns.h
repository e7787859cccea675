#pragma once
// Loops of the whole grid: `for (i = thread of grid; i < n; i += threads of grid)`. A block that
// runs such a loop to its end jumps through all of the memory, and so does the next one; each jump
// is a row of the memory chips, or a page, for little. Blocks that take turns read what lies side
// by side.

#include <llvm/IR/Function.h>

namespace cuda_shim::kernels::simd {

/// Makes each innermost loop that counts on by a number of the grid's blocks offer a turn
/// (DeviceOp::turn) every few rounds, where the grid is large.
void offer_turns(llvm::Function& function);

}  // namespace cuda_shim::kernels::simd
