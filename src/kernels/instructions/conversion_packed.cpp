// cvt of packed small formats, tf32 and cvt.pack (PTX ISA 9.7.9.21 and 9.7.9.22). Operand a goes
// into the upper part of the result, b into the lower.

#include <llvm/IR/Intrinsics.h>

#include "kernels/instructions/arithmetic.h"
#include "kernels/instructions/conversion.h"

namespace cuda_shim::kernels::instructions {

using llvm::Value;
using ptx::ScalarType;
using Builder = llvm::IRBuilder<>;

namespace {

/// The two floats to convert, upper first: operands a and b, or the halves of a packed operand.
struct FloatPair {
  Value* upper;
  Value* lower;
};

FloatPair read_floats(Lowering& l) {
  Builder& ir = l.ir();
  if (l.has_operand(2)) return {l.value(1, ScalarType::kF32), l.value(2, ScalarType::kF32)};
  Value* packed = l.value(1, l.type(1));
  return {widen(ir, lane(ir, packed, 1)), widen(ir, lane(ir, packed, 0))};
}

/// upper << bits | lower, of two i32.
Value* join(Builder& ir, Value* upper, Value* lower, unsigned bits) {
  return ir.CreateOr(ir.CreateShl(upper, bits), lower);
}

/// Bits that each element of a packed type takes: fp6 has two to spare.
unsigned element_bits(ScalarType type) {
  return ptx::bits_of(type) / 2;
}

}  // namespace

Status lower_cvt_pair(Lowering& l) {
  Builder& ir = l.ir();
  const ScalarType type = l.type(0);
  const SmallFormat& format = *small_format_of(lane_type(type));
  const FloatPair floats = read_floats(l);
  const auto convert = [&](Value* value) {
    if (l.has("relu")) value = rectify(ir, value);
    return encode_small(ir, value, format, small_rounding(l), l.has("satfinite"));
  };
  Value* upper = convert(floats.upper);
  l.set(0, ir.CreateBitCast(join(ir, upper, convert(floats.lower), 16), l.llvm_type(type)), type);
  return {};
}

Status lower_cvt_pair_stochastic(Lowering& l) {
  // Each half of the last operand has the random bits of one result: as many as f16 and bf16 cut
  // off a float.
  Builder& ir = l.ir();
  const ScalarType type = l.type(0);
  const SmallFormat& format = *small_format_of(lane_type(type));
  const unsigned count = 23 - format.mantissa_bits;
  const auto convert = [&](unsigned operand, unsigned shift) {
    Value* value = l.value(operand, ScalarType::kF32);
    if (l.has("relu")) value = rectify(ir, value);
    Value* random = ir.CreateLShr(l.value(3, ScalarType::kB32), shift);
    random = ir.CreateAnd(random, (1u << count) - 1);
    return encode_small(ir, value, format, SmallRounding::kStochastic, l.has("satfinite"),
                        {random, count});
  };
  Value* upper = convert(1, 16);
  l.set(0, ir.CreateBitCast(join(ir, upper, convert(2, 0), 16), l.llvm_type(type)), type);
  return {};
}

Status lower_cvt_quad_stochastic(Lowering& l) {
  // A byte of random bits for each result, in the order of the results.
  constexpr unsigned kElements = 4, kRandomBits = 8;
  Builder& ir = l.ir();
  const ScalarType type = l.type(0);
  if (l.element_count(1) != kElements) return l.not_supported("it converts four values.");
  Value* all = ir.getInt32(0);
  for (unsigned i = 0; i < kElements; ++i) {
    const unsigned place = kElements - 1 - i;  // the first value is the uppermost
    Value* value = l.element(1, i, ScalarType::kF32);
    if (l.has("relu")) value = rectify(ir, value);
    Value* random = ir.CreateLShr(l.value(2, ScalarType::kB32), place * kRandomBits);
    random = ir.CreateAnd(random, (1u << kRandomBits) - 1);
    Value* bits = encode_small(ir, value, *small_format_of(type), SmallRounding::kStochastic, true,
                               {random, kRandomBits});
    all = join(ir, all, bits, ptx::bits_of(type) / kElements);
  }
  l.set(0, ir.CreateTrunc(all, l.llvm_type(type)), type);
  return {};
}

Status lower_cvt_to_small(Lowering& l) {
  Builder& ir = l.ir();
  const ScalarType type = l.type(0);
  const FloatPair floats = read_floats(l);
  const auto convert = [&](Value* value) {
    if (l.has("relu")) value = rectify(ir, value);
    return encode_small(ir, value, *small_format_of(type), SmallRounding::kNearestEven, true);
  };
  Value* upper = convert(floats.upper);
  Value* both = join(ir, upper, convert(floats.lower), element_bits(type));
  l.set(0, ir.CreateTrunc(both, l.llvm_type(type)), type);
  return {};
}

Status lower_cvt_from_small(Lowering& l) {
  Builder& ir = l.ir();
  const ScalarType type = l.type(1);
  Value* bits = ir.CreateZExt(l.value(1, type), ir.getInt32Ty());
  Value* result = llvm::Constant::getNullValue(l.llvm_type(ScalarType::kF16x2));
  for (unsigned i = 0; i < 2; ++i) {
    Value* element =
        decode_small(ir, ir.CreateLShr(bits, i * element_bits(type)), *small_format_of(type));
    if (l.has("relu")) element = rectify(ir, element);
    Value* half = canonical_nan(ir, narrow(ir, element, ScalarType::kF16));
    result = ir.CreateInsertElement(result, half, i);
  }
  l.set(0, result, ScalarType::kF16x2);
  return {};
}

Status lower_cvt_tf32(Lowering& l) {
  // A tf32 stands in a 32-bit register as the float with 13 mantissa bits cut off.
  Builder& ir = l.ir();
  Value* value = l.value(1, ScalarType::kF32);
  if (l.has("relu")) value = rectify(ir, value);
  const SmallFormat& format = *small_format_of(ScalarType::kTf32);
  Value* bits = encode_small(ir, value, format, small_rounding(l), l.has("satfinite"));
  l.set(0, ir.CreateShl(bits, 13), ScalarType::kB32);
  return {};
}

Status lower_cvt_to_scale(Lowering& l) {
  Builder& ir = l.ir();
  const FloatPair floats = read_floats(l);
  const auto convert = [&](Value* value) {
    return encode_ue8m0(ir, value, l.has("rp"), l.has("satfinite"));
  };
  Value* upper = convert(floats.upper);
  l.set(0, ir.CreateTrunc(join(ir, upper, convert(floats.lower), 8), ir.getInt16Ty()),
        ScalarType::kB16);
  return {};
}

Status lower_cvt_from_scale(Lowering& l) {
  Builder& ir = l.ir();
  Value* bits = ir.CreateZExt(l.value(1, ScalarType::kB16), ir.getInt32Ty());
  const auto half = [&](unsigned shift) {
    return ir.CreateLShr(float_bits(ir, decode_ue8m0(ir, ir.CreateLShr(bits, shift))), 16);
  };
  Value* upper = half(8);
  l.set(0, join(ir, upper, half(0), 16), ScalarType::kB32);
  return {};
}

Status lower_cvt_pack(Lowering& l) {
  Builder& ir = l.ir();
  const ScalarType type = l.type(0);
  const unsigned bits = ptx::bits_of(type);
  const std::int64_t low = is_signed(type) ? -(1ll << (bits - 1)) : 0;
  const std::int64_t high = (1ll << (is_signed(type) ? bits - 1 : bits)) - 1;
  const auto convert = [&](unsigned index) {
    Value* value = l.value(index, ScalarType::kS32);
    value = maximum(ir, value, integer_like(value, static_cast<std::uint64_t>(low)), true);
    value = minimum(ir, value, integer_like(value, static_cast<std::uint64_t>(high)), true);
    return ir.CreateAnd(value, (1ull << bits) - 1);
  };
  Value* upper = convert(1);
  Value* both = join(ir, upper, convert(2), bits);
  if (l.has_operand(3)) both = join(ir, l.value(3, ScalarType::kB32), both, 2 * bits);
  l.set(0, both, ScalarType::kB32);
  return {};
}

}  // namespace cuda_shim::kernels::instructions
