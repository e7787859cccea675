// See the header. What cannot be decided is refused: the scalar engine runs everything.

#include "kernels/simd/suitability.h"

#include <llvm/ADT/SmallPtrSet.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/PostDominators.h>
#include <llvm/IR/CFG.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/InstIterator.h>

#include "kernels/instructions/device_ops.h"
#include "kernels/instructions/matrix_warp.h"
#include "kernels/simd/waiting.h"

namespace cuda_shim::kernels::simd {
namespace {

using instructions::DeviceOp;
using BlockSet = llvm::SmallPtrSet<const llvm::BasicBlock*, 16>;

/// The operation that the instruction calls; in those of matrices lanes exchange words.
std::optional<DeviceOp> lane_op_in(const llvm::Instruction& instruction) {
  const auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
  const llvm::Function* callee = call != nullptr ? call->getCalledFunction() : nullptr;
  if (callee == nullptr) return std::nullopt;
  if (instructions::warp_form_of(*callee) != nullptr) return DeviceOp::exchange;
  return instructions::device_op_of(*callee);
}

bool is_barrier(DeviceOp op) {
  return op == DeviceOp::barrier_sync || op == DeviceOp::barrier_arrive ||
         op == DeviceOp::barrier_reduce;
}

/// Barriers of all threads do not care which warp a thread belongs to; those with a count do.
bool counts_warps(const llvm::CallInst& call, DeviceOp op) {
  const unsigned index = op == DeviceOp::barrier_reduce ? 2 : 1;
  const auto* count = llvm::dyn_cast<llvm::ConstantInt>(call.getArgOperand(index));
  return count == nullptr || !count->isZero();
}

bool meets_others(DeviceOp op) {
  return instructions::effect_of(op) == instructions::OpEffect::kSync && op != DeviceOp::yield &&
         op != DeviceOp::nanosleep && op != DeviceOp::activemask;
}

template <class Condition>
bool any_in(const BlockSet& blocks, Condition condition) {
  for (const llvm::BasicBlock* block : blocks)
    for (const llvm::Instruction& instruction : *block)
      if (const auto op = lane_op_in(instruction); op && condition(*op)) return true;
  return false;
}

/// Blocks that lead from `start` to `end` and do not contain it.
BlockSet blocks_until(const llvm::BasicBlock* start, const llvm::BasicBlock* end) {
  BlockSet found;
  llvm::SmallVector<const llvm::BasicBlock*> open;
  const auto add = [&](const llvm::BasicBlock* block) {
    if (block != end && found.insert(block).second) open.push_back(block);
  };
  add(start);
  while (!open.empty())
    for (const llvm::BasicBlock* next : llvm::successors(open.pop_back_val())) add(next);
  return found;
}

bool meet_on_both_ways(const llvm::BasicBlock& block, const llvm::BasicBlock* join) {
  for (const llvm::BasicBlock* next : llvm::successors(&block))
    if (next == join || !any_in(blocks_until(next, join), meets_others)) return false;
  return true;
}

bool lanes_leave_apart(const llvm::Loop& loop, const ShapeAnalysis& shapes) {
  llvm::SmallVector<llvm::BasicBlock*> exiting;
  loop.getExitingBlocks(exiting);
  for (const llvm::BasicBlock* block : exiting)
    if (shapes.parts(*block)) return true;
  return false;
}

std::optional<std::string> why_not_loop(const llvm::Loop& loop, const ShapeAnalysis& shapes) {
  if (!lanes_leave_apart(loop, shapes)) return std::nullopt;
  const BlockSet blocks(loop.block_begin(), loop.block_end());
  if (any_in(blocks, is_barrier))
    return "There is a barrier in a loop that lanes of a warp leave at different times.";
  return std::nullopt;
}

}  // namespace

bool uses_warp(const llvm::Function& function) {
  for (const llvm::Instruction& instruction : llvm::instructions(function)) {
    const auto op = lane_op_in(instruction);
    if (!op) continue;
    const bool barrier = is_barrier(*op);
    if (barrier && counts_warps(llvm::cast<llvm::CallInst>(instruction), *op)) return true;
    // A warp may wait for another one, so that they must not be one group.
    const bool waits = *op == DeviceOp::yield;
    if (!barrier && (meets_others(*op) || *op == DeviceOp::activemask || waits)) return true;
  }
  return false;
}

std::optional<std::string> why_not_in_lockstep(llvm::Function& function,
                                               const ShapeAnalysis& shapes, unsigned lanes) {
  if (auto why = why_not_wait(function, shapes, lanes)) return why;
  llvm::DominatorTree dominators(function);
  const llvm::LoopInfo loops(dominators);
  for (const llvm::Loop* loop : loops.getLoopsInPreorder())
    if (auto why = why_not_loop(*loop, shapes)) return why;
  const llvm::PostDominatorTree post_dominators(function);
  for (const llvm::BasicBlock& block : function) {
    if (!shapes.parts(block)) continue;
    const auto* node = post_dominators.getNode(&block);
    const llvm::BasicBlock* join =
        node != nullptr && node->getIDom() != nullptr ? node->getIDom()->getBlock() : nullptr;
    if (meet_on_both_ways(block, join))
      return "Lanes of a warp meet others on both ways of a branch that parts them.";
  }
  return std::nullopt;
}

}  // namespace cuda_shim::kernels::simd
