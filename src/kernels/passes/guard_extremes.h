#pragma once
// Minima and maxima of a number and what may be a NaN give what they should: the number or, where
// NaNs win, the NaN.

namespace llvm {
class Module;
}

namespace cuda_shim::kernels::passes {

/// To be run after the optimiser, which tells what is a number. Returns how many it changed.
unsigned guard_extremes(llvm::Module& module);

}  // namespace cuda_shim::kernels::passes
