#pragma once
// Makes NaNs canonical where somebody can see their bits, instead of after every operation.
//
// PTX says that an operation's NaN result has one bit pattern, so lowering puts a comparison and a
// selection behind every operation. Arithmetic that consumes the value sees only that it is a NaN,
// and its own result is made canonical again. This pass lets such consumers take the value as the
// processor made it, also through phis and selections (a loop's accumulator); what stores the value
// or looks at its bits still gets the canonical one, so no bit of any result changes.
//
//   %s = fadd float %a, %b                     %s = fadd float %a, %b
//   %c = canonical(%s)                 ==>     %t = fmul float %s, %d
//   %t = fmul float %c, %d                     %u = canonical(%t)
//   %u = canonical(%t)                         store %u
//   store %u

#include <llvm/IR/Module.h>

namespace cuda_shim::kernels::passes {

/// Runs on SSA form, before optimisations that move selections into arithmetic. Returns how many
/// uses it changed.
unsigned delay_canonical_nans(llvm::Function& function);
unsigned delay_canonical_nans(llvm::Module& module);

}  // namespace cuda_shim::kernels::passes
