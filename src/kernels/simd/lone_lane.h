#pragma once
// Regions that one lane of a group enters at most: what a thread does for its block or its warp.

#include <llvm/ADT/DenseMap.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/IR/Dominators.h>

#include "kernels/simd/shape_analysis.h"

namespace cuda_shim::kernels::simd {

/// The lane in which a value that counts up from lane to lane has reached one that all share.
struct LoneLane {
  llvm::Value* counting;
  llvm::Value* wanted;
};

class LoneLanes {
 public:
  LoneLanes(const llvm::Function& function, const Lanes& lanes, const ShapeAnalysis& shapes,
            const llvm::DominatorTree& dominators, const llvm::LoopInfo& loops);

  /// Null: any number of lanes may run the block.
  const LoneLane* of(const llvm::BasicBlock* block) const;

 private:
  llvm::DenseMap<const llvm::BasicBlock*, LoneLane> regions_;
};

}  // namespace cuda_shim::kernels::simd
