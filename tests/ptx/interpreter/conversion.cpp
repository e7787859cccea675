// cvt and cvt.pack between the scalar types (PTX ISA 9.0, sections 9.7.9.21 and 9.7.9.22). The
// packed formats below 16 bits are in conversion_packed.cpp.

#include "ptx/interpreter/lane.h"

namespace cuda_shim::tests::interpreter {
namespace {

/// In conversions .ftz is about f32 only, on either side.
Real flushed(const Lane& lane, const Real& value, ScalarType type) {
  return lane.has("ftz") && type == ScalarType::kF32 ? flush(value, format_of(type)) : value;
}

Real source(const Lane& lane) {
  const ScalarType type = lane.type(1);
  return flushed(lane, decode(lane.bits(1, type), format_of(type)), type);
}

void integer_to_integer(Lane& lane) {
  const Integer value = lane.integer(1, lane.type(1));
  const ScalarType to = lane.type(0);
  lane.set_integer(0, lane.has("sat") ? clamp(value, to) : value, to);
}

/// What a NaN becomes depends on the widths.
Integer from_nan(ScalarType to, ScalarType from) {
  const bool narrow = from != ScalarType::kF64 && kernels::ptx::bits_of(to) != 64;
  return narrow ? Integer{0} : Integer{1} << (kernels::ptx::bits_of(to) - 1);
}

void float_to_integer(Lane& lane) {
  const ScalarType to = lane.type(0);
  const Real value = source(lane);
  if (value.is_nan()) return lane.set_integer(0, from_nan(to, lane.type(1)), to);
  if (value.is_infinite())
    return lane.set_integer(0, value.negative ? smallest(to) : largest(to), to);
  lane.set_integer(0, clamp(round_to_integer(value, lane.rounding()), to), to);
}

/// Rounded into the type, then .ftz, .sat, .relu as they are written.
void finish(Lane& lane, const Real& value) {
  const ScalarType to = lane.type(0);
  const Format& format = format_of(to);
  const Bits rounded = lane.has("satfinite") ? encode_finite(value, format, lane.rounding())
                                             : encode(value, format, lane.rounding());
  const Real written = flushed(lane, decode(rounded, format), to);
  const bool below = written.negative && !written.is_nan();
  if (lane.has("sat")) {
    if (written.is_nan() || below) return lane.set(0, 0);
    if (written.is_infinite() || compare(written, one()) > 0)
      return lane.set(0, encode(one(), format));
  }
  if (lane.has("relu") && below) return lane.set(0, 0);
  lane.set(0, written.is_zero() ? encode(written, format) : rounded);
}

void integer_to_float(Lane& lane) {
  finish(lane, from_integer(lane.integer(1, lane.type(1))));
}

void float_to_float(Lane& lane) {
  finish(lane, source(lane));
}

/// .rni and its like between floating-point types: to a whole number in the same format.
void to_whole_number(Lane& lane) {
  Real value = source(lane);
  const Format& format = format_of(lane.type(0));
  // Above this all numbers are whole, and the exponents too large for an integer.
  const bool fraction =
      value.kind == Real::Kind::kFinite && !value.is_zero() &&
      compare(absolute(value), scaled(one(), static_cast<int>(format.mantissa_bits) + 1)) < 0;
  if (fraction) {
    const bool negative = value.negative;
    value = from_integer(round_to_integer(value, lane.rounding()));
    value.negative = negative;
  }
  finish(lane, value);
}

/// d = {a, b}: a in the upper half.
void two_to_halves(Lane& lane) {
  const Format& format =
      format_of(lane.type(0) == ScalarType::kF16x2 ? ScalarType::kF16 : ScalarType::kBf16);
  Bits result = 0;
  for (unsigned part : {0u, 1u}) {
    const Real value = decode(lane.bits(2 - part, ScalarType::kF32), format_of(ScalarType::kF32));
    Bits half = lane.has("satfinite") ? encode_finite(value, format, lane.rounding())
                                      : encode(value, format, lane.rounding());
    if (lane.has("relu") && value.negative && !value.is_nan()) half = 0;
    result |= half << (16 * part);
  }
  lane.set(0, result);
}

/// cvt.pack: two integers saturated and put side by side, a above b, with c above both.
void pack(Lane& lane) {
  const ScalarType to = lane.type(0), from = lane.type(1);
  const unsigned width = kernels::ptx::bits_of(to);
  const auto part = [&](unsigned operand) {
    return low_bits(to_bits(clamp(lane.integer(operand, from), to)), width);
  };
  Bits result = part(1) << width | part(2);
  if (lane.has_operand(3)) result |= lane.bits(3, ScalarType::kB32) << (2 * width);
  lane.set(0, result);
}

constexpr Row kRows[] = {
    {"cvt{.sat}.<int8>.<int8>", integer_to_integer},
    {"cvt.rni|rzi|rmi|rpi{.ftz}{.sat}.<int8>.f16|bf16|f32|f64", float_to_integer},
    {"cvt.<round>{.ftz}{.sat}.f16|bf16|f32|f64.<int8>", integer_to_float},
    {"cvt.rni|rzi|rmi|rpi{.ftz}{.sat}.f16|bf16|f32|f64.f16|bf16|f32|f64", to_whole_number},
    {"cvt{.<round>}{.ftz}{.sat}.f16|bf16|f32|f64.f16|bf16|f32|f64", float_to_float},
    {"cvt.rn|rz{.relu}{.satfinite}.f16|bf16.f32", float_to_float},
    {"cvt.rn|rz{.relu}{.satfinite}.f16x2|bf16x2.f32", two_to_halves},
    {"cvt.rna{.satfinite}.tf32.f32", float_to_float},
    {"cvt.rn|rz{.satfinite}{.relu}.tf32.f32", float_to_float},
    {"cvt.rn|rz{.relu}{.satfinite}.tf32.f32", float_to_float},
    {"cvt.pack.sat.u16|s16.s32", pack},
    {"cvt.pack.sat.u8|s8|u4|s4|u2|s2.s32.b32", pack},
};

}  // namespace

Rows conversion_rows() {
  return kRows;
}

}  // namespace cuda_shim::tests::interpreter
