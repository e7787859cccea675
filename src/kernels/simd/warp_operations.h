#pragma once
// Operations of the threads of a warp where the warp is a vector of 32 lanes.
//
// The lanes that take part are those of the membermask that are active: the others have exited, or
// the program is wrong. Scalars (the membermask, where it is the same for all) and vectors may be
// mixed: what is one for all lanes comes out as a scalar.

#include <llvm/IR/IRBuilder.h>

namespace cuda_shim::kernels::simd {

/// What an operation knows of its warp.
struct WarpContext {
  llvm::IRBuilder<>& ir;
  llvm::Value* active;  ///< <32 x i1>
  bool has_avx512 = false;

  llvm::Value* active_bits() const { return ir.CreateBitCast(active, ir.getInt32Ty()); }
};

/// shfl.sync: <32 x i32> operands; the result as intrinsics.def says. `mode` is CUDA_SHIM_SHFL_*.
llvm::Value* emit_shuffle(const WarpContext& warp, unsigned mode, llvm::Value* value,
                          llvm::Value* b, llvm::Value* c, llvm::Value* members);
/// vote.sync: `predicate` is <32 x i32>, `members` i32 or <32 x i32>, and the result like it.
llvm::Value* emit_vote(const WarpContext& warp, unsigned mode, llvm::Value* predicate,
                       llvm::Value* members);
/// redux.sync of <32 x i32> by CUDA_SHIM_REDUX_*; `members` is i32. Gives i32.
llvm::Value* emit_redux(const WarpContext& warp, unsigned operation, llvm::Value* value,
                        llvm::Value* members);
/// elect.sync; `members` is i32 or <32 x i32>. Gives <32 x i64>.
llvm::Value* emit_elect(const WarpContext& warp, llvm::Value* members);

/// Low word and high word of <32 x i64>, from <32 x i32> and <32 x i1>.
llvm::Value* pair_of(llvm::IRBuilder<>& ir, llvm::Value* low, llvm::Value* high);

}  // namespace cuda_shim::kernels::simd
