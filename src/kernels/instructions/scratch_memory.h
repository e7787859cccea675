#pragma once
// Memory for the arguments and results of operations that take addresses: one piece of a kind for a
// whole function, as none is in use beyond its instruction.

#include <llvm/IR/Instructions.h>

namespace cuda_shim::kernels::instructions {

/// The function's 32-bit words of this name, aligned to 8 bytes; made if none is found among the
/// variables at its start.
llvm::AllocaInst* scratch_memory(llvm::Function& function, const char* name, unsigned words);

}  // namespace cuda_shim::kernels::instructions
