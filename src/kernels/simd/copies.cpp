#include "kernels/simd/copies.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/InstrTypes.h>

namespace cuda_shim::kernels::simd {

bool has_loops(llvm::Function& function) {
  const llvm::DominatorTree dominators(function);
  return !llvm::LoopInfo(dominators).empty();
}

bool can_be_copied(const llvm::BasicBlock& block) {
  return llvm::none_of(block, [](const llvm::Instruction& instruction) {
    const auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction);
    return call != nullptr && (call->isConvergent() || call->cannotDuplicate());
  });
}

}  // namespace cuda_shim::kernels::simd
