#pragma once
// Addresses of .local memory in 32 bits, as alloca.u32 gives them.

#include <llvm/IR/IRBuilder.h>

namespace cuda_shim::kernels::instructions {

/// The 64 bits of which `low` (i32) are the low ones: the address nearest to the stack pointer.
llvm::Value* whole_stack_address(llvm::IRBuilder<>& ir, llvm::Value* low);

}  // namespace cuda_shim::kernels::instructions
