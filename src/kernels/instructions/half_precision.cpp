// Half precision floating point instructions on f16, bf16 and their pairs (PTX ISA 9.7.4).
//
// Sums, differences and products are computed on floats and rounded again: a float has more than
// twice the bits plus two, which makes rounding twice harmless. fma is not so lucky and has a
// function of its own.

#include <llvm/IR/Intrinsics.h>

#include "cuda_shim/tensor_map.h"
#include "kernels/instructions/approximations.h"
#include "kernels/instructions/arithmetic.h"
#include "kernels/instructions/float_extremes.h"

namespace cuda_shim::kernels::instructions {
namespace {

using llvm::Value;
using Builder = llvm::IRBuilder<>;

/// Applies a function of floats to each lane, under the modifiers' rules.
Status lower_on_floats(Lowering& l, unsigned count,
                       llvm::function_ref<Value*(llvm::ArrayRef<Value*>)> function) {
  Builder& ir = l.ir();
  const FloatRules rules(l);
  return map_lanes(l, l.type(), count, [&](auto v) {
    llvm::SmallVector<Value*, 3> operands;
    for (Value* operand : v) operands.push_back(widen(ir, rules.before(ir, operand)));
    return rules.after(ir, narrow(ir, function(operands), lane_type(l.type())));
  });
}

Status lower_add(Lowering& l) {
  return lower_on_floats(l, 2, [&](auto v) { return l.ir().CreateFAdd(v[0], v[1]); });
}

Status lower_sub(Lowering& l) {
  return lower_on_floats(l, 2, [&](auto v) { return l.ir().CreateFSub(v[0], v[1]); });
}

Status lower_mul(Lowering& l) {
  return lower_on_floats(l, 2, [&](auto v) { return l.ir().CreateFMul(v[0], v[1]); });
}

Status lower_tanh(Lowering& l) {
  return lower_on_floats(l, 1, [&](auto v) { return approximate_tanh(l.ir(), v[0]); });
}

Status lower_ex2(Lowering& l) {
  return lower_on_floats(l, 1, [&](auto v) { return approximate_exp2(l.ir(), v[0]); });
}

Status lower_fma(Lowering& l) {
  Builder& ir = l.ir();
  const FloatRules rules(l);
  return map_lanes(l, l.type(), 3, [&](auto v) {
    Value* a = rules.before(ir, v[0]);
    Value* b = rules.before(ir, v[1]);
    return rules.after(ir, narrow_fma(ir, a, b, rules.before(ir, v[2]), lane_type(l.type())));
  });
}

// fma.oob: nought where a factor is the out-of-bounds NaN. The manual says "either of the
// operands": of the three, the factors are what tensor copies bring.
Status lower_fma_oob(Lowering& l) {
  Builder& ir = l.ir();
  const FloatRules rules(l);
  return map_lanes(l, l.type(), 3, [&](auto v) {
    Value* result = rules.after(ir, narrow_fma(ir, v[0], v[1], v[2], lane_type(l.type())));
    const auto is_outside = [&](Value* factor) {
      Value* bits = float_bits(ir, factor);
      return ir.CreateICmpEQ(bits, integer_like(bits, CUDA_SHIM_TENSOR_NAN & 0xffff));
    };
    Value* outside = ir.CreateOr(is_outside(v[0]), is_outside(v[1]));
    Value* zero = llvm::Constant::getNullValue(result->getType());
    return ir.CreateSelect(outside, zero, result);
  });
}

/// neg and abs change the sign bit alone; integers do it, so that no conversion touches a NaN.
Status lower_sign(Lowering& l, llvm::function_ref<Value*(Value*)> change) {
  Builder& ir = l.ir();
  const FloatRules rules(l);
  return map_lanes(l, l.type(), 1, [&](auto v) {
    Value* bits = float_bits(ir, rules.before(ir, v[0]));
    return ir.CreateBitCast(change(bits), v[0]->getType());
  });
}

Status lower_neg(Lowering& l) {
  return lower_sign(
      l, [&](Value* bits) { return l.ir().CreateXor(bits, integer_like(bits, 0x8000)); });
}

Status lower_abs(Lowering& l) {
  return lower_sign(
      l, [&](Value* bits) { return l.ir().CreateAnd(bits, integer_like(bits, 0x7fff)); });
}

constexpr Row kRows[] = {
    {"add{.rn}{.ftz}{.sat}.type d, a, b; .type = .f16 .f16x2", lower_add},
    {"add{.rn}.type d, a, b; .type = .bf16 .bf16x2", lower_add},
    {"sub{.rn}{.ftz}{.sat}.type d, a, b; .type = .f16 .f16x2", lower_sub},
    {"sub{.rn}.type d, a, b; .type = .bf16 .bf16x2", lower_sub},
    {"mul{.rn}{.ftz}{.sat}.type d, a, b; .type = .f16 .f16x2", lower_mul},
    {"mul{.rn}.type d, a, b; .type = .bf16 .bf16x2", lower_mul},
    {"fma.rn{.ftz}{.sat}.type d, a, b, c; .type = .f16 .f16x2", lower_fma},
    {"fma.rn{.ftz}.relu.type d, a, b, c; .type = .f16 .f16x2", lower_fma},
    {"fma.rn{.relu}.type d, a, b, c; .type = .bf16 .bf16x2", lower_fma},
    {"fma.rn.oob{.relu}.type d, a, b, c; .type = .f16 .f16x2 .bf16 .bf16x2", lower_fma_oob},
    {"neg{.ftz}.type d, a; .type = .f16 .f16x2", lower_neg},
    {"neg.type d, a; .type = .bf16 .bf16x2", lower_neg},
    {"abs{.ftz}.type d, a; .type = .f16 .f16x2", lower_abs},
    {"abs.type d, a; .type = .bf16 .bf16x2", lower_abs},
    {"min{.ftz}{.NaN}{.xorsign}{.abs}.type d, a, b; .type = .f16 .f16x2", lower_min_float},
    {"min{.NaN}{.xorsign}{.abs}.type d, a, b; .type = .bf16 .bf16x2", lower_min_float},
    {"max{.ftz}{.NaN}{.xorsign}{.abs}.type d, a, b; .type = .f16 .f16x2", lower_max_float},
    {"max{.NaN}{.xorsign}{.abs}.type d, a, b; .type = .bf16 .bf16x2", lower_max_float},
    {"tanh.approx.type d, a; .type = .f16 .f16x2 .bf16 .bf16x2", lower_tanh},
    {"ex2.approx.type d, a; .type = .f16 .f16x2", lower_ex2},
    {"ex2.approx.ftz.type d, a; .type = .bf16 .bf16x2", lower_ex2},
};

}  // namespace

std::span<const Row> half_precision_rows() {
  return kRows;
}

}  // namespace cuda_shim::kernels::instructions
