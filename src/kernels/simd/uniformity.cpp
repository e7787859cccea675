// Where lanes begin to differ: thread indices, private memory, atomic operations, and calls that
// answer each lane by itself.

#include "kernels/simd/uniformity.h"

#include <llvm/Analysis/TargetTransformInfoImpl.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/IntrinsicInst.h>

#include <memory>

#include "kernels/instructions/device_ops.h"
#include "kernels/instructions/matrix_warp.h"
#include "kernels/simd/butterfly.h"

namespace cuda_shim::kernels::simd {
namespace {

using instructions::DeviceOp;
using instructions::OpEffect;
using llvm::InstructionUniformity;

InstructionUniformity uniformity_of(DeviceOp op, const Lanes& lanes) {
  switch (op) {
    case DeviceOp::tid:
      return InstructionUniformity::NeverUniform;  // y and z are found uniform by their shapes
    case DeviceOp::laneid:
      return InstructionUniformity::NeverUniform;
    case DeviceOp::warpid:
      return lanes.within_warp() ? InstructionUniformity::AlwaysUniform
                                 : InstructionUniformity::NeverUniform;
    case DeviceOp::activemask:
    case DeviceOp::group_all:
    case DeviceOp::barrier_reduce:
      return InstructionUniformity::AlwaysUniform;
    case DeviceOp::texture_query:
      return InstructionUniformity::Default;
    default:
      break;
  }
  const OpEffect effect = instructions::effect_of(op);
  return effect == OpEffect::kPure || effect == OpEffect::kReads
             ? InstructionUniformity::Default
             : InstructionUniformity::NeverUniform;
}

InstructionUniformity uniformity_of(const llvm::CallInst& call, const Lanes& lanes) {
  const llvm::Function* callee = call.getCalledFunction();
  if (callee == nullptr) return InstructionUniformity::NeverUniform;
  if (const auto op = instructions::device_op_of(*callee)) return uniformity_of(*op, lanes);
  if (instructions::warp_form_of(*callee) != nullptr) return InstructionUniformity::NeverUniform;
  return callee->isIntrinsic() || call.doesNotAccessMemory() ? InstructionUniformity::Default
                                                             : InstructionUniformity::NeverUniform;
}

/// Whether nothing but `exchange` writes to the memory, the same for all lanes.
bool holds_exchanged(const llvm::Value& pointer) {
  bool found = false;
  for (const llvm::Use& use : pointer.uses()) {
    const llvm::User* user = use.getUser();
    if (llvm::isa<llvm::LoadInst>(user)) continue;
    if (llvm::isa<llvm::GetElementPtrInst>(user)) {
      for (const llvm::User* reader : user->users())
        if (!llvm::isa<llvm::LoadInst>(reader) || llvm::cast<llvm::LoadInst>(reader)->isVolatile())
          return false;
      continue;
    }
    const auto* call = llvm::dyn_cast<llvm::CallInst>(user);
    const llvm::Function* callee = call != nullptr ? call->getCalledFunction() : nullptr;
    if (callee == nullptr) return false;
    if (callee->isIntrinsic() && call->isLifetimeStartOrEnd()) continue;
    const bool exchanges = instructions::device_op_of(*callee) == DeviceOp::exchange;
    if (!exchanges || use.getOperandNo() != 2) return false;
    found = true;
  }
  return found;
}

class LanesAsTarget final : public llvm::TargetTransformInfoImplBase {
 public:
  LanesAsTarget(const llvm::DataLayout& layout, const Lanes& lanes, const ProvenUniform& proven)
      : TargetTransformInfoImplBase(layout), lanes_(lanes), proven_(proven) {}

  bool hasBranchDivergence(const llvm::Function*) const override { return true; }

  InstructionUniformity getInstructionUniformity(const llvm::Value* value) const override {
    if (proven_.contains(value)) return InstructionUniformity::AlwaysUniform;
    if (const auto* instruction = llvm::dyn_cast<llvm::Instruction>(value);
        instruction != nullptr && butterfly_that_ends_in(*instruction, lanes_))
      return InstructionUniformity::AlwaysUniform;
    if (const auto* call = llvm::dyn_cast<llvm::CallInst>(value))
      return uniformity_of(*call, lanes_);
    if (const auto* storage = llvm::dyn_cast<llvm::AllocaInst>(value))
      return holds_exchanged(*storage) ? InstructionUniformity::AlwaysUniform
                                       : InstructionUniformity::NeverUniform;
    const bool own = llvm::isa<llvm::AtomicRMWInst, llvm::AtomicCmpXchgInst>(value);
    return own ? InstructionUniformity::NeverUniform : InstructionUniformity::Default;
  }

  /// Nothing is free. What is, LLVM 22's StructurizeCFG moves up out of the block of an `else`, and
  /// then takes its value for that of a phi also on ways on which it is not.
  llvm::InstructionCost getInstructionCost(
      const llvm::User*, llvm::ArrayRef<const llvm::Value*>,
      llvm::TargetTransformInfo::TargetCostKind) const override {
    return llvm::TargetTransformInfo::TCC_Basic;
  }

 private:
  const Lanes& lanes_;
  const ProvenUniform& proven_;
};

}  // namespace

llvm::TargetIRAnalysis lanes_as_target(const Lanes& lanes, const ProvenUniform& proven) {
  return llvm::TargetIRAnalysis([&lanes, &proven](const llvm::Function& function) {
    return llvm::TargetTransformInfo(
        std::make_unique<LanesAsTarget>(function.getDataLayout(), lanes, proven));
  });
}

}  // namespace cuda_shim::kernels::simd
