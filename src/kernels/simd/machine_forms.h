#pragma once
// Operations on vectors for which AVX-512 has instructions that LLVM IR has none for.

#include <llvm/IR/IRBuilder.h>

#include "kernels/instructions/lowering.h"

namespace cuda_shim::kernels::simd {

/// add, mul, fma, div and sqrt of intrinsics.def on flat vectors by AVX-512's embedded rounding.
/// `rounding` is numbered as there. Null if the operation has no such form.
llvm::Value* emit_rounded(llvm::IRBuilder<>& ir, instructions::DeviceOp op,
                          llvm::ArrayRef<llvm::Value*> operands, std::uint64_t rounding);

/// exp2_f32 of intrinsics.def on a flat vector, subnormal results included: AVX-512 scales by
/// powers of two, whatever they are. Null if the vector's size has no such form.
llvm::Value* emit_exp2(llvm::IRBuilder<>& ir, llvm::Value* x);

}  // namespace cuda_shim::kernels::simd
