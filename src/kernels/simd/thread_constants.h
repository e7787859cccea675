#pragma once
// What stays the same for a thread from its begin to its end: its place in the grid, and where
// memory begins.

#include <llvm/IR/Function.h>

namespace cuda_shim::kernels::simd {

/// Asks for each once, at the function's begin. Asked for on several ways, it would come out of a
/// merge of ways, and be taken for something that depends on the way.
void ask_once(llvm::Function& function);

}  // namespace cuda_shim::kernels::simd
