#include "kernels/simd/turns.h"

#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/ScalarEvolution.h>
#include <llvm/Analysis/ScalarEvolutionExpressions.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Instructions.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>

#include "kernels/instructions/device_ops.h"
#include "kernels/passes/analyses.h"

namespace cuda_shim::kernels::simd {
namespace {

using instructions::DeviceOp;

/// Rounds between turns: as many places of memory are under way at once.
constexpr unsigned kRounds = 4;
/// Threads by which a loop must step. With fewer, what blocks read lies close together as it is.
constexpr unsigned kWideStep = 1 << 16;

bool depends_on_grid(const llvm::SCEV* step) {
  return llvm::SCEVExprContains(step, [](const llvm::SCEV* part) {
    const auto* unknown = llvm::dyn_cast<llvm::SCEVUnknown>(part);
    const auto* call =
        unknown != nullptr ? llvm::dyn_cast<llvm::CallInst>(unknown->getValue()) : nullptr;
    return call != nullptr && instructions::device_op_in(*call) == DeviceOp::nctaid;
  });
}

/// What the loop adds to its 32- or 64-bit index in each round, if that depends on the grid.
llvm::Value* step_of_grid(const llvm::Loop& loop, llvm::ScalarEvolution& evolution) {
  for (llvm::PHINode& phi : loop.getHeader()->phis()) {
    if (!phi.getType()->isIntegerTy() || !evolution.isSCEVable(phi.getType())) continue;
    const auto* counter = llvm::dyn_cast<llvm::SCEVAddRecExpr>(evolution.getSCEV(&phi));
    if (counter == nullptr || counter->getLoop() != &loop || !counter->isAffine()) continue;
    if (!depends_on_grid(counter->getStepRecurrence(evolution))) continue;
    auto* next =
        llvm::dyn_cast<llvm::BinaryOperator>(phi.getIncomingValueForBlock(loop.getLoopLatch()));
    if (next == nullptr || next->getOpcode() != llvm::Instruction::Add) continue;
    llvm::Value* step = next->getOperand(next->getOperand(0) == &phi ? 1 : 0);
    if (loop.isLoopInvariant(step)) return step;
  }
  return nullptr;
}

bool reads_memory_alone(const llvm::Loop& loop) {
  bool reads = false;
  for (const llvm::BasicBlock* block : loop.blocks())
    for (const llvm::Instruction& instruction : *block) {
      const auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
      if (instruction.isAtomic() || (call != nullptr && call->isConvergent())) return false;
      reads |= llvm::isa<llvm::LoadInst>(instruction);
    }
  return reads;
}

void offer_turn(const llvm::Loop& loop, llvm::Value* step) {
  llvm::BasicBlock* header = loop.getHeader();
  llvm::BasicBlock* latch = loop.getLoopLatch();
  llvm::IRBuilder<> ir(header, header->begin());
  llvm::PHINode* round = ir.CreatePHI(ir.getInt32Ty(), 2, "round");
  ir.SetInsertPoint(loop.getLoopPreheader()->getTerminator());
  llvm::Value* is_wide = ir.CreateICmpUGE(step, llvm::ConstantInt::get(step->getType(), kWideStep));
  ir.SetInsertPoint(latch->getTerminator());
  llvm::Value* next = ir.CreateAdd(round, ir.getInt32(1));
  llvm::Value* is_time =
      ir.CreateAnd(is_wide, ir.CreateIsNull(ir.CreateAnd(next, ir.getInt32(kRounds - 1))));
  round->addIncoming(ir.getInt32(0), loop.getLoopPreheader());
  round->addIncoming(next, latch);
  llvm::Instruction* turn =
      llvm::SplitBlockAndInsertIfThen(is_time, latch->getTerminator()->getIterator(), false);
  ir.SetInsertPoint(turn);
  ir.CreateCall(instructions::declare_device_op(*header->getModule(), DeviceOp::turn));
}

}  // namespace

void offer_turns(llvm::Function& function) {
  passes::Analyses analyses;
  auto& evolution = analyses.functions.getResult<llvm::ScalarEvolutionAnalysis>(function);
  const auto& loops = analyses.functions.getResult<llvm::LoopAnalysis>(function);
  llvm::SmallVector<std::pair<const llvm::Loop*, llvm::Value*>> found;
  for (const llvm::Loop* loop : loops.getLoopsInPreorder()) {
    if (!loop->isInnermost() || loop->getLoopLatch() == nullptr ||
        loop->getLoopPreheader() == nullptr || !reads_memory_alone(*loop))
      continue;
    if (llvm::Value* step = step_of_grid(*loop, evolution)) found.emplace_back(loop, step);
  }
  for (const auto& [loop, step] : found) offer_turn(*loop, step);
}

}  // namespace cuda_shim::kernels::simd
