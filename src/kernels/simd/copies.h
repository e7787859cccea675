#pragma once
// What may stand in a function twice.

#include <llvm/IR/Function.h>

namespace cuda_shim::kernels::simd {

bool has_loops(llvm::Function& function);

/// Whether it calls nothing that all threads have to come to in one place.
bool can_be_copied(const llvm::BasicBlock& block);

}  // namespace cuda_shim::kernels::simd
