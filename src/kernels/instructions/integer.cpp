// Integer arithmetic instructions (PTX ISA 9.7.1): everything that is not about single bits
// (integer_bits.cpp).
//
// The manual leaves division by zero open; hardware gives all ones for both quotient and remainder,
// and so do we. The quotient of the most negative number by -1 is that number again, its remainder
// 0.

#include <llvm/IR/Intrinsics.h>

#include "kernels/instructions/arithmetic.h"
#include "kernels/instructions/integer_bits.h"

namespace cuda_shim::kernels::instructions {
namespace {

using llvm::Value;
using ptx::ScalarType;
using Builder = llvm::IRBuilder<>;

Status lower_add(Lowering& l) {
  return map_lanes(l, l.type(), 2, [&](auto v) { return l.ir().CreateAdd(v[0], v[1]); });
}

Status lower_sub(Lowering& l) {
  return map_lanes(l, l.type(), 2, [&](auto v) { return l.ir().CreateSub(v[0], v[1]); });
}

Status lower_add_saturating(Lowering& l) {
  return map_lanes(l, l.type(), 2, [&](auto v) {
    return l.ir().CreateBinaryIntrinsic(llvm::Intrinsic::sadd_sat, v[0], v[1]);
  });
}

Status lower_sub_saturating(Lowering& l) {
  return map_lanes(l, l.type(), 2, [&](auto v) {
    return l.ir().CreateBinaryIntrinsic(llvm::Intrinsic::ssub_sat, v[0], v[1]);
  });
}

// --- Products

/// Extends a value to `bits` as its type says.
Value* extend(Builder& ir, Value* value, unsigned bits, bool sign) {
  return sign ? ir.CreateSExt(value, ir.getIntNTy(bits)) : ir.CreateZExt(value, ir.getIntNTy(bits));
}

/// The part of the double-width product that the instruction's .lo, .hi or .wide asks for.
Value* product(Lowering& l, Value* a, Value* b) {
  Builder& ir = l.ir();
  if (l.has("lo")) return ir.CreateMul(a, b);
  const unsigned width = ptx::bits_of(l.type());
  const bool sign = is_signed(l.type());
  Value* whole = ir.CreateMul(extend(ir, a, 2 * width, sign), extend(ir, b, 2 * width, sign));
  return l.has("wide") ? whole : ir.CreateTrunc(ir.CreateLShr(whole, width), ir.getIntNTy(width));
}

/// The type of the result and of mad's third operand.
ScalarType product_type(const Lowering& l) {
  if (!l.has("wide")) return l.type();
  if (ptx::bits_of(l.type()) == 16)
    return is_signed(l.type()) ? ScalarType::kS32 : ScalarType::kU32;
  return is_signed(l.type()) ? ScalarType::kS64 : ScalarType::kU64;
}

Status lower_mul(Lowering& l) {
  Value* a = l.value(1, l.type());
  Value* b = l.value(2, l.type());
  l.set(0, product(l, a, b), product_type(l));
  return {};
}

Value* add_maybe_saturating(Lowering& l, Value* a, Value* b) {
  return l.has("sat") ? l.ir().CreateBinaryIntrinsic(llvm::Intrinsic::sadd_sat, a, b)
                      : l.ir().CreateAdd(a, b);
}

Status lower_mad(Lowering& l) {
  Value* a = l.value(1, l.type());
  Value* b = l.value(2, l.type());
  Value* c = l.value(3, product_type(l));
  l.set(0, add_maybe_saturating(l, product(l, a, b), c), product_type(l));
  return {};
}

/// The product of the low 24 bits: bits 31..0 (.lo) or 47..16 (.hi).
Value* product24(Lowering& l) {
  Builder& ir = l.ir();
  const bool sign = is_signed(l.type());
  const auto operand = [&](unsigned index) {
    Value* wide = ir.CreateShl(extend(ir, l.value(index, l.type()), 64, false), 40);
    return sign ? ir.CreateAShr(wide, 40) : ir.CreateLShr(wide, 40);
  };
  Value* a = operand(1);
  Value* whole = ir.CreateMul(a, operand(2));
  return ir.CreateTrunc(l.has("hi") ? ir.CreateLShr(whole, 16) : whole, ir.getInt32Ty());
}

Status lower_mul24(Lowering& l) {
  l.set(0, product24(l), l.type());
  return {};
}

Status lower_mad24(Lowering& l) {
  Value* whole = product24(l);
  l.set(0, add_maybe_saturating(l, whole, l.value(3, l.type())), l.type());
  return {};
}

Status lower_sad(Lowering& l) {
  Builder& ir = l.ir();
  const bool sign = is_signed(l.type());
  return map_lanes(l, l.type(), 3, [&](auto v) {
    Value* difference = ir.CreateSub(maximum(ir, v[0], v[1], sign), minimum(ir, v[0], v[1], sign));
    return ir.CreateAdd(v[2], difference);
  });
}

// --- Quotients

/// A divisor for which LLVM defines the division: 1 in place of 0 (and of -1 for signed types).
Value* safe_divisor(Builder& ir, Value* b, bool sign) {
  Value* unsafe = ir.CreateICmpEQ(b, integer_like(b, 0));
  if (sign) unsafe = ir.CreateOr(unsafe, ir.CreateICmpEQ(b, integer_like(b, ~0ull)));
  return ir.CreateSelect(unsafe, integer_like(b, 1), b);
}

Value* ones_if_zero(Builder& ir, Value* divisor, Value* result) {
  Value* zero = ir.CreateICmpEQ(divisor, integer_like(divisor, 0));
  return ir.CreateSelect(zero, integer_like(result, ~0ull), result);
}

Status lower_div(Lowering& l) {
  Builder& ir = l.ir();
  return map_lanes(l, l.type(), 2, [&](auto v) {
    if (!is_signed(l.type()))
      return ones_if_zero(ir, v[1], ir.CreateUDiv(v[0], safe_divisor(ir, v[1], false)));
    Value* quotient = ir.CreateSDiv(v[0], safe_divisor(ir, v[1], true));
    Value* minus_one = ir.CreateICmpEQ(v[1], integer_like(v[1], ~0ull));
    return ones_if_zero(ir, v[1], ir.CreateSelect(minus_one, ir.CreateNeg(v[0]), quotient));
  });
}

Status lower_rem(Lowering& l) {
  Builder& ir = l.ir();
  return map_lanes(l, l.type(), 2, [&](auto v) {
    Value* divisor = safe_divisor(ir, v[1], is_signed(l.type()));
    Value* rest = is_signed(l.type()) ? ir.CreateSRem(v[0], divisor) : ir.CreateURem(v[0], divisor);
    return ones_if_zero(ir, v[1], rest);
  });
}

// --- One operand; minimum, maximum

Status lower_abs(Lowering& l) {
  Builder& ir = l.ir();
  return map_lanes(l, l.type(), 1, [&](auto v) {
    return ir.CreateBinaryIntrinsic(llvm::Intrinsic::abs, v[0], ir.getFalse());
  });
}

Status lower_neg(Lowering& l) {
  return map_lanes(l, l.type(), 1, [&](auto v) { return l.ir().CreateNeg(v[0]); });
}

Value* rectified(Lowering& l, Value* value) {
  return l.has("relu") ? maximum(l.ir(), value, integer_like(value, 0), true) : value;
}

Status lower_min(Lowering& l) {
  return map_lanes(l, l.type(), 2, [&](auto v) {
    return rectified(l, minimum(l.ir(), v[0], v[1], is_signed(l.type())));
  });
}

Status lower_max(Lowering& l) {
  return map_lanes(l, l.type(), 2, [&](auto v) {
    return rectified(l, maximum(l.ir(), v[0], v[1], is_signed(l.type())));
  });
}

// --- Dot products

/// Part `index` of `parts` equal parts of a 32-bit value, extended to 32 bits as the type says.
Value* part(Builder& ir, Value* value, unsigned index, unsigned parts, bool sign) {
  const unsigned width = 32 / parts;
  Value* piece = ir.CreateTrunc(ir.CreateLShr(value, index * width), ir.getIntNTy(width));
  return extend(ir, piece, 32, sign);
}

/// c plus the sum of a's parts times b's bytes from `first_byte` on.
Status dot_product(Lowering& l, unsigned parts, unsigned first_byte) {
  Builder& ir = l.ir();
  Value* a = l.value(1, l.type(0));
  Value* b = l.value(2, l.type(1));
  const bool sign = is_signed(l.type(0)) || is_signed(l.type(1));
  Value* sum = l.value(3, sign ? ScalarType::kS32 : ScalarType::kU32);
  for (unsigned i = 0; i < parts; ++i) {
    Value* left = part(ir, a, i, parts, is_signed(l.type(0)));
    Value* right = part(ir, b, first_byte + i, 4, is_signed(l.type(1)));
    sum = ir.CreateAdd(sum, ir.CreateMul(left, right));
  }
  l.set(0, sum, sign ? ScalarType::kS32 : ScalarType::kU32);
  return {};
}

Status lower_dp4a(Lowering& l) {
  return dot_product(l, 4, 0);
}
Status lower_dp2a(Lowering& l) {
  return dot_product(l, 2, l.has("hi") ? 2 : 0);
}

constexpr Row kRows[] = {
    {"add.type d, a, b; .type = .u16 .u32 .u64 .s16 .s32 .s64 .u16x2 .s16x2", lower_add},
    {"add.sat.s32 d, a, b", lower_add_saturating},
    {"sub.type d, a, b; .type = .u16 .u32 .u64 .s16 .s32 .s64", lower_sub},
    {"sub.sat.s32 d, a, b", lower_sub_saturating},
    {"mul.mode.type d, a, b; .mode = .hi .lo; .type = .u16 .u32 .u64 .s16 .s32 .s64", lower_mul},
    {"mul.wide.type d, a, b; .type = .u16 .u32 .s16 .s32", lower_mul},
    {"mad.mode.type d, a, b, c; .mode = .hi .lo; .type = .u16 .u32 .u64 .s16 .s32 .s64", lower_mad},
    {"mad.wide.type d, a, b, c; .type = .u16 .u32 .s16 .s32", lower_mad},
    {"mad.hi.sat.s32 d, a, b, c", lower_mad},
    {"mul24.mode.type d, a, b; .mode = .hi .lo; .type = .u32 .s32", lower_mul24},
    {"mad24.mode.type d, a, b, c; .mode = .hi .lo; .type = .u32 .s32", lower_mad24},
    {"mad24.hi.sat.s32 d, a, b, c", lower_mad24},
    {"sad.type d, a, b, c; .type = .u16 .u32 .u64 .s16 .s32 .s64", lower_sad},
    {"div.type d, a, b; .type = .u16 .u32 .u64 .s16 .s32 .s64", lower_div},
    {"rem.type d, a, b; .type = .u16 .u32 .u64 .s16 .s32 .s64", lower_rem},
    {"abs.type d, a; .type = .s16 .s32 .s64", lower_abs},
    {"neg.type d, a; .type = .s16 .s32 .s64", lower_neg},
    {"min.type d, a, b; .type = .u16 .u32 .u64 .u16x2 .s16 .s64", lower_min},
    {"min{.relu}.type d, a, b; .type = .s16x2 .s32", lower_min},
    {"max.type d, a, b; .type = .u16 .u32 .u64 .u16x2 .s16 .s64", lower_max},
    {"max{.relu}.type d, a, b; .type = .s16x2 .s32", lower_max},
    {"popc.type d, a; .type = .b32 .b64", lower_popc},
    {"clz.type d, a; .type = .b32 .b64", lower_clz},
    {"bfind{.shiftamt}.type d, a; .type = .u32 .u64 .s32 .s64", lower_bfind},
    {"fns.b32 d, a, b, c", lower_fns},
    {"brev.type d, a; .type = .b32 .b64", lower_brev},
    {"bfe.type d, a, b, c; .type = .u32 .u64 .s32 .s64", lower_bfe},
    {"bfi.type d, a, b, c, e; .type = .b32 .b64", lower_bfi},
    {"szext.mode.type d, a, b; .mode = .clamp .wrap; .type = .u32 .s32", lower_szext},
    {"bmsk.mode.b32 d, a, b; .mode = .clamp .wrap", lower_bmsk},
    {"dp4a.atype.btype d, a, b, c; .atype = .u32 .s32; .btype = .u32 .s32", lower_dp4a},
    {"dp2a.mode.atype.btype d, a, b, c; .mode = .lo .hi; .atype = .u32 .s32; .btype = .u32 .s32",
     lower_dp2a},
};

}  // namespace

std::span<const Row> integer_rows() {
  return kRows;
}

}  // namespace cuda_shim::kernels::instructions
