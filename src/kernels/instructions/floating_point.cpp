// Floating point instructions on f32, f64 and f32x2 (PTX ISA 9.7.3).
//
// Arithmetic is correctly rounded in the mode written; `.approx` division, reciprocal and square
// roots are too, since the host's own instructions are. Transcendental `.approx` functions stand in
// approximations.cpp. f32 results that are NaN are 0x7fffffff, f64 NaNs keep their payload.

#include <llvm/IR/Intrinsics.h>

#include "kernels/instructions/approximations.h"
#include "kernels/instructions/arithmetic.h"
#include "kernels/instructions/float_extremes.h"

namespace cuda_shim::kernels::instructions {
namespace {

using llvm::Value;
using ptx::ScalarType;
using Builder = llvm::IRBuilder<>;

/// One correctly rounded operation on each lane, under the modifiers' rules.
Status lower_rounded(Lowering& l, RoundedOp op, unsigned count) {
  Builder& ir = l.ir();
  const FloatRules rules(l);
  return map_lanes(l, l.type(), count, [&](auto v) {
    llvm::SmallVector<Value*, 3> operands;
    for (Value* operand : v) operands.push_back(rules.before(ir, operand));
    return rules.after(ir, rounded(l, op, l.rounding(), operands));
  });
}

Status lower_add(Lowering& l) {
  return lower_rounded(l, RoundedOp::kAdd, 2);
}
Status lower_mul(Lowering& l) {
  return lower_rounded(l, RoundedOp::kMul, 2);
}
Status lower_fma(Lowering& l) {
  return lower_rounded(l, RoundedOp::kFma, 3);
}
Status lower_div(Lowering& l) {
  return lower_rounded(l, RoundedOp::kDiv, 2);
}
Status lower_sqrt(Lowering& l) {
  return lower_rounded(l, RoundedOp::kSqrt, 1);
}

Status lower_sub(Lowering& l) {
  Builder& ir = l.ir();
  const FloatRules rules(l);
  return map_lanes(l, l.type(), 2, [&](auto v) {
    Value* a = rules.before(ir, v[0]);
    Value* b = rules.before(ir, v[1]);
    return rules.after(ir, rounded(l, RoundedOp::kAdd, l.rounding(), {a, ir.CreateFNeg(b)}));
  });
}

Status lower_rcp(Lowering& l) {
  Builder& ir = l.ir();
  const FloatRules rules(l);
  return map_lanes(l, l.type(), 1, [&](auto v) {
    return rules.after(ir, rounded(l, RoundedOp::kDiv, l.rounding(),
                                   {float_like(v[0], 1.0), rules.before(ir, v[0])}));
  });
}

/// div.approx.f32: a divisor beyond 2^126 counts as infinite (its reciprocal underflows on the
/// hardware).
Status lower_div_approximate(Lowering& l) {
  Builder& ir = l.ir();
  const FloatRules rules(l);
  return map_lanes(l, l.type(), 2, [&](auto v) {
    Value* b = rules.before(ir, v[1]);
    Value* huge =
        ir.CreateFCmpOGT(ir.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, b), float_like(b, 0x1p126));
    Value* infinite = ir.CreateBinaryIntrinsic(llvm::Intrinsic::copysign,
                                               llvm::ConstantFP::getInfinity(b->getType()), b);
    return rules.after(ir,
                       ir.CreateFDiv(rules.before(ir, v[0]), ir.CreateSelect(huge, infinite, b)));
  });
}

// --- Functions of one operand

using UnaryFunction = Value* (*)(Builder & ir, Value* x);

Status lower_unary(Lowering& l, UnaryFunction function) {
  Builder& ir = l.ir();
  const FloatRules rules(l);
  return map_lanes(l, l.type(), 1,
                   [&](auto v) { return rules.after(ir, function(ir, rules.before(ir, v[0]))); });
}

Value* reciprocal_root(Builder& ir, Value* x) {
  return ir.CreateFDiv(float_like(x, 1.0), ir.CreateUnaryIntrinsic(llvm::Intrinsic::sqrt, x));
}

Status lower_rsqrt(Lowering& l) {
  return lower_unary(l, reciprocal_root);
}
Status lower_sin(Lowering& l) {
  return lower_unary(l, approximate_sin);
}
Status lower_cos(Lowering& l) {
  return lower_unary(l, approximate_cos);
}
Status lower_lg2(Lowering& l) {
  return lower_unary(l, approximate_log2);
}
/// With .ftz: of a subnormal operand and of 0 the result is the same.
Status lower_ex2(Lowering& l) {
  Builder& ir = l.ir();
  const FloatRules rules(l);
  Value* flushes = ir.getInt32(l.has("ftz"));
  return map_lanes(l, l.type(), 1, [&](auto v) {
    return rules.after(ir, l.device_op(DeviceOp::exp2_f32, {v[0], flushes}));
  });
}
Status lower_tanh(Lowering& l) {
  return lower_unary(l, approximate_tanh);
}

/// The upper word alone: rcp and rsqrt .approx.ftz.f64 read no more and give no more.
Value* upper_word(Builder& ir, Value* value) {
  Value* bits = ir.CreateAnd(float_bits(ir, value), 0xffff'ffff'0000'0000ull);
  return ir.CreateBitCast(bits, ir.getDoubleTy());
}

/// The NaN of the gross f64 approximations, whose payload the manual does not keep.
Value* default_nan(Builder& ir, Value* value) {
  Value* nan = ir.getInt64(0x7fff'ffff'0000'0000ull);
  Value* bits = ir.CreateSelect(ir.CreateFCmpUNO(value, value), nan, float_bits(ir, value));
  return ir.CreateBitCast(bits, ir.getDoubleTy());
}

Value* gross_reciprocal(Builder& ir, Value* x) {
  return ir.CreateFDiv(float_like(x, 1.0), x);
}

Status lower_gross(Lowering& l, UnaryFunction function) {
  Builder& ir = l.ir();
  return map_lanes(l, l.type(), 1, [&](auto v) {
    Value* x = flush_subnormals(ir, default_nan(ir, upper_word(ir, v[0])));
    return default_nan(ir, flush_subnormals(ir, upper_word(ir, default_nan(ir, function(ir, x)))));
  });
}

Status lower_rcp_gross(Lowering& l) {
  return lower_gross(l, gross_reciprocal);
}
Status lower_rsqrt_gross(Lowering& l) {
  return lower_gross(l, reciprocal_root);
}

// --- Signs and classes

Status lower_abs(Lowering& l) {
  Builder& ir = l.ir();
  const FloatRules rules(l);
  return map_lanes(l, l.type(), 1, [&](auto v) {
    return ir.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, rules.before(ir, v[0]));
  });
}

Status lower_neg(Lowering& l) {
  Builder& ir = l.ir();
  const FloatRules rules(l);
  return map_lanes(l, l.type(), 1, [&](auto v) { return ir.CreateFNeg(rules.before(ir, v[0])); });
}

Status lower_copysign(Lowering& l) {
  return map_lanes(l, l.type(), 2, [&](auto v) {
    return l.ir().CreateBinaryIntrinsic(llvm::Intrinsic::copysign, v[1], v[0]);
  });
}

struct TestRow {
  std::string_view word;
  llvm::FPClassTest test;
};

constexpr TestRow kTests[] = {
    {"finite", llvm::fcFinite},
    {"infinite", llvm::fcInf},
    {"number", ~llvm::fcNan & llvm::fcAllFlags},
    {"notanumber", llvm::fcNan},
    {"normal", llvm::fcNormal},
    {"subnormal", llvm::fcSubnormal},
};

Status lower_testp(Lowering& l) {
  for (const TestRow& row : kTests)
    if (l.has(row.word)) {
      l.set(0, l.ir().createIsFPClass(l.value(1, l.type()), row.test), ScalarType::kPred);
      return {};
    }
  return l.not_supported("it names no test.");
}

constexpr Row kRows[] = {
    {"testp.op.type p, a; .op = .finite .infinite .number .notanumber .normal .subnormal; .type = "
     ".f32 .f64",
     lower_testp},
    {"copysign.type d, a, b; .type = .f32 .f64", lower_copysign},
    {"add{.rnd}{.ftz}{.sat}.f32 d, a, b; .rnd = .rn .rz .rm .rp", lower_add},
    {"add{.rnd}{.ftz}.f32x2 d, a, b; .rnd = .rn .rz .rm .rp", lower_add},
    {"add{.rnd}.f64 d, a, b; .rnd = .rn .rz .rm .rp", lower_add},
    {"sub{.rnd}{.ftz}{.sat}.f32 d, a, b; .rnd = .rn .rz .rm .rp", lower_sub},
    {"sub{.rnd}{.ftz}.f32x2 d, a, b; .rnd = .rn .rz .rm .rp", lower_sub},
    {"sub{.rnd}.f64 d, a, b; .rnd = .rn .rz .rm .rp", lower_sub},
    {"mul{.rnd}{.ftz}{.sat}.f32 d, a, b; .rnd = .rn .rz .rm .rp", lower_mul},
    {"mul{.rnd}{.ftz}.f32x2 d, a, b; .rnd = .rn .rz .rm .rp", lower_mul},
    {"mul{.rnd}.f64 d, a, b; .rnd = .rn .rz .rm .rp", lower_mul},
    {"fma.rnd{.ftz}{.sat}.f32 d, a, b, c; .rnd = .rn .rz .rm .rp", lower_fma},
    {"fma.rnd{.ftz}.f32x2 d, a, b, c; .rnd = .rn .rz .rm .rp", lower_fma},
    {"fma.rnd.f64 d, a, b, c; .rnd = .rn .rz .rm .rp", lower_fma},
    {"mad{.rnd}{.ftz}{.sat}.f32 d, a, b, c; .rnd = .rn .rz .rm .rp", lower_fma},
    {"mad{.rnd}.f64 d, a, b, c; .rnd = .rn .rz .rm .rp", lower_fma},
    {"div.approx{.ftz}.f32 d, a, b", lower_div_approximate},
    {"div.full{.ftz}.f32 d, a, b", lower_div},
    {"div.rnd{.ftz}.f32 d, a, b; .rnd = .rn .rz .rm .rp", lower_div},
    {"div.rnd.f64 d, a, b; .rnd = .rn .rz .rm .rp", lower_div},
    {"abs{.ftz}.f32 d, a", lower_abs},
    {"abs.f64 d, a", lower_abs},
    {"neg{.ftz}.f32 d, a", lower_neg},
    {"neg.f64 d, a", lower_neg},
    {"min{.ftz}{.NaN}{.xorsign}{.abs}.f32 d, a, b{, c}", lower_min_float},
    {"min.f64 d, a, b", lower_min_float},
    {"max{.ftz}{.NaN}{.xorsign}{.abs}.f32 d, a, b{, c}", lower_max_float},
    {"max.f64 d, a, b", lower_max_float},
    {"rcp.approx{.ftz}.f32 d, a", lower_rcp},
    {"rcp.rnd{.ftz}.f32 d, a; .rnd = .rn .rz .rm .rp", lower_rcp},
    {"rcp.rnd.f64 d, a; .rnd = .rn .rz .rm .rp", lower_rcp},
    {"rcp.approx.ftz.f64 d, a", lower_rcp_gross},
    {"sqrt.approx{.ftz}.f32 d, a", lower_sqrt},
    {"sqrt.rnd{.ftz}.f32 d, a; .rnd = .rn .rz .rm .rp", lower_sqrt},
    {"sqrt.rnd.f64 d, a; .rnd = .rn .rz .rm .rp", lower_sqrt},
    {"rsqrt.approx{.ftz}.f32 d, a", lower_rsqrt},
    {"rsqrt.approx.f64 d, a", lower_rsqrt},
    {"rsqrt.approx.ftz.f64 d, a", lower_rsqrt_gross},
    {"sin.approx{.ftz}.f32 d, a", lower_sin},
    {"cos.approx{.ftz}.f32 d, a", lower_cos},
    {"lg2.approx{.ftz}.f32 d, a", lower_lg2},
    {"ex2.approx{.ftz}.f32 d, a", lower_ex2},
    {"tanh.approx.f32 d, a", lower_tanh},
};

}  // namespace

std::span<const Row> floating_point_rows() {
  return kRows;
}

}  // namespace cuda_shim::kernels::instructions
