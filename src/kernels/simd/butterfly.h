#pragma once
// Sums, maxima and the like of a warp that programs make by shuffles: v = v op shfl_xor(v, m) for
// each of the five distances m. Every lane ends with the same number then, bit for bit, since pairs
// of lanes combine the same two numbers. So it is one for all, and of the lanes that have become
// equal on the way one is enough.

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Instructions.h>

#include <optional>

#include "kernels/simd/lanes.h"

namespace cuda_shim::kernels::simd {

/// A reduction of all 32 lanes of a warp.
struct Butterfly {
  llvm::Value* start;                     ///< what each lane brings
  llvm::SmallVector<unsigned> distances;  ///< between lanes that combine, in the order of steps
  const llvm::BasicBlock* block;          ///< where they begin; the last step may stand elsewhere
};

/// The reduction that the instruction is the last step of, where groups are whole warps.
std::optional<Butterfly> butterfly_that_ends_in(const llvm::Instruction& last, const Lanes& lanes);

/// Does it: `start` has an element for each lane. Gives what all lanes get.
llvm::Value* emit_butterfly(llvm::IRBuilder<>& ir, const Butterfly& butterfly,
                            const llvm::Instruction& last, llvm::Value* start);

}  // namespace cuda_shim::kernels::simd
