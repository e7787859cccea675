#pragma once
// Vectors that only unlikely blocks need are worked out there.

namespace llvm {
class Function;
}

namespace cuda_shim::kernels::passes {

/// To be run after the optimiser, which brings together what several such blocks need, and so into
/// the way of all. Returns how many instructions it moved.
unsigned sink_to_unlikely(llvm::Function& function);

}  // namespace cuda_shim::kernels::passes
