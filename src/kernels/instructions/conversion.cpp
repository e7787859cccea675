// Data conversion (PTX ISA 9.7.9.21): cvt between scalar types. Pairs and quads of small formats
// stand in conversion_packed.cpp.
//
// A float out of the integer's range becomes the nearest end of the range. NaN becomes 0, except
// from f64 or to 64 bits, where it becomes the pattern with only the top bit set. A narrow float is
// rounded once: via a float rounded to odd where the source has more bits.

#include "kernels/instructions/conversion.h"

#include <llvm/IR/Intrinsics.h>

#include "kernels/instructions/arithmetic.h"

namespace cuda_shim::kernels::instructions {
namespace {

using llvm::Value;
using ptx::ScalarType;
using Builder = llvm::IRBuilder<>;

bool is_narrow_float(ScalarType type) {
  return type == ScalarType::kF16 || type == ScalarType::kBf16;
}

// --- Integer to integer

/// Clamps to the destination's range; both ends fit into 128 bits of either signedness.
Value* clamp_integer(Builder& ir, Value* value, ScalarType source, ScalarType result) {
  const unsigned wide_bits = std::max(ptx::bits_of(source), ptx::bits_of(result)) * 2;
  llvm::Type* wide = ir.getIntNTy(wide_bits);
  value = is_signed(source) ? ir.CreateSExt(value, wide) : ir.CreateZExt(value, wide);
  const unsigned bits = ptx::bits_of(result);
  const llvm::APInt low = is_signed(result) ? llvm::APInt::getSignedMinValue(bits).sext(wide_bits)
                                            : llvm::APInt(wide_bits, 0);
  const llvm::APInt high = is_signed(result) ? llvm::APInt::getSignedMaxValue(bits).sext(wide_bits)
                                             : llvm::APInt::getMaxValue(bits).zext(wide_bits);
  value = maximum(ir, value, llvm::ConstantInt::get(wide, low), true);
  return minimum(ir, value, llvm::ConstantInt::get(wide, high), true);
}

Value* integer_to_integer(Lowering& l, Value* value, ScalarType source, ScalarType result) {
  Builder& ir = l.ir();
  llvm::Type* type = l.llvm_type(result);
  if (l.has("sat")) return ir.CreateTrunc(clamp_integer(ir, value, source, result), type);
  return is_signed(source) ? ir.CreateSExtOrTrunc(value, type) : ir.CreateZExtOrTrunc(value, type);
}

// --- Integer to float

/// A 64-bit integer rounded to odd at its bit 11, so that a double holds it and still rounds on as
/// the whole number would.
Value* fit_into_double(Builder& ir, Value* value, bool sign) {
  Value* low = ir.CreateAnd(value, 0x7ff);
  Value* sticky = ir.CreateSelect(ir.CreateICmpNE(low, integer_like(low, 0)),
                                  integer_like(low, 0x800), integer_like(low, 0));
  Value* gathered = ir.CreateOr(ir.CreateAnd(value, ~0x7ffull), sticky);
  Value* magnitude =
      sign ? ir.CreateBinaryIntrinsic(llvm::Intrinsic::abs, value, ir.getFalse()) : value;
  return ir.CreateSelect(ir.CreateICmpULT(magnitude, integer_like(value, 1ull << 53)), value,
                         gathered);
}

Value* to_double_exactly(Builder& ir, Value* value, bool sign) {
  if (value->getType()->getIntegerBitWidth() == 64) value = fit_into_double(ir, value, sign);
  return sign ? ir.CreateSIToFP(value, ir.getDoubleTy()) : ir.CreateUIToFP(value, ir.getDoubleTy());
}

/// float to f16 or bf16 in the instruction's rounding.
Value* to_narrow_float(Lowering& l, Value* value, ScalarType result) {
  Builder& ir = l.ir();
  const SmallRounding rounding = small_rounding(l);
  if (rounding == SmallRounding::kNearestEven && !l.has("satfinite"))
    return narrow(ir, value, result);
  Value* bits = encode_small(ir, value, *small_format_of(result), rounding, l.has("satfinite"));
  return ir.CreateBitCast(ir.CreateTrunc(bits, ir.getInt16Ty()), l.llvm_type(result));
}

/// Directed rounding of a 64-bit integer; narrower ones are extended first.
Value* integer_to_float_directed(Lowering& l, Value* value, bool sign, bool single) {
  Builder& ir = l.ir();
  value = sign ? ir.CreateSExt(value, ir.getInt64Ty()) : ir.CreateZExt(value, ir.getInt64Ty());
  const DeviceOp op = single ? (sign ? DeviceOp::cvt_f32_s64 : DeviceOp::cvt_f32_u64)
                             : (sign ? DeviceOp::cvt_f64_s64 : DeviceOp::cvt_f64_u64);
  return l.device_op(op, {value, ir.getInt32(static_cast<unsigned>(l.rounding()))});
}

Value* integer_to_float(Lowering& l, Value* value, ScalarType source, ScalarType result) {
  Builder& ir = l.ir();
  const bool sign = is_signed(source);
  if (is_narrow_float(result))
    return to_narrow_float(l, round_to_odd(ir, to_double_exactly(ir, value, sign)), result);
  const bool single = result == ScalarType::kF32;
  const bool exact = ptx::bits_of(source) <= (single ? 16u : 32u);
  if (!exact && l.rounding() != Rounding::kNearestEven)
    return integer_to_float_directed(l, value, sign, single);
  llvm::Type* type = l.llvm_type(result);
  return sign ? ir.CreateSIToFP(value, type) : ir.CreateUIToFP(value, type);
}

// --- Float to integer, and rounding to an integral value

Value* round_to_integral(Lowering& l, Value* value) {
  Builder& ir = l.ir();
  if (l.has("rni")) return ir.CreateUnaryIntrinsic(llvm::Intrinsic::roundeven, value);
  if (l.has("rzi")) return ir.CreateUnaryIntrinsic(llvm::Intrinsic::trunc, value);
  if (l.has("rmi")) return ir.CreateUnaryIntrinsic(llvm::Intrinsic::floor, value);
  return l.has("rpi") ? ir.CreateUnaryIntrinsic(llvm::Intrinsic::ceil, value) : value;
}

Value* float_to_integer(Lowering& l, Value* value, ScalarType source, ScalarType result) {
  Builder& ir = l.ir();
  value = widen(ir, value);
  if (!l.has("rzi")) value = round_to_integral(l, value);
  const auto convert =
      is_signed(result) ? llvm::Intrinsic::fptosi_sat : llvm::Intrinsic::fptoui_sat;
  llvm::Type* type = l.llvm_type(result);
  Value* integer = ir.CreateIntrinsic(convert, {type, value->getType()}, {value});
  const unsigned bits = ptx::bits_of(result);
  if (source != ScalarType::kF64 && bits != 64) return integer;  // NaN gave 0
  Value* top_bit = llvm::ConstantInt::get(type, llvm::APInt::getSignedMinValue(bits));
  return ir.CreateSelect(ir.CreateFCmpUNO(value, value), top_bit, integer);
}

// --- Float to float

Value* double_to_float(Lowering& l, Value* value) {
  Builder& ir = l.ir();
  if (l.rounding() == Rounding::kNearestEven) return ir.CreateFPTrunc(value, ir.getFloatTy());
  return l.device_op(DeviceOp::cvt_f32_f64,
                     {value, ir.getInt32(static_cast<unsigned>(l.rounding()))});
}

Value* float_to_float(Lowering& l, Value* value, ScalarType source, ScalarType result) {
  Builder& ir = l.ir();
  if (source == result) {
    if (!is_narrow_float(source)) return round_to_integral(l, value);
    return narrow(ir, round_to_integral(l, widen(ir, value)), result);
  }
  value = widen(ir, value);
  if (is_narrow_float(result)) {
    if (source == ScalarType::kF64) value = round_to_odd(ir, value);
    return to_narrow_float(l, l.has("relu") ? rectify(ir, value) : value, result);
  }
  value = round_to_integral(l, value);
  if (result == ScalarType::kF64)
    return value->getType()->isDoubleTy() ? value : ir.CreateFPExt(value, ir.getDoubleTy());
  return value->getType()->isDoubleTy() ? double_to_float(l, value) : value;
}

Status lower_cvt(Lowering& l) {
  Builder& ir = l.ir();
  const ScalarType result = l.type(0);
  const ScalarType source = l.type(1);
  Value* value = l.value(1, source);
  if (!is_float(source) && !is_float(result)) {
    l.set(0, integer_to_integer(l, value, source, result), result);
    return {};
  }
  // .ftz is about f32 alone, on either side.
  if (l.has("ftz") && source == ScalarType::kF32) value = flush_subnormals(ir, value);
  if (!is_float(result)) {
    l.set(0, float_to_integer(l, value, source, result), result);
    return {};
  }
  value = is_float(source) ? float_to_float(l, value, source, result)
                           : integer_to_float(l, value, source, result);
  if (l.has("ftz") && result == ScalarType::kF32) value = flush_subnormals(ir, value);
  if (l.has("sat")) value = saturate(ir, value);
  l.set(0, canonical_nan(ir, value), result);
  return {};
}

#define INTEGERS ".u8 .u16 .u32 .u64 .s8 .s16 .s32 .s64"
#define FLOATS ".f16 .bf16 .f32 .f64"
#define SMALL_PAIRS ".e4m3x2 .e5m2x2 .e2m1x2 .e2m3x2 .e3m2x2"

constexpr Row kRows[] = {
    {"cvt{.sat}.dtype.atype d, a; .dtype = " INTEGERS "; .atype = " INTEGERS, lower_cvt},
    {"cvt.frnd{.ftz}{.sat}.dtype.atype d, a; .frnd = .rn .rz .rm .rp; .dtype = .f16 .f32 .f64"
     "; .atype = " INTEGERS,
     lower_cvt},
    {"cvt.frnd.bf16.atype d, a; .frnd = .rn .rz .rm .rp; .atype = " INTEGERS, lower_cvt},
    {"cvt{.frnd}{.ftz}{.sat}.dtype.atype d, a; .frnd = .rn .rz .rm .rp; .dtype = " FLOATS
     "; .atype = " FLOATS,
     lower_cvt},
    {"cvt.irnd{.ftz}{.sat}.dtype.atype d, a; .irnd = .rni .rzi .rmi .rpi; .dtype = " INTEGERS
     "; .atype = .f16 .f32 .f64",
     lower_cvt},
    {"cvt.irnd.dtype.bf16 d, a; .irnd = .rni .rzi .rmi .rpi; .dtype = " INTEGERS, lower_cvt},
    {"cvt.irnd{.ftz}{.sat}.f32.f32 d, a; .irnd = .rni .rzi .rmi .rpi", lower_cvt},
    {"cvt.irnd{.sat}.f64.f64 d, a; .irnd = .rni .rzi .rmi .rpi", lower_cvt},
    {"cvt.irnd{.sat}.f16.f16 d, a; .irnd = .rni .rzi .rmi .rpi", lower_cvt},
    {"cvt.irnd.bf16.bf16 d, a; .irnd = .rni .rzi .rmi .rpi", lower_cvt},
    {"cvt.frnd{.relu}{.satfinite}.dtype.f32 d, a; .frnd = .rn .rz; .dtype = .f16 .bf16", lower_cvt},
    {"cvt.frnd{.relu}{.satfinite}.dtype.f32 d, a, b; .frnd = .rn .rz; .dtype = .f16x2 .bf16x2",
     lower_cvt_pair},
    {"cvt.rs{.relu}{.satfinite}.dtype.f32 d, a, b, rbits; .dtype = .f16x2 .bf16x2",
     lower_cvt_pair_stochastic},
    {"cvt.rna{.satfinite}.tf32.f32 d, a", lower_cvt_tf32},
    {"cvt.frnd{.satfinite}{.relu}.tf32.f32 d, a; .frnd = .rn .rz", lower_cvt_tf32},
    {"cvt.rn.satfinite{.relu}.dtype.f32 d, a, b; .dtype = " SMALL_PAIRS, lower_cvt_to_small},
    {"cvt.rn.satfinite{.relu}.dtype.f16x2 d, a; .dtype = .e4m3x2 .e5m2x2", lower_cvt_to_small},
    {"cvt.rn{.relu}.f16x2.atype d, a; .atype = " SMALL_PAIRS, lower_cvt_from_small},
    {"cvt.rs{.relu}.satfinite.dtype.f32 d, {a}, rbits; .dtype = .e4m3x4 .e5m2x4 .e2m1x4 .e2m3x4 "
     ".e3m2x4",
     lower_cvt_quad_stochastic},
    {"cvt.frnd{.satfinite}.ue8m0x2.f32 d, a, b; .frnd = .rz .rp", lower_cvt_to_scale},
    {"cvt.frnd{.satfinite}.ue8m0x2.bf16x2 d, a; .frnd = .rz .rp", lower_cvt_to_scale},
    {"cvt.rn.bf16x2.ue8m0x2 d, a", lower_cvt_from_scale},
    {"cvt.pack.sat.dtype.s32 d, a, b; .dtype = .u16 .s16", lower_cvt_pack},
    {"cvt.pack.sat.dtype.s32.b32 d, a, b, c; .dtype = .u2 .s2 .u4 .s4 .u8 .s8", lower_cvt_pack},
};

}  // namespace

SmallRounding small_rounding(const Lowering& l) {
  if (l.has("rz")) return SmallRounding::kZero;
  if (l.has("rm")) return SmallRounding::kDown;
  if (l.has("rp")) return SmallRounding::kUp;
  return l.has("rna") ? SmallRounding::kNearestAway : SmallRounding::kNearestEven;
}

std::span<const Row> conversion_rows() {
  return kRows;
}

}  // namespace cuda_shim::kernels::instructions
