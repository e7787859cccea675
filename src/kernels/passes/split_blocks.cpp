// Cuts long blocks from the end to the front, so that each instruction moves at most once.

#include "kernels/passes/split_blocks.h"

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/STLExtras.h>
#include <llvm/IR/Instructions.h>

#include <vector>

namespace cuda_shim::kernels::passes {
namespace {

/// Phis belong at the start, and allocas in the entry block: elsewhere they would be dynamic ones.
bool stays_in_front(const llvm::Instruction& instruction) {
  return llvm::isa<llvm::PHINode, llvm::AllocaInst>(instruction);
}

/// The first instructions of all pieces but the first.
std::vector<llvm::Instruction*> cuts_of(llvm::BasicBlock& block, unsigned limit) {
  std::vector<llvm::Instruction*> cuts;
  unsigned position = 0, start = 0;
  for (llvm::Instruction& instruction : block) {
    // One place is for the branch that ends the piece.
    const bool is_full = position - start + 1 >= limit;
    if (stays_in_front(instruction)) {
      cuts.clear();
      start = 0;
    } else if (is_full && !instruction.isTerminator()) {
      cuts.push_back(&instruction);
      start = position;
    }
    ++position;
  }
  return cuts;
}

bool is_constant_offset(const llvm::Value* value) {
  const auto* address = llvm::dyn_cast<llvm::GetElementPtrInst>(value);
  return address != nullptr && address->hasAllConstantIndices();
}

/// Recomputes the addresses that `piece` takes from other blocks right before their first use.
void localise_addresses(llvm::BasicBlock& piece) {
  llvm::DenseMap<llvm::Value*, llvm::Instruction*> copies;
  for (llvm::Instruction& instruction : piece) {
    if (llvm::isa<llvm::PHINode>(instruction)) continue;
    for (llvm::Use& operand : instruction.operands()) {
      if (!is_constant_offset(operand)) continue;
      auto* address = llvm::cast<llvm::Instruction>(operand.get());
      if (address->getParent() == &piece) continue;
      llvm::Instruction*& copy = copies[address];
      if (copy == nullptr) {
        copy = address->clone();
        copy->insertBefore(instruction.getIterator());
      }
      operand.set(copy);
    }
  }
}

}  // namespace

bool has_long_block(const llvm::Module& module, unsigned limit) {
  for (const llvm::Function& function : module)
    for (const llvm::BasicBlock& block : function)
      if (block.size() > limit) return true;
  return false;
}

unsigned split_long_blocks(llvm::Function& function, unsigned limit) {
  std::vector<llvm::BasicBlock*> pieces;
  for (llvm::BasicBlock& block : llvm::make_early_inc_range(function)) {
    if (block.size() <= limit) continue;
    for (llvm::Instruction* cut : llvm::reverse(cuts_of(block, limit)))
      pieces.push_back(block.splitBasicBlock(cut->getIterator()));
  }
  for (llvm::BasicBlock* piece : pieces) localise_addresses(*piece);
  return static_cast<unsigned>(pieces.size());
}

}  // namespace cuda_shim::kernels::passes
