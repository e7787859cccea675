#pragma once
// Tiles of sums that each thread keeps in registers, as matrix products have them.

#include <llvm/IR/Function.h>
#include <llvm/Target/TargetMachine.h>

namespace cuda_shim::kernels::simd {

/// Makes short vectors of the sums of a thread that lie side by side in the end, and of what they
/// are made of, in kernels that have many. What is loaded side by side then need not be taken
/// apart, thread by thread, for each sum.
void join_sums(llvm::Function& function, llvm::TargetMachine& machine);

}  // namespace cuda_shim::kernels::simd
