#pragma once
// Which values of a kernel are the same in all lanes of a group, which count up from lane to lane,
// and which branches may therefore part the lanes.
//
// LLVM's uniformity analysis follows data and control; shapes follow strides and alignments. Each
// learns from the other: a comparison of a thread index that counts up from a multiple of the lane
// count with another such multiple comes out the same in all lanes.

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/DenseSet.h>
#include <llvm/IR/Function.h>
#include <llvm/IR/Instructions.h>

#include "kernels/simd/lanes.h"
#include "kernels/simd/shape.h"

namespace cuda_shim::kernels::simd {

class ShapeAnalysis {
 public:
  ShapeAnalysis(llvm::Function& function, const Lanes& lanes);

  Shape of(const llvm::Value* value) const;
  bool is_uniform(const llvm::Value* value) const { return of(value).is_uniform(); }
  /// Whether the block ends in a branch on which the lanes may part.
  bool parts(const llvm::BasicBlock& block) const { return parting_.contains(&block); }
  /// Brings the control flow into a form where every branch that parts lanes either skips a region
  /// or ends a loop. What was known before is void.
  static void structure(llvm::Function& function, const Lanes& lanes);

 private:
  void find_uniformity();
  void find_shapes();
  Shape phi_shape(const llvm::PHINode& phi) const;
  Shape instruction_shape(const llvm::Instruction& instruction) const;
  bool draw_conclusions();

  llvm::Function& function_;
  Lanes lanes_;
  llvm::DenseMap<const llvm::Value*, Shape> shapes_;
  llvm::DenseSet<const llvm::Value*> divergent_;
  llvm::DenseSet<const llvm::Value*> proven_uniform_;
  llvm::DenseSet<const llvm::BasicBlock*> parting_;
  llvm::DenseSet<const llvm::PHINode*> merging_;  ///< phis where lanes of different ways meet
};

}  // namespace cuda_shim::kernels::simd
