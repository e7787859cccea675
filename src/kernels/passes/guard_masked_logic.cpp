// LLVM 22's generator for x86 merges bitwise operations, one of whose operands lies in memory, and
// the selection of some lanes of the result into one VPTERNLOG with a mask; for two orders of the
// operands it exchanges their truth tables (issue 157929 of LLVM, mended after 22.1.8). A fence,
// which costs nothing, keeps the two apart.

#include "kernels/passes/guard_masked_logic.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/Operator.h>

namespace cuda_shim::kernels::passes {
namespace {

const llvm::Value* without_casts(const llvm::Value* value) {
  while (const auto* cast = llvm::dyn_cast<llvm::BitCastOperator>(value))
    value = cast->getOperand(0);
  return value;
}

const llvm::BinaryOperator* bitwise_operation(const llvm::Value* value) {
  const auto* operation = llvm::dyn_cast<llvm::BinaryOperator>(without_casts(value));
  return operation != nullptr && operation->isBitwiseLogicOp() ? operation : nullptr;
}

bool changes_sign(const llvm::Value* value) {
  const llvm::Value* made = without_casts(value);
  if (const auto* operation = llvm::dyn_cast<llvm::UnaryOperator>(made))
    return operation->getOpcode() == llvm::Instruction::FNeg;
  const auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(made);
  return call != nullptr && call->getIntrinsicID() == llvm::Intrinsic::fabs;
}

/// Of three operands, or what may be taken for it: bitwise operations of others.
bool is_ternary(const llvm::Value* value) {
  const auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(without_casts(value));
  if (call != nullptr && call->getIntrinsicID() == llvm::Intrinsic::copysign) return true;
  const llvm::BinaryOperator* operation = bitwise_operation(value);
  if (operation == nullptr) return false;
  return llvm::any_of(operation->operands(), [&](const llvm::Value* operand) {
    const auto* constant = llvm::dyn_cast<llvm::Constant>(operand);
    return (constant != nullptr && constant->isAllOnesValue()) ||
           bitwise_operation(operand) != nullptr || changes_sign(operand);
  });
}

/// Only words and double words are selected by such masks.
bool is_masked(const llvm::SelectInst& selection) {
  const llvm::Type* type = selection.getType();
  const unsigned bits = type->getScalarSizeInBits();
  return selection.getCondition()->getType()->isVectorTy() && (bits == 32 || bits == 64) &&
         (type->isIntOrIntVectorTy() || type->isFPOrFPVectorTy());
}

bool guard(llvm::SelectInst& selection, unsigned index) {
  llvm::Value* value = selection.getOperand(index);
  if (!is_ternary(value)) return false;
  llvm::IRBuilder<> ir(&selection);
  llvm::Type* type = value->getType();
  llvm::Type* floats =
      type->getWithNewType(type->getScalarSizeInBits() == 32 ? ir.getFloatTy() : ir.getDoubleTy());
  llvm::Value* fenced = ir.CreateIntrinsic(llvm::Intrinsic::arithmetic_fence, {floats},
                                           {ir.CreateBitCast(value, floats)});
  selection.setOperand(index, ir.CreateBitCast(fenced, type));
  return true;
}

}  // namespace

unsigned guard_masked_logic(llvm::Module& module) {
  unsigned changed = 0;
  for (llvm::Function& function : module)
    for (llvm::Instruction& each : llvm::instructions(function)) {
      auto* selection = llvm::dyn_cast<llvm::SelectInst>(&each);
      if (selection == nullptr || !is_masked(*selection)) continue;
      const bool first = guard(*selection, 1), second = guard(*selection, 2);
      changed += first || second ? 1 : 0;
    }
  return changed;
}

}  // namespace cuda_shim::kernels::passes
