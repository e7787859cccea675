#pragma once
// Numbers as the interpreter holds them: registers are bit patterns of up to 128 bits, integer
// results are worked out in integers so wide that nothing overflows, and only then cut to size.

#include <cstdint>

#include "kernels/ptx/ast.h"

namespace cuda_shim::tests::interpreter {

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpedantic"
/// What a register holds; bits above its width are zero.
using Bits = unsigned __int128;
/// Wide enough for every sum and product of two 64-bit (and most of two 128-bit) integers.
using Integer = signed _BitInt(256);
/// A significand: wide enough for exact sums of products of any format but f64.
using Wide = unsigned _BitInt(1024);
#pragma clang diagnostic pop

using kernels::ptx::ScalarType;
using kernels::ptx::StateSpace;
using kernels::ptx::TypeKind;

constexpr Bits low_bits(Bits bits, unsigned width) {
  return width >= 128 ? bits : bits & ((Bits{1} << width) - 1);
}

constexpr bool bit(Bits bits, unsigned place) {
  return (bits >> place & 1) != 0;
}

inline bool is_signed(ScalarType type) {
  return kernels::ptx::kind_of(type) == TypeKind::kSigned;
}

/// The low bits of a register read as an integer of that width.
constexpr Integer to_integer(Bits bits, unsigned width, bool with_sign) {
  const Integer value = static_cast<Integer>(low_bits(bits, width));
  const bool negative = with_sign && bit(bits, width - 1);
  return negative ? value - (Integer{1} << width) : value;
}

inline Integer to_integer(Bits bits, ScalarType type) {
  return to_integer(bits, kernels::ptx::bits_of(type), is_signed(type));
}

/// The low 128 bits of the two's complement.
constexpr Bits to_bits(Integer value) {
  return static_cast<Bits>(value);
}

inline Integer smallest(ScalarType type) {
  return is_signed(type) ? -(Integer{1} << (kernels::ptx::bits_of(type) - 1)) : Integer{0};
}

inline Integer largest(ScalarType type) {
  return (Integer{1} << (kernels::ptx::bits_of(type) - (is_signed(type) ? 1 : 0))) - 1;
}

/// Modulo 2^width.
inline Integer wrap(Integer value, ScalarType type) {
  return to_integer(to_bits(value), type);
}

/// To the nearest value that the type has.
inline Integer clamp(Integer value, ScalarType type) {
  if (value < smallest(type)) return smallest(type);
  return value > largest(type) ? largest(type) : value;
}

}  // namespace cuda_shim::tests::interpreter
