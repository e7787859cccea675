// LLVM 22's generator for x86 with AVX-512 orders the operands of a scalar minimumnum or maximumnum
// by the sign of one of them, for -0 and +0; and where it knows that one is no NaN it takes the
// instruction's answer in that order, which for a NaN is the second operand: for numbers below 0
// the NaN. A selection asks about the NaN first.

#include "kernels/passes/guard_extremes.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/Analysis/ValueTracking.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>

namespace cuda_shim::kernels::passes {
namespace {

bool is_extreme(const llvm::Instruction& instruction) {
  static constexpr llvm::Intrinsic::ID kExtremes[] = {
      llvm::Intrinsic::minimumnum, llvm::Intrinsic::maximumnum, llvm::Intrinsic::minimum,
      llvm::Intrinsic::maximum};
  const auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction);
  return call != nullptr && !call->getType()->isVectorTy() &&
         llvm::is_contained(kExtremes, call->getIntrinsicID());
}

bool nan_wins(const llvm::IntrinsicInst& call) {
  return call.getIntrinsicID() == llvm::Intrinsic::minimum ||
         call.getIntrinsicID() == llvm::Intrinsic::maximum;
}

bool guard(llvm::IntrinsicInst& call) {
  const llvm::SimplifyQuery query(call.getDataLayout(), &call);
  llvm::Value* operands[] = {call.getArgOperand(0), call.getArgOperand(1)};
  const bool is_number[] = {llvm::isKnownNeverNaN(operands[0], query),
                            llvm::isKnownNeverNaN(operands[1], query)};
  if (is_number[0] == is_number[1]) return false;
  llvm::Value* number = operands[is_number[0] ? 0 : 1];
  llvm::Value* other = operands[is_number[0] ? 1 : 0];
  if (llvm::isa<llvm::Constant>(number)) return false;  // its sign is known
  llvm::IRBuilder<> ir(call.getNextNode());
  llvm::Value* is_nan = ir.CreateFCmpUNO(other, other);
  auto* chosen =
      llvm::cast<llvm::SelectInst>(ir.CreateSelect(is_nan, nan_wins(call) ? other : number, &call));
  call.replaceUsesWithIf(chosen,
                         [chosen](const llvm::Use& use) { return use.getUser() != chosen; });
  return true;
}

}  // namespace

unsigned guard_extremes(llvm::Module& module) {
  unsigned changed = 0;
  for (llvm::Function& function : module)
    for (llvm::Instruction& each : llvm::make_early_inc_range(llvm::instructions(function)))
      if (is_extreme(each)) changed += guard(llvm::cast<llvm::IntrinsicInst>(each)) ? 1 : 0;
  return changed;
}

}  // namespace cuda_shim::kernels::passes
