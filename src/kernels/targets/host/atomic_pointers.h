#pragma once
// Addresses of atomic operations in the form that code generators take.

namespace llvm {
class Module;
}

namespace cuda_shim::kernels::targets::host {

/// LLVM's generator for AArch64 without Armv8.1's atomics makes loops of exclusive loads and stores
/// of pairs of operations of 128 bits, by intrinsics that know address space 0 only. All address
/// spaces that are left by now are one. After the optimiser.
void flatten_atomic_pointers(llvm::Module& module);

}  // namespace cuda_shim::kernels::targets::host
