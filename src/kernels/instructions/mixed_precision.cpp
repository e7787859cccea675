// Mixed precision instructions (PTX ISA 9.7.5): f32 arithmetic of which some operands are f16 or
// bf16. Widening them is exact, so this is the f32 operation.

#include "kernels/instructions/arithmetic.h"

namespace cuda_shim::kernels::instructions {
namespace {

using llvm::Value;
using ptx::ScalarType;
using Builder = llvm::IRBuilder<>;

Value* narrow_operand(Lowering& l, unsigned index) {
  return widen(l.ir(), l.value(index, l.type(1)));
}

Status finish(Lowering& l, RoundedOp op, llvm::ArrayRef<Value*> operands) {
  l.set(0, FloatRules(l).after(l.ir(), rounded(l, op, l.rounding(), operands)), ScalarType::kF32);
  return {};
}

Status lower_add(Lowering& l) {
  Value* a = narrow_operand(l, 1);
  return finish(l, RoundedOp::kAdd, {a, l.value(2, ScalarType::kF32)});
}

Status lower_sub(Lowering& l) {
  Value* a = narrow_operand(l, 1);
  return finish(l, RoundedOp::kAdd, {a, l.ir().CreateFNeg(l.value(2, ScalarType::kF32))});
}

Status lower_fma(Lowering& l) {
  Value* a = narrow_operand(l, 1);
  Value* b = narrow_operand(l, 2);
  return finish(l, RoundedOp::kFma, {a, b, l.value(3, ScalarType::kF32)});
}

constexpr Row kRows[] = {
    {"add{.rnd}{.sat}.f32.atype d, a, c; .rnd = .rn .rz .rm .rp; .atype = .f16 .bf16", lower_add},
    {"sub{.rnd}{.sat}.f32.atype d, a, c; .rnd = .rn .rz .rm .rp; .atype = .f16 .bf16", lower_sub},
    {"fma.rnd{.sat}.f32.abtype d, a, b, c; .rnd = .rn .rz .rm .rp; .abtype = .f16 .bf16",
     lower_fma},
};

}  // namespace

std::span<const Row> mixed_precision_rows() {
  return kRows;
}

}  // namespace cuda_shim::kernels::instructions
