#pragma once
// Keeps bitwise operations and the selection of some lanes of their result apart.

namespace llvm {
class Module;
}

namespace cuda_shim::kernels::passes {

/// To be run after the optimiser, for x86 with AVX-512. Returns how many selections it changed.
unsigned guard_masked_logic(llvm::Module& module);

}  // namespace cuda_shim::kernels::passes
