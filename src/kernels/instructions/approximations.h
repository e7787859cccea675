#pragma once
// The .approx functions of one float, as straight-line IR that a vectoriser can take: no calls, no
// tables, no branches. Those of 2^x take vectors as well.
//
// Errors stay within the bounds of the PTX manual (docs of the tests say which were measured);
// special values are the manual's.

#include <llvm/IR/IRBuilder.h>

namespace cuda_shim::kernels::instructions {

/// 2^x, within 2 ulp over the full range, subnormal results included.
llvm::Value* approximate_exp2(llvm::IRBuilder<>& ir, llvm::Value* x);
/// The same where subnormal results become 0 later: they are some subnormal number.
llvm::Value* approximate_normal_exp2(llvm::IRBuilder<>& ir, llvm::Value* x);
/// 2^f for |f| <= 1/2: what the two above scale.
llvm::Value* exp2_of_fraction(llvm::IRBuilder<>& ir, llvm::Value* fraction);
/// log2(x): absolute error below 2^-22 in [0.5, 2], relative below 2^-22 elsewhere.
llvm::Value* approximate_log2(llvm::IRBuilder<>& ir, llvm::Value* x);
/// sin(x), cos(x): absolute error below 2^-20.5 while |x| < 2^30; 0 and 1 beyond, where a float no
/// longer says which angle it is.
llvm::Value* approximate_sin(llvm::IRBuilder<>& ir, llvm::Value* x);
llvm::Value* approximate_cos(llvm::IRBuilder<>& ir, llvm::Value* x);
/// tanh(x): relative error below 2^-11.
llvm::Value* approximate_tanh(llvm::IRBuilder<>& ir, llvm::Value* x);

}  // namespace cuda_shim::kernels::instructions
