// By the parameters that addresses are made from: what is written through one and read through
// another is not looked for, since that would cost time only.

#include "kernels/simd/streaming.h"

#include <llvm/Analysis/LoopInfo.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/InstIterator.h>

#include "kernels/instructions/device_ops.h"
#include "kernels/simd/address_origin.h"
#include "kernels/simd/lane_loops.h"

namespace cuda_shim::kernels::simd {
namespace {

using instructions::DeviceOp;
using instructions::OpEffect;

bool tells_nobody(const llvm::CallInst& call) {
  const llvm::Function* callee = call.getCalledFunction();
  if (callee == nullptr) return false;
  if (const auto op = instructions::device_op_of(*callee)) {
    const OpEffect effect = instructions::effect_of(*op);
    return effect == OpEffect::kPure || effect == OpEffect::kReads || *op == DeviceOp::barrier_sync;
  }
  return callee->isIntrinsic() || is_lane_loop(*callee);
}

bool tells_nobody(const llvm::Instruction& instruction) {
  if (instruction.isAtomic() || instruction.isVolatile()) return false;
  const auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
  return call == nullptr || tells_nobody(*call);
}

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
  if (!llvm::all_of(llvm::instructions(function),
                    [](const llvm::Instruction& i) { return tells_nobody(i); }))
    return;
  const llvm::DenseSet<const llvm::Value*> read = parameters_read(function);
  const llvm::DominatorTree dominators(const_cast<llvm::Function&>(function));
  const llvm::LoopInfo loops(dominators);
  for (const llvm::Instruction& instruction : llvm::instructions(function)) {
    const auto* store = llvm::dyn_cast<llvm::StoreInst>(&instruction);
    if (store == nullptr) continue;
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
