#pragma once
// Real numbers, exactly: a sign, a wide significand and an exponent, with the formats of PTX as
// ways to write them down. Every floating-point instruction is "read the operands, calculate
// exactly, round once"; so there is one rounding routine for all formats and modes, and no host
// arithmetic.

#include <string_view>

#include "ptx/interpreter/number.h"

namespace cuda_shim::tests::interpreter {

enum class Rounding { kNearestEven, kNearestAway, kZero, kDown, kUp };

/// Value: (-1)^negative * significand * 2^exponent. `sticky`: the magnitude is larger than that by
/// less than 2^exponent; only divisions, square roots and sums of far apart numbers set it.
struct Real {
  enum class Kind { kFinite, kInfinite, kNan } kind = Kind::kFinite;
  bool negative = false;
  Wide significand = 0;
  int exponent = 0;
  bool sticky = false;

  bool is_nan() const { return kind == Kind::kNan; }
  bool is_infinite() const { return kind == Kind::kInfinite; }
  bool is_zero() const { return kind == Kind::kFinite && significand == 0 && !sticky; }
};

Real nan();
Real infinity(bool negative);
Real zero(bool negative);
Real one();
Real from_integer(Integer value);
Real from_double(double value);
/// value * 2^exponent
Real scaled(const Real& value, int exponent);

/// A floating-point format: sign, exponent, mantissa from the top, then `padding` bits that are 0.
struct Format {
  unsigned bits;
  unsigned exponent_bits;
  unsigned mantissa_bits;
  Bits largest;   ///< largest finite magnitude
  Bits infinity;  ///< magnitude; 0: the format has none
  Bits nan;       ///< what instructions give; 0: the format has none
  unsigned padding = 0;

  int bias() const { return (1 << (exponent_bits - 1)) - 1; }
};

/// f16 bf16 tf32 f32 f64 e4m3 e5m2 e2m1 e3m2 e2m3; a fault for types that are no numbers.
const Format& format_of(ScalarType type);
const Format& format_named(std::string_view word);

Real decode(Bits bits, const Format& format);
/// Overflow goes to infinity or the largest number as IEEE 754 says for the mode; where the format
/// has no infinity, to the largest number. A NaN becomes the format's, or the largest number.
Bits encode(const Real& value, const Format& format, Rounding rounding = Rounding::kNearestEven);
/// As encode, but overflow and infinities give the largest number (.satfinite).
Bits encode_finite(const Real& value, const Format& format,
                   Rounding rounding = Rounding::kNearestEven);
/// To an integer; the caller has dealt with NaN and infinities.
Integer round_to_integer(const Real& value, Rounding rounding);
double to_double(const Real& value);

/// Subnormal numbers of the format become zeros of the same sign.
Real flush(const Real& value, const Format& format);

Real negate(Real value);
Real absolute(Real value);
/// The rounding mode decides about the sign of x + -x only.
Real add(const Real& a, const Real& b, Rounding rounding = Rounding::kNearestEven);
Real multiply(const Real& a, const Real& b);
Real divide(const Real& a, const Real& b);
Real square_root(const Real& a);
/// -1, 0, 1; neither may be NaN. Zeros are equal.
int compare(const Real& a, const Real& b);

}  // namespace cuda_shim::tests::interpreter
