#include "ptx/interpreter/real.h"

#include <algorithm>
#include <bit>
#include <map>
#include <string>
#include <utility>

#include "ptx/interpreter/fault.h"

namespace cuda_shim::tests::interpreter {
namespace {

constexpr int kWideBits = 1024;
/// What quotients and far apart sums keep: more than twice any significand.
constexpr int kKeptBits = 400;

int length(const Wide& value) {
  int bits = 0;
  for (Wide rest = value; rest != 0; rest >>= 64) {
    const bool last = rest >> 64 == 0;
    bits += last ? std::bit_width(static_cast<std::uint64_t>(rest)) : 64;
  }
  return bits;
}

Real finite(bool negative, Wide significand, int exponent, bool sticky = false) {
  return {Real::Kind::kFinite, negative, significand, exponent, sticky};
}

/// Same value, its significand moved up as far as kKeptBits.
Real widened(Real value) {
  const int shift = kKeptBits - length(value.significand);
  if (shift <= 0 || value.sticky) return value;
  value.significand <<= shift;
  value.exponent -= shift;
  return value;
}

/// Whether a magnitude, cut at the last place, has to go up by one there.
bool rounds_up(Rounding rounding, bool negative, bool odd, int against_half, bool inexact) {
  switch (rounding) {
    case Rounding::kNearestEven:
      return against_half > 0 || (against_half == 0 && odd);
    case Rounding::kNearestAway:
      return against_half >= 0;
    case Rounding::kZero:
      return false;
    case Rounding::kDown:
      return inexact && negative;
    case Rounding::kUp:
      return inexact && !negative;
  }
  std::unreachable();
}

/// The magnitude in units of 2^quantum, rounded.
Wide in_units(const Real& value, int quantum, Rounding rounding) {
  const int shift = quantum - value.exponent;
  if (shift <= 0) return value.significand << -shift;
  const bool all_below = shift >= kWideBits;
  const Wide kept = all_below ? Wide{0} : value.significand >> shift;
  const Wide cut = all_below ? value.significand : value.significand - (kept << shift);
  int against_half = -1;
  if (!all_below) {
    const Wide half = Wide{1} << (shift - 1);
    against_half = cut > half || (cut == half && value.sticky) ? 1 : cut == half ? 0 : -1;
  }
  const bool inexact = cut != 0 || value.sticky;
  return kept +
         (rounds_up(rounding, value.negative, (kept & 1) != 0, against_half, inexact) ? 1 : 0);
}

bool overflows_to_infinity(Rounding rounding, bool negative) {
  return rounding == Rounding::kNearestEven || rounding == Rounding::kNearestAway ||
         rounding == (negative ? Rounding::kDown : Rounding::kUp);
}

Bits with_sign(Bits magnitude, bool negative, const Format& format) {
  const Bits sign = negative ? Bits{1} << (format.exponent_bits + format.mantissa_bits) : 0;
  return (sign | magnitude) << format.padding;
}

Bits encode_magnitude(const Real& value, const Format& format, Rounding rounding) {
  if (value.is_zero()) return 0;
  const int smallest_normal = 1 - format.bias();
  const int top = value.exponent + length(value.significand) - 1;
  const int scale = std::max(top, smallest_normal);
  const Wide units = in_units(value, scale - static_cast<int>(format.mantissa_bits), rounding);
  // The implicit bit of a normal number carries into the exponent field.
  return (static_cast<Bits>(scale - smallest_normal) << format.mantissa_bits) +
         static_cast<Bits>(units);
}

Bits encode_bounded(const Real& value, const Format& format, Rounding rounding, bool to_infinity) {
  if (value.is_nan())
    return format.nan != 0 ? format.nan << format.padding
                           : with_sign(format.largest, false, format);
  Bits magnitude = value.is_infinite() ? ~Bits{0} : encode_magnitude(value, format, rounding);
  if (magnitude > format.largest) magnitude = to_infinity ? format.infinity : format.largest;
  return with_sign(magnitude, value.negative, format);
}

const std::map<std::string_view, Format>& formats() {
  static const std::map<std::string_view, Format> all = {
      {"f16", {16, 5, 10, 0x7bff, 0x7c00, 0x7fff}},
      {"bf16", {16, 8, 7, 0x7f7f, 0x7f80, 0x7fff}},
      {"tf32", {32, 8, 10, 0x3fbff, 0x3fc00, 0x3ffff, 13}},
      {"f32", {32, 8, 23, 0x7f7fffff, 0x7f800000, 0x7fffffff}},
      {"f64", {64, 11, 52, 0x7fefffffffffffff, 0x7ff0000000000000, 0x7fffffffffffffff}},
      {"e4m3", {8, 4, 3, 0x7e, 0, 0x7f}},
      {"ue4m3", {8, 4, 3, 0x7e, 0, 0x7f}},
      {"e5m2", {8, 5, 2, 0x7b, 0x7c, 0x7f}},
      {"e2m1", {4, 2, 1, 0x7, 0, 0}},
      {"e3m2", {6, 3, 2, 0x1f, 0, 0}},
      {"e2m3", {6, 2, 3, 0x1f, 0, 0}},
  };
  return all;
}

}  // namespace

const Format& format_named(std::string_view word) {
  const auto place = formats().find(word);
  if (place == formats().end())
    throw Fault(FaultKind::kInvalid, "The type ." + std::string(word) + " is not a number format.");
  return place->second;
}

const Format& format_of(ScalarType type) {
  return format_named(kernels::ptx::spelling_of(type));
}

Real nan() {
  return {Real::Kind::kNan, false, 0, 0, false};
}
Real infinity(bool negative) {
  return {Real::Kind::kInfinite, negative, 0, 0, false};
}
Real zero(bool negative) {
  return finite(negative, 0, 0);
}
Real one() {
  return finite(false, 1, 0);
}
Real from_integer(Integer value) {
  return finite(value < 0, static_cast<Wide>(value < 0 ? -value : value), 0);
}
Real from_double(double value) {
  return decode(std::bit_cast<std::uint64_t>(value), format_named("f64"));
}
Real scaled(const Real& value, int exponent) {
  Real result = value;
  result.exponent += exponent;
  return result;
}

Real decode(Bits bits, const Format& format) {
  const unsigned width = format.exponent_bits + format.mantissa_bits;
  const Bits magnitude = low_bits(bits >> format.padding, width);
  const bool negative = bit(bits >> format.padding, width);
  if (magnitude > format.largest)
    return {format.infinity != 0 && magnitude == format.infinity ? Real::Kind::kInfinite
                                                                 : Real::Kind::kNan,
            negative, 0, 0, false};
  const int exponent = static_cast<int>(magnitude >> format.mantissa_bits);
  const Bits mantissa = low_bits(magnitude, format.mantissa_bits);
  const Bits implicit = exponent == 0 ? 0 : Bits{1} << format.mantissa_bits;
  return finite(negative, static_cast<Wide>(mantissa | implicit),
                std::max(exponent, 1) - format.bias() - static_cast<int>(format.mantissa_bits));
}

Bits encode(const Real& value, const Format& format, Rounding rounding) {
  const bool to_infinity = format.infinity != 0 &&
                           (value.is_infinite() || overflows_to_infinity(rounding, value.negative));
  return encode_bounded(value, format, rounding, to_infinity);
}

Bits encode_finite(const Real& value, const Format& format, Rounding rounding) {
  return encode_bounded(value, format, rounding, false);
}

Integer round_to_integer(const Real& value, Rounding rounding) {
  // Far beyond every integer type, and still within Integer.
  const bool huge = value.exponent + length(value.significand) > 200;
  const Integer magnitude =
      huge ? Integer{1} << 200 : static_cast<Integer>(in_units(value, 0, rounding));
  return value.negative ? -magnitude : magnitude;
}

double to_double(const Real& value) {
  return std::bit_cast<double>(static_cast<std::uint64_t>(encode(value, format_named("f64"))));
}

Real flush(const Real& value, const Format& format) {
  if (value.kind != Real::Kind::kFinite) return value;
  const bool tiny = value.exponent + length(value.significand) - 1 < 1 - format.bias();
  return tiny ? zero(value.negative) : value;
}

Real negate(Real value) {
  value.negative = !value.negative;
  return value;
}
Real absolute(Real value) {
  value.negative = false;
  return value;
}

namespace {

/// |a| + |b| or |a| - |b| where a has the larger exponent by `distance`.
Real add_aligned(Real a, const Real& b, int distance) {
  const bool same_sign = a.negative == b.negative;
  if (distance + length(a.significand) < kWideBits - 2) {
    a.significand <<= distance;
    a.exponent -= distance;
    if (same_sign) return finite(a.negative, a.significand + b.significand, a.exponent);
    if (a.significand >= b.significand)
      return finite(a.negative, a.significand - b.significand, a.exponent);
    return finite(b.negative, b.significand - a.significand, a.exponent);
  }
  // b is less than a unit of a's last place once a is widened: only "a little more" is left of it.
  a = widened(a);
  a.sticky = true;
  if (!same_sign) a.significand -= 1;
  return a;
}

}  // namespace

Real add(const Real& a, const Real& b, Rounding rounding) {
  if (a.is_nan() || b.is_nan()) return nan();
  if (a.is_infinite() || b.is_infinite()) {
    if (a.is_infinite() && b.is_infinite() && a.negative != b.negative) return nan();
    return a.is_infinite() ? a : b;
  }
  if (a.is_zero() && b.is_zero())
    return zero(a.negative == b.negative ? a.negative : rounding == Rounding::kDown);
  if (a.is_zero()) return b;
  if (b.is_zero()) return a;
  const int distance = a.exponent - b.exponent;
  const Real sum = distance >= 0 ? add_aligned(a, b, distance) : add_aligned(b, a, -distance);
  return sum.is_zero() ? zero(rounding == Rounding::kDown) : sum;
}

Real multiply(const Real& a, const Real& b) {
  const bool negative = a.negative != b.negative;
  if (a.is_nan() || b.is_nan()) return nan();
  if (a.is_infinite() || b.is_infinite())
    return a.is_zero() || b.is_zero() ? nan() : infinity(negative);
  return finite(negative, a.significand * b.significand, a.exponent + b.exponent);
}

Real divide(const Real& a, const Real& b) {
  const bool negative = a.negative != b.negative;
  if (a.is_nan() || b.is_nan() || (a.is_infinite() && b.is_infinite()) ||
      (a.is_zero() && b.is_zero()))
    return nan();
  if (a.is_infinite() || b.is_zero()) return infinity(negative);
  if (b.is_infinite() || a.is_zero()) return zero(negative);
  const Real dividend = widened(a);
  const Wide quotient = dividend.significand / b.significand;
  return finite(negative, quotient, dividend.exponent - b.exponent,
                quotient * b.significand != dividend.significand);
}

Real square_root(const Real& a) {
  if (a.is_nan() || a.is_zero()) return a;
  if (a.negative) return nan();
  if (a.is_infinite()) return a;
  Real operand = widened(a);
  if (operand.exponent % 2 != 0) {
    operand.significand <<= 1;
    operand.exponent -= 1;
  }
  // The largest root whose square is not above the operand, bit by bit from the top.
  Wide root = 0;
  for (int place = kKeptBits / 2 + 1; place >= 0; --place) {
    const Wide tried = root | Wide{1} << place;
    if (tried * tried <= operand.significand) root = tried;
  }
  return finite(false, root, operand.exponent / 2, root * root != operand.significand);
}

int compare(const Real& a, const Real& b) {
  if (a.is_infinite() || b.is_infinite()) {
    const int left = a.is_infinite() ? (a.negative ? -1 : 1) : 0;
    const int right = b.is_infinite() ? (b.negative ? -1 : 1) : 0;
    return left < right ? -1 : left > right ? 1 : 0;
  }
  const Real difference = add(a, negate(b));
  if (difference.is_zero()) return 0;
  return difference.negative ? -1 : 1;
}

}  // namespace cuda_shim::tests::interpreter
