// Encoding and decoding of small floating-point formats.
//
// A float's bits without the sign, minus the difference of the biases in the exponent, are the
// target's bits with more mantissa: what is left is to round at bit 23 - mantissa_bits, and the
// carry runs into the exponent as it should. Below the target's normal range the significand itself
// is shifted down by as much more as the exponent is short. Both go through the same addition and
// shift.

#include "kernels/instructions/small_float.h"

#include <llvm/IR/Constants.h>
#include <llvm/IR/Intrinsics.h>

#include "kernels/instructions/arithmetic.h"

namespace cuda_shim::kernels::instructions {

using llvm::Value;
using ptx::ScalarType;
using Builder = llvm::IRBuilder<>;

namespace {

struct FormatRow {
  ScalarType type;
  SmallFormat format;
};

constexpr SmallFormat kE4m3 = {4, 3, 0x7e, 0, 0x7f};
constexpr SmallFormat kE5m2 = {5, 2, 0x7b, 0x7c, 0x7f};
constexpr SmallFormat kE2m1 = {2, 1, 0x7, 0, 0};
constexpr SmallFormat kE2m3 = {2, 3, 0x1f, 0, 0};
constexpr SmallFormat kE3m2 = {3, 2, 0x1f, 0, 0};

constexpr FormatRow kFormats[] = {
    {ScalarType::kF16, {5, 10, 0x7bff, 0x7c00, 0x7fff}},
    {ScalarType::kBf16, {8, 7, 0x7f7f, 0x7f80, 0x7fff}},
    {ScalarType::kTf32, {8, 10, 0x3fbff, 0x3fc00, 0x3ffff}},
    {ScalarType::kE4m3, kE4m3},
    {ScalarType::kE5m2, kE5m2},
    {ScalarType::kE2m1, kE2m1},
    {ScalarType::kE2m3, kE2m3},
    {ScalarType::kE3m2, kE3m2},
    {ScalarType::kE4m3x2, kE4m3},
    {ScalarType::kE4m3x4, kE4m3},
    {ScalarType::kE5m2x2, kE5m2},
    {ScalarType::kE5m2x4, kE5m2},
    {ScalarType::kE2m1x2, kE2m1},
    {ScalarType::kE2m1x4, kE2m1},
    {ScalarType::kE2m3x2, kE2m3},
    {ScalarType::kE2m3x4, kE2m3},
    {ScalarType::kE3m2x2, kE3m2},
    {ScalarType::kE3m2x4, kE3m2},
};

/// What to add below the last kept bit before cutting off: 2^shift - 1 rounds away from zero, 0
/// towards it.
Value* increment(Builder& ir, Value* value, Value* shift, Value* negative, SmallRounding rounding,
                 const RandomBits& random) {
  Value* one = ir.getInt32(1);
  Value* all = ir.CreateSub(ir.CreateShl(one, shift), one);
  Value* half = ir.CreateLShr(ir.CreateShl(one, shift), one);
  Value* zero = ir.getInt32(0);
  switch (rounding) {
    case SmallRounding::kNearestEven:  // just under one half, and the last kept bit on top
      return ir.CreateAdd(ir.CreateSub(half, one), ir.CreateAnd(ir.CreateLShr(value, shift), 1));
    case SmallRounding::kNearestAway:
      return half;
    case SmallRounding::kZero:
      return zero;
    case SmallRounding::kDown:
      return ir.CreateSelect(negative, all, zero);
    case SmallRounding::kUp:
      return ir.CreateSelect(negative, zero, all);
    case SmallRounding::kStochastic: {  // as many of the random bits as are cut off
      Value* raised = ir.CreateShl(ir.CreateZExt(random.bits, ir.getInt64Ty()),
                                   ir.CreateZExt(shift, ir.getInt64Ty()));
      return ir.CreateTrunc(ir.CreateLShr(raised, random.count), ir.getInt32Ty());
    }
  }
  return zero;
}

/// What a finite value beyond the largest becomes: infinity, or the largest where the rounding does
/// not go that way.
Value* overflow_value(Builder& ir, const SmallFormat& format, Value* negative,
                      SmallRounding rounding, bool finite) {
  Value* largest = ir.getInt32(format.largest);
  if (finite || format.infinity == 0) return largest;
  Value* infinity = ir.getInt32(format.infinity);
  switch (rounding) {
    case SmallRounding::kNearestEven:
    case SmallRounding::kNearestAway:
    case SmallRounding::kStochastic:
      return infinity;
    case SmallRounding::kZero:
      return largest;
    case SmallRounding::kDown:
      return ir.CreateSelect(negative, infinity, largest);
    case SmallRounding::kUp:
      return ir.CreateSelect(negative, largest, infinity);
  }
  return infinity;
}

/// The rounded pattern of a magnitude, as if the exponent had no upper end.
Value* round_magnitude(Builder& ir, Value* magnitude, Value* negative, const SmallFormat& format,
                       SmallRounding rounding, const RandomBits& random) {
  const unsigned dropped = 23 - format.mantissa_bits;
  const unsigned bias_difference = static_cast<unsigned>(127 - format.bias());
  Value* exponent = ir.CreateLShr(magnitude, 23);
  Value* normal = ir.CreateICmpUGT(exponent, ir.getInt32(bias_difference));
  Value* hidden = ir.CreateSelect(ir.CreateICmpNE(exponent, ir.getInt32(0)), ir.getInt32(1u << 23),
                                  ir.getInt32(0));
  Value* significand = ir.CreateOr(ir.CreateAnd(magnitude, 0x7fffff), hidden);
  Value* value = ir.CreateSelect(
      normal, ir.CreateSub(magnitude, ir.getInt32(bias_difference << 23)), significand);
  // 26 more than shift a significand out, whatever the rounding; further, and it would only
  // overflow.
  Value* weight = maximum(ir, exponent, ir.getInt32(1), false);
  Value* lacking = ir.CreateSub(ir.getInt32(bias_difference + 1),
                                minimum(ir, weight, ir.getInt32(bias_difference + 1), false));
  Value* wanted = ir.CreateAdd(ir.getInt32(dropped), lacking);
  Value* shift = minimum(ir, wanted, ir.getInt32(26), false);
  // Random bits, though, do not round away what is smaller than the last of them.
  if (rounding == SmallRounding::kStochastic)
    value = shift_right(ir, value, ir.CreateSub(wanted, shift), false);
  shift = ir.CreateSelect(normal, ir.getInt32(dropped), shift);
  Value* sum = ir.CreateAdd(value, increment(ir, value, shift, negative, rounding, random));
  return ir.CreateLShr(sum, shift);
}

}  // namespace

const SmallFormat* small_format_of(ScalarType type) {
  for (const FormatRow& row : kFormats)
    if (row.type == type) return &row.format;
  return nullptr;
}

Value* encode_small(Builder& ir, Value* value, const SmallFormat& format, SmallRounding rounding,
                    bool finite, const RandomBits& random) {
  Value* bits = float_bits(ir, value);
  Value* magnitude = ir.CreateAnd(bits, 0x7fff'ffff);
  Value* negative = ir.CreateICmpSLT(bits, ir.getInt32(0));
  Value* result = round_magnitude(ir, magnitude, negative, format, rounding, random);
  Value* infinite = ir.CreateICmpEQ(magnitude, ir.getInt32(0x7f80'0000));
  Value* too_large = ir.CreateOr(infinite, ir.CreateICmpUGT(result, ir.getInt32(format.largest)));
  Value* infinity = ir.getInt32(finite || format.infinity == 0 ? format.largest : format.infinity);
  Value* overflow =
      ir.CreateSelect(infinite, infinity, overflow_value(ir, format, negative, rounding, finite));
  result = ir.CreateSelect(too_large, overflow, result);

  Value* sign = ir.CreateSelect(negative, ir.getInt32(1u << (format.bits() - 1)), ir.getInt32(0));
  result = ir.CreateOr(result, sign);
  Value* nan = ir.getInt32(format.nan != 0 ? format.nan : format.largest);
  return ir.CreateSelect(ir.CreateICmpUGT(magnitude, ir.getInt32(0x7f80'0000)), nan, result);
}

Value* decode_small(Builder& ir, Value* bits, const SmallFormat& format) {
  llvm::Type* type = bits->getType()->getWithNewType(ir.getFloatTy());
  // The pattern at the top of a float's mantissa is the value times 2^(bias difference), subnormals
  // too; the product is exact.
  const std::uint32_t mask = (1u << (format.bits() - 1)) - 1;
  Value* pattern = ir.CreateAnd(bits, mask);
  Value* raised = ir.CreateBitCast(ir.CreateShl(pattern, 23 - format.mantissa_bits), type);
  const llvm::APInt scale_bits(32, static_cast<std::uint64_t>(254 - format.bias()) << 23);
  Value* scale =
      llvm::ConstantFP::get(type, llvm::APFloat(llvm::APFloat::IEEEsingle(), scale_bits));
  Value* magnitude = float_bits(ir, ir.CreateFMul(raised, scale));
  if (format.infinity != 0) {
    Value* infinite = ir.CreateICmpEQ(pattern, integer_like(bits, format.infinity));
    magnitude = ir.CreateSelect(infinite, integer_like(bits, 0x7f80'0000), magnitude);
  }
  Value* sign = ir.CreateShl(ir.CreateAnd(ir.CreateLShr(bits, format.bits() - 1), 1), 31);
  Value* result = ir.CreateOr(magnitude, sign);
  if (format.nan != 0) {
    const std::uint32_t last_number = format.infinity != 0 ? format.infinity : format.largest;
    Value* is_nan = ir.CreateICmpUGT(pattern, integer_like(bits, last_number));
    result = ir.CreateSelect(is_nan, integer_like(bits, 0x7fff'ffff), result);
  }
  return ir.CreateBitCast(result, type);
}

Value* encode_ue8m0(Builder& ir, Value* value, bool up, bool finite) {
  // The pattern is the float's exponent field; a value between two powers goes up by adding just
  // under one power. The format has neither zero nor sign: magnitudes below 2^-127 are 2^-127, and
  // negative numbers lose their sign, as in the toolkit's own conversion on the host
  // (cuda_fp8.hpp).
  Value* bits = float_bits(ir, value);
  Value* magnitude = ir.CreateAnd(bits, 0x7fff'ffff);
  Value* sum = up ? ir.CreateAdd(magnitude, ir.getInt32(0x7fffff)) : magnitude;
  if (up) {
    // In the subnormal range of a float the only power of two that the format has is 2^-127, whose
    // mantissa is 0x400000.
    Value* lowest = ir.CreateICmpULE(magnitude, ir.getInt32(0x400000));
    sum = ir.CreateSelect(lowest, ir.getInt32(0), sum);
  }
  Value* exponent = ir.CreateLShr(sum, 23);
  exponent = minimum(ir, exponent, ir.getInt32(finite ? 0xfe : 0xff), false);
  Value* is_nan = ir.CreateICmpUGT(magnitude, ir.getInt32(0x7f80'0000));
  return ir.CreateSelect(is_nan, ir.getInt32(0xff), exponent);
}

Value* decode_ue8m0(Builder& ir, Value* bits) {
  Value* field = ir.CreateAnd(bits, 0xff);
  Value* pattern = ir.CreateShl(field, 23);
  pattern = ir.CreateSelect(ir.CreateICmpEQ(field, ir.getInt32(0)), ir.getInt32(0x400000), pattern);
  pattern =
      ir.CreateSelect(ir.CreateICmpEQ(field, ir.getInt32(0xff)), ir.getInt32(0x7fff'ffff), pattern);
  return ir.CreateBitCast(pattern, ir.getFloatTy());
}

}  // namespace cuda_shim::kernels::instructions
