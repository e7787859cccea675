// From the end of the function to its begin, so that what an instruction was made of follows it.

#include "kernels/passes/sink_to_unlikely.h"

#include <llvm/ADT/MapVector.h>
#include <llvm/ADT/PostOrderIterator.h>
#include <llvm/ADT/SmallPtrSet.h>
#include <llvm/IR/CFG.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/ProfDataUtils.h>

namespace cuda_shim::kernels::passes {
namespace {

using BlockSet = llvm::SmallPtrSet<const llvm::BasicBlock*, 16>;

/// A way is unlikely that is taken once in so many times.
constexpr std::uint64_t kUnlikely = 100;
/// Copies of an instruction, at most.
constexpr std::size_t kMostCopies = 32;

bool is_unlikely(const llvm::BasicBlock* from, const llvm::BasicBlock* to) {
  const auto* branch = llvm::dyn_cast<llvm::BranchInst>(from->getTerminator());
  std::uint64_t taken = 0, not_taken = 0;
  if (branch == nullptr || !branch->isConditional() ||
      branch->getSuccessor(0) == branch->getSuccessor(1) ||
      !llvm::extractBranchWeights(*branch, taken, not_taken))
    return false;
  const std::uint64_t own = branch->getSuccessor(0) == to ? taken : not_taken;
  return own < (taken + not_taken) / kUnlikely;
}

/// Blocks that are only reached by unlikely ways.
BlockSet unlikely_blocks(llvm::Function& function) {
  BlockSet unlikely, seen;
  for (const llvm::BasicBlock* block : llvm::ReversePostOrderTraversal(&function)) {
    seen.insert(block);
    const auto comes_unlikely = [&](const llvm::BasicBlock* from) {
      return !seen.contains(from) || unlikely.contains(from) || is_unlikely(from, block);
    };
    if (block != &function.getEntryBlock() &&
        llvm::all_of(llvm::predecessors(block), comes_unlikely))
      unlikely.insert(block);
  }
  return unlikely;
}

const llvm::BasicBlock* place_of(const llvm::Use& use) {
  const auto* user = llvm::cast<llvm::Instruction>(use.getUser());
  const auto* phi = llvm::dyn_cast<llvm::PHINode>(user);
  return phi != nullptr ? phi->getIncomingBlock(use) : user->getParent();
}

bool can_move(const llvm::Instruction& instruction) {
  return instruction.getType()->isVectorTy() && !instruction.use_empty() &&
         !llvm::isa<llvm::PHINode>(instruction) && !instruction.isTerminator() &&
         !instruction.mayHaveSideEffects() && !instruction.mayReadFromMemory();
}

bool sink(llvm::Instruction& instruction, const BlockSet& unlikely) {
  llvm::SmallMapVector<llvm::BasicBlock*, llvm::SmallVector<llvm::Use*, 2>, 4> uses;
  for (llvm::Use& use : instruction.uses()) {
    const llvm::BasicBlock* place = place_of(use);
    if (!unlikely.contains(place)) return false;
    uses[const_cast<llvm::BasicBlock*>(place)].push_back(&use);
  }
  if (uses.size() > kMostCopies) return false;
  for (auto& [block, own] : uses) {
    llvm::Instruction* copy = instruction.clone();
    copy->insertBefore(block->getFirstInsertionPt());
    for (llvm::Use* use : own) use->set(copy);
  }
  instruction.eraseFromParent();
  return true;
}

}  // namespace

unsigned sink_to_unlikely(llvm::Function& function) {
  const BlockSet unlikely = unlikely_blocks(function);
  unsigned moved = 0;
  if (unlikely.empty()) return moved;
  for (llvm::BasicBlock* block : llvm::post_order(&function)) {
    if (unlikely.contains(block)) continue;
    for (llvm::Instruction& instruction : llvm::make_early_inc_range(llvm::reverse(*block)))
      if (can_move(instruction)) moved += sink(instruction, unlikely);
  }
  return moved;
}

}  // namespace cuda_shim::kernels::passes
