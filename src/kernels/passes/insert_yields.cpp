// Finds the loops whose exits depend on memory that others write, by walking from the exits'
// conditions back through data and control.

#include "kernels/passes/insert_yields.h"

#include <llvm/ADT/SmallPtrSet.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>

#include "kernels/instructions/device_ops.h"

namespace cuda_shim::kernels::passes {
namespace {

using instructions::DeviceOp;
using FunctionSet = llvm::SmallPtrSet<const llvm::Function*, 8>;

bool is_shared_access(const llvm::Instruction& instruction) {
  if (instruction.isAtomic() && !llvm::isa<llvm::FenceInst>(instruction)) return true;
  const auto* load = llvm::dyn_cast<llvm::LoadInst>(&instruction);
  return load != nullptr && load->isVolatile();
}

const llvm::Function* called(const llvm::Instruction& instruction) {
  const auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
  return call != nullptr ? call->getCalledFunction() : nullptr;
}

/// Functions with bodies that access shared memory, in themselves or through calls.
FunctionSet functions_with_shared_accesses(const llvm::Module& module) {
  FunctionSet found;
  for (bool changed = true; changed;) {
    changed = false;
    for (const llvm::Function& function : module)
      for (const llvm::Instruction& instruction : llvm::instructions(function))
        if (is_shared_access(instruction) || found.contains(called(instruction)))
          changed |= found.insert(&function).second;
  }
  return found;
}

class WaitingLoop {
 public:
  WaitingLoop(const llvm::Loop& loop, const llvm::DominatorTree& tree, const FunctionSet& functions)
      : loop_(loop), tree_(tree), functions_(functions), pauses_(has_pause()) {}

  /// Whether an exit depends on memory that others may write.
  bool waits() {
    llvm::SmallVector<llvm::BasicBlock*> exiting;
    loop_.getExitingBlocks(exiting);
    for (const llvm::BasicBlock* block : exiting) add_condition(block);
    while (!open_.empty()) {
      const llvm::Instruction* instruction = open_.pop_back_val();
      if (is_source(*instruction)) return true;
      follow(*instruction);
    }
    return false;
  }

 private:
  // A fence or a pause in a loop says that plain loads are meant to see what others write.
  bool has_pause() const {
    for (const llvm::BasicBlock* block : loop_.blocks())
      for (const llvm::Instruction& instruction : *block) {
        if (llvm::isa<llvm::FenceInst>(instruction)) return true;
        if (instructions::device_op_in(instruction) == DeviceOp::nanosleep) return true;
      }
    return false;
  }

  bool is_source(const llvm::Instruction& instruction) const {
    if (const auto* exchange = llvm::dyn_cast<llvm::AtomicCmpXchgInst>(&instruction))
      return loop_.isLoopInvariant(exchange->getCompareOperand());
    if (is_shared_access(instruction)) return true;
    if (pauses_ && llvm::isa<llvm::LoadInst>(instruction)) return true;
    return functions_.contains(called(instruction));
  }

  void add(const llvm::Value* value) {
    const auto* instruction = llvm::dyn_cast<llvm::Instruction>(value);
    if (instruction != nullptr && loop_.contains(instruction) && seen_.insert(instruction).second)
      open_.push_back(instruction);
  }

  void add_condition(const llvm::BasicBlock* block) {
    const llvm::Instruction* end = block->getTerminator();
    if (const auto* branch = llvm::dyn_cast<llvm::BranchInst>(end);
        branch && branch->isConditional())
      add(branch->getCondition());
    if (const auto* choice = llvm::dyn_cast<llvm::SwitchInst>(end)) add(choice->getCondition());
  }

  // A phi's value depends on its incoming values and on the branches that chose the way to it.
  void follow(const llvm::Instruction& instruction) {
    for (const llvm::Value* operand : instruction.operands()) add(operand);
    const auto* phi = llvm::dyn_cast<llvm::PHINode>(&instruction);
    if (phi == nullptr) return;
    const auto* merge = tree_.getNode(phi->getParent());
    for (const llvm::BasicBlock* incoming : phi->blocks()) {
      const auto* node = tree_.getNode(incoming);
      for (; node != nullptr && loop_.contains(node->getBlock()); node = node->getIDom()) {
        add_condition(node->getBlock());
        if (merge != nullptr && node == merge->getIDom()) break;
      }
    }
  }

  const llvm::Loop& loop_;
  const llvm::DominatorTree& tree_;
  const FunctionSet& functions_;
  bool pauses_;
  llvm::SmallPtrSet<const llvm::Instruction*, 16> seen_;
  llvm::SmallVector<const llvm::Instruction*> open_;
};

void yield_at_back_edges(const llvm::Loop& loop) {
  llvm::SmallVector<llvm::BasicBlock*> latches;
  loop.getLoopLatches(latches);
  for (llvm::BasicBlock* latch : latches) {
    // Not on the way out: who has what he waited for goes on.
    llvm::Instruction* end = latch->getTerminator();
    const bool may_leave = llvm::isa<llvm::BranchInst>(end) && end->getNumSuccessors() > 1 &&
                           loop.isLoopExiting(latch);
    llvm::BasicBlock* back = may_leave ? llvm::SplitEdge(latch, loop.getHeader()) : latch;
    llvm::IRBuilder<> ir(back->getTerminator());
    ir.CreateCall(instructions::declare_device_op(*latch->getModule(), DeviceOp::yield));
  }
}

unsigned insert_in_function(llvm::Function& function, const FunctionSet& functions) {
  const llvm::DominatorTree tree(function);
  const llvm::LoopInfo loops(tree);
  unsigned changed = 0;
  for (const llvm::Loop* loop : loops.getLoopsInPreorder()) {
    if (!WaitingLoop(*loop, tree, functions).waits()) continue;
    yield_at_back_edges(*loop);
    ++changed;
  }
  return changed;
}

}  // namespace

unsigned insert_yields(llvm::Module& module) {
  const FunctionSet functions = functions_with_shared_accesses(module);
  unsigned changed = 0;
  for (llvm::Function& function : module)
    if (!function.isDeclaration()) changed += insert_in_function(function, functions);
  return changed;
}

}  // namespace cuda_shim::kernels::passes
