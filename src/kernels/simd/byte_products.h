#pragma once
// Products of bytes by the processor's instruction for them.

#include <llvm/IR/Module.h>

namespace cuda_shim::kernels::simd {

/// Gives the module's functions that add up products of bytes bodies of AVX-512 VNNI.
void use_vnni(llvm::Module& module);

}  // namespace cuda_shim::kernels::simd
