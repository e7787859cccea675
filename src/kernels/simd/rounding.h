#pragma once
// Arithmetic in a given rounding on vectors, where the machine's instructions say how they round.

#include <llvm/IR/IRBuilder.h>

#include "kernels/instructions/lowering.h"

namespace cuda_shim::kernels::simd {

/// add, mul, fma, div and sqrt of intrinsics.def on flat vectors by AVX-512's embedded rounding.
/// `rounding` is numbered as there. Null if the operation has no such form.
llvm::Value* emit_rounded(llvm::IRBuilder<>& ir, instructions::DeviceOp op,
                          llvm::ArrayRef<llvm::Value*> operands, std::uint64_t rounding);

}  // namespace cuda_shim::kernels::simd
