#pragma once
// The functions behind matrix operations, before and after the kernel becomes vectors.

#include <llvm/IR/Module.h>

namespace cuda_shim::kernels::simd {

/// Whether calls of the function stay until they become calls of its form for whole warps; then
/// says what the form does, in place of what the lanes' meeting does.
bool stays_for_its_form(llvm::Function& function);

/// Puts the forms where the kernel calls them, as far as the code stays small; removes what was
/// made for one lane.
void expand_forms(llvm::Module& module, llvm::Function& kernel, bool has_avx512);

}  // namespace cuda_shim::kernels::simd
