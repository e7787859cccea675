// By the parameters that addresses are made from: what is written through one and read through
// another is not looked for, since that would cost time only.

#include "kernels/simd/streaming.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/IR/CFG.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/InstIterator.h>

#include "kernels/instructions/device_ops.h"
#include "kernels/simd/address_origin.h"
#include "kernels/simd/lane_loops.h"

namespace cuda_shim::kernels::simd {
namespace {

using instructions::DeviceOp;
using instructions::OpEffect;

/// How others may learn of what was written before an instruction.
enum class News { kNone, kWithinBlock, kAnywhere };

News news_by(const llvm::CallInst& call) {
  const llvm::Function* callee = call.getCalledFunction();
  if (callee == nullptr) return News::kAnywhere;
  if (const auto op = instructions::device_op_of(*callee)) {
    const OpEffect effect = instructions::effect_of(*op);
    if (*op == DeviceOp::barrier_sync) return News::kWithinBlock;
    const bool is_silent = effect == OpEffect::kPure || effect == OpEffect::kReads;
    return is_silent ? News::kNone : News::kAnywhere;
  }
  return callee->isIntrinsic() || is_lane_loop(*callee) ? News::kNone : News::kAnywhere;
}

News news_by(const llvm::Instruction& instruction) {
  if (instruction.isAtomic() || instruction.isVolatile()) return News::kAnywhere;
  const auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
  return call == nullptr ? News::kNone : news_by(*call);
}

/// What may happen after an instruction.
class Later {
 public:
  explicit Later(const llvm::Function& function)
      : all_within_blocks_(llvm::none_of(
            llvm::instructions(function),
            [](const llvm::Instruction& i) { return news_by(i) == News::kAnywhere; })) {
    if (all_within_blocks_) return;
    llvm::SmallVector<const llvm::BasicBlock*> left;
    for (const llvm::BasicBlock& block : function)
      if (llvm::any_of(block, tells)) left.push_back(&block);
    while (!left.empty())
      if (const llvm::BasicBlock* block = left.pop_back_val(); lead_to_news_.insert(block).second)
        llvm::append_range(left, llvm::predecessors(block));
  }

  /// Whether anybody may learn of what was stored before the grid ends. One worker runs all of a
  /// block: if nobody else learns of anything, what its threads tell each other does no harm.
  bool tells_of(const llvm::StoreInst& store) const {
    if (all_within_blocks_) return false;
    for (const llvm::Instruction* next = store.getNextNode(); next; next = next->getNextNode())
      if (tells(*next)) return true;
    return llvm::any_of(llvm::successors(store.getParent()),
                        [&](const llvm::BasicBlock* next) { return lead_to_news_.contains(next); });
  }

 private:
  static bool tells(const llvm::Instruction& i) { return news_by(i) != News::kNone; }

  bool all_within_blocks_;
  llvm::DenseSet<const llvm::BasicBlock*> lead_to_news_;
};

/// The parameters that the function reads through.
llvm::DenseSet<const llvm::Value*> parameters_read(const llvm::Function& function) {
  llvm::DenseSet<const llvm::Value*> read;
  const auto add = [&](const llvm::Value* address) { read.insert(origin_of(address).which); };
  for (const llvm::Instruction& instruction : llvm::instructions(function)) {
    if (const auto* load = llvm::dyn_cast<llvm::LoadInst>(&instruction))
      add(load->getPointerOperand());
    else if (const auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction))
      for (const llvm::Value* argument : call->args()) add(argument);
  }
  return read;
}

}  // namespace

Streaming::Streaming(const llvm::Function& function) {
  const Later later(function);
  const llvm::DenseSet<const llvm::Value*> read = parameters_read(function);
  const llvm::DominatorTree dominators(const_cast<llvm::Function&>(function));
  const llvm::LoopInfo loops(dominators);
  for (const llvm::Instruction& instruction : llvm::instructions(function)) {
    const auto* store = llvm::dyn_cast<llvm::StoreInst>(&instruction);
    if (store == nullptr || later.tells_of(*store)) continue;
    const Origin origin = origin_of(store->getPointerOperand());
    if (origin.kind != OriginKind::kParameter || read.contains(origin.which)) continue;
    const llvm::Loop* loop = loops.getLoopFor(store->getParent());
    if (loop != nullptr && loop->isLoopInvariant(store->getPointerOperand())) continue;
    stores_.insert(store);
    bytes_ += function.getDataLayout()
                  .getTypeStoreSize(store->getValueOperand()->getType())
                  .getFixedValue();
  }
}

}  // namespace cuda_shim::kernels::simd
