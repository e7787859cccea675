#pragma once
// Addresses as sums: of values that are known in no more detail, of what loops count up, and of a
// constant. Whether lanes of a group can meet in one place is read off the difference of two.
//
// An index of 32 bits that is extended to an address is taken not to have wrapped around: in CUDA's
// language that would be an overflow of signed numbers or an array of more than 4 G elements.

#include <llvm/ADT/MapVector.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/ScalarEvolution.h>
#include <llvm/IR/Instructions.h>

#include <cstdint>
#include <optional>

#include "kernels/simd/shape_analysis.h"

namespace cuda_shim::kernels::simd {

struct LinearAddress {
  llvm::SmallMapVector<const llvm::Value*, std::int64_t, 4> terms;
  /// How much the loops around the address add in each round.
  llvm::SmallVector<std::int64_t, 2> steps;
  std::int64_t constant = 0;
};

/// Nothing where the address is no such sum.
std::optional<LinearAddress> linear_address(llvm::ScalarEvolution& evolution,
                                            const llvm::Value* pointer);

/// Where places that lanes of a group read lie, in whatever round, from those that lanes write.
enum class Side { kBelow, kAbove, kUnknown };

/// `sure` says whether a value is the same in every round in which a lane may come by.
Side side_of(const LinearAddress& read, const LinearAddress& written, std::int64_t bytes,
             const ShapeAnalysis& shapes, unsigned lanes,
             llvm::function_ref<bool(const llvm::Value*)> sure);

}  // namespace cuda_shim::kernels::simd
