// Floating-point instructions (PTX ISA 9.0, section 9.7.3), the half precision ones (9.7.4) and the
// mixed precision ones (9.7.5).
//
// The exact ones calculate exactly and round once. The approximate ones give the host's double
// result, rounded: the manual only bounds their error.

#include <cmath>

#include "ptx/interpreter/lane.h"

namespace cuda_shim::tests::interpreter {
namespace {

// --- Exact functions; each gets the rounding mode because signs of zeros depend on it

Real sum(const Lane& lane, const Real& a, const Real& b) {
  return add(a, b, lane.rounding());
}
Real difference(const Lane& lane, const Real& a, const Real& b) {
  // A NaN has no sign to turn round, and x - x is a zero as any sum.
  return add(a, negate(b), lane.rounding());
}
Real product(const Lane&, const Real& a, const Real& b) {
  return multiply(a, b);
}
Real quotient(const Lane&, const Real& a, const Real& b) {
  return divide(a, b);
}

/// Ordered as the manual has it: -0 is less than +0.
bool less(const Real& a, const Real& b) {
  const int order = compare(a, b);
  return order < 0 || (order == 0 && a.negative && !b.negative);
}

Real pick(const Lane& lane, const Real& a, const Real& b, bool smaller) {
  if (a.is_nan() || b.is_nan()) {
    if (lane.has("NaN")) return nan();
    return a.is_nan() ? b : a;
  }
  return less(a, b) == smaller ? a : b;
}

/// .abs: of the magnitudes; .xorsign: with the sign that a product would have, NaNs' signs counted.
Real minimum_or_maximum(const Lane& lane, const Real& a, const Real& b) {
  const bool smaller = lane.step->source->opcode == "min";
  if (!lane.has("abs")) return pick(lane, a, b, smaller);
  Real result = pick(lane, absolute(a), absolute(b), smaller);
  if (lane.has("xorsign")) result.negative = a.negative != b.negative;
  return result;
}

using Binary = Real (*)(const Lane&, const Real&, const Real&);
using Ternary = Real (*)(const Lane&, const Real&, const Real&, const Real&);

Real multiply_add(const Lane& lane, const Real& a, const Real& b, const Real& c) {
  return add(multiply(a, b), c, lane.rounding());
}

Real extreme_of_three(const Lane& lane, const Real& a, const Real& b, const Real& c) {
  return minimum_or_maximum(lane, minimum_or_maximum(lane, a, b), c);
}

template <Binary function>
void binary(Lane& lane) {
  lane.set_real(0, function(lane, lane.real(1), lane.real(2)));
}

template <Ternary function>
void ternary(Lane& lane) {
  lane.set_real(0, function(lane, lane.real(1), lane.real(2), lane.real(3)));
}

void min_max(Lane& lane) {
  if (lane.has_operand(3)) return ternary<extreme_of_three>(lane);
  binary<minimum_or_maximum>(lane);
}

void reciprocal(Lane& lane) {
  lane.set_real(0, divide(one(), lane.real(1)));
}
void root(Lane& lane) {
  lane.set_real(0, square_root(lane.real(1)));
}
void reciprocal_root(Lane& lane) {
  // Twice rounded, the first time far beyond the error that the manual allows.
  const Real root = square_root(lane.real(1));
  lane.set_real(
      0, divide(one(), root.is_nan() || root.is_zero() || root.is_infinite()
                           ? root
                           : decode(encode(root, format_named("f64")), format_named("f64"))));
}

// --- Bits of the sign

/// abs and neg act on the sign alone; a NaN stays one, with a payload that is not told.
template <Real (*function)(Real)>
void sign_only(Lane& lane) {
  const Real value = lane.real(1);
  if (value.is_nan()) return lane.set(0, lane.bits(1));
  lane.set(0, encode(function(value), format_of(lane.type())));
}

/// The sign of a on the magnitude of b.
void copysign(Lane& lane) {
  const unsigned top = lane.width() - 1;
  lane.set(0, low_bits(lane.bits(2), top) | Bits{bit(lane.bits(1), top)} << top);
}

void testp(Lane& lane) {
  const Format& format = format_of(lane.type());
  const Real a = decode(lane.bits(1), format);
  const bool finite = !a.is_nan() && !a.is_infinite();
  const bool subnormal = finite && !a.is_zero() && flush(a, format).is_zero();
  const struct {
    std::string_view name;
    bool value;
  } properties[] = {{"finite", finite},       {"infinite", a.is_infinite()},
                    {"number", !a.is_nan()},  {"notanumber", a.is_nan()},
                    {"subnormal", subnormal}, {"normal", finite && !a.is_zero() && !subnormal}};
  for (const auto& property : properties)
    if (lane.has(property.name)) lane.set_predicate(0, property.value);
}

// --- Approximations

template <double (*function)(double)>
void approximate(Lane& lane) {
  lane.set_real(0, from_double(function(to_double(lane.real(1)))));
}

double sine(double x) {
  return std::sin(x);
}
double cosine(double x) {
  return std::cos(x);
}
double power_of_two(double x) {
  return std::exp2(x);
}
double logarithm(double x) {
  return std::log2(x);
}
double hyperbolic_tangent(double x) {
  return std::tanh(x);
}

/// The upper half of an f64 only; the lower is zero. Subnormal operands count as zero.
void gross_f64(Lane& lane) {
  const Format& format = format_of(ScalarType::kF64);
  const Bits upper = lane.bits(1) >> 32 << 32;
  const Real a = flush(decode(upper, format), format);
  const bool is_root = lane.step->source->opcode == "rsqrt";
  const Real result =
      divide(one(), is_root && !a.is_zero() ? decode(encode(square_root(a), format), format) : a);
  lane.set(0, encode(flush(result, format), format) >> 32 << 32);
}

// --- Two numbers in one register

struct Halves {
  ScalarType type;
  unsigned bits;
};

Halves halves_of(ScalarType type) {
  if (type == ScalarType::kF16x2) return {ScalarType::kF16, 16};
  if (type == ScalarType::kBf16x2) return {ScalarType::kBf16, 16};
  return {ScalarType::kF32, 32};
}

Real half(const Lane& lane, unsigned operand, const Halves& halves, unsigned part) {
  const Bits bits = low_bits(lane.bits(operand) >> (part * halves.bits), halves.bits);
  return lane.flushed(decode(bits, format_of(halves.type)), halves.type);
}

template <class Function>
void on_halves(Lane& lane, Function function) {
  const Halves halves = halves_of(lane.type());
  Bits result = 0;
  for (unsigned part : {0u, 1u})
    result |= lane.finish_real(function(halves, part), halves.type) << (part * halves.bits);
  lane.set(0, result);
}

template <Binary function>
void binary_halves(Lane& lane) {
  on_halves(lane, [&](const Halves& h, unsigned part) {
    return function(lane, half(lane, 1, h, part), half(lane, 2, h, part));
  });
}

template <Ternary function>
void ternary_halves(Lane& lane) {
  on_halves(lane, [&](const Halves& h, unsigned part) {
    return function(lane, half(lane, 1, h, part), half(lane, 2, h, part), half(lane, 3, h, part));
  });
}

template <double (*function)(double)>
void approximate_halves(Lane& lane) {
  on_halves(lane, [&](const Halves& h, unsigned part) {
    return from_double(function(to_double(half(lane, 1, h, part))));
  });
}

template <Real (*function)(Real)>
void sign_halves(Lane& lane) {
  const Halves halves = halves_of(lane.type());
  const Format& format = format_of(halves.type);
  Bits result = 0;
  for (unsigned part : {0u, 1u}) {
    const Real value = half(lane, 1, halves, part);
    const Bits same = low_bits(lane.bits(1) >> (part * halves.bits), halves.bits);
    result |= (value.is_nan() ? same : encode(function(value), format)) << (part * halves.bits);
  }
  lane.set(0, result);
}

/// The NaN that stands for "out of bounds": one of the factors of fma.oob makes the result zero.
bool is_out_of_bounds(Bits bits) {
  return low_bits(bits, 16) == 0x7ff7;
}

void fma_oob(Lane& lane) {
  if (is_out_of_bounds(lane.bits(1)) || is_out_of_bounds(lane.bits(2))) return lane.set(0, 0);
  ternary<multiply_add>(lane);
}

/// Each half by itself.
void fma_oob_halves(Lane& lane) {
  on_halves(lane, [&](const Halves& h, unsigned part) {
    for (unsigned operand : {1u, 2u})
      if (is_out_of_bounds(lane.bits(operand) >> (part * h.bits))) return zero(false);
    return multiply_add(lane, half(lane, 1, h, part), half(lane, 2, h, part),
                        half(lane, 3, h, part));
  });
}

// --- Mixed precision: halves widened to f32

template <bool negated>
void add_mixed(Lane& lane) {
  const Real a = decode(lane.bits(1, lane.type(1)), format_of(lane.type(1)));
  const Real c = lane.real(2, ScalarType::kF32);
  const Real sum_of = negated ? add(a, negate(c), lane.rounding()) : add(a, c, lane.rounding());
  lane.set_real(0, sum_of, ScalarType::kF32);
}

void fma_mixed(Lane& lane) {
  const Format& format = format_of(lane.type(1));
  const Real a = decode(lane.bits(1, lane.type(1)), format);
  const Real b = decode(lane.bits(2, lane.type(1)), format);
  const Real c = lane.real(3, ScalarType::kF32);
  lane.set_real(0, add(multiply(a, b), c, lane.rounding()), ScalarType::kF32);
}

constexpr Row kRows[] = {
    {"add{.<round>}{.ftz}{.sat}.f32", binary<sum>},
    {"add{.<round>}.f64", binary<sum>},
    {"sub{.<round>}{.ftz}{.sat}.f32", binary<difference>},
    {"sub{.<round>}.f64", binary<difference>},
    {"mul{.<round>}{.ftz}{.sat}.f32", binary<product>},
    {"mul{.<round>}.f64", binary<product>},
    {"fma.<round>{.ftz}{.sat}.f32", ternary<multiply_add>},
    {"fma.<round>.f64", ternary<multiply_add>},
    {"mad{.<round>}{.ftz}{.sat}.f32", ternary<multiply_add>},
    {"mad.<round>.f64", ternary<multiply_add>},
    {"div.<round>{.ftz}.f32", binary<quotient>},
    {"div.approx|full{.ftz}.f32", binary<quotient>},
    {"div.<round>.f64", binary<quotient>},
    {"min{.ftz}{.NaN}{.xorsign}{.abs}.f32", min_max},
    {"min.f64", min_max},
    {"max{.ftz}{.NaN}{.xorsign}{.abs}.f32", min_max},
    {"max.f64", min_max},
    {"abs{.ftz}.f32|f16|bf16", sign_only<absolute>},
    {"abs.f64", sign_only<absolute>},
    {"neg{.ftz}.f32|f16|bf16", sign_only<negate>},
    {"neg.f64", sign_only<negate>},
    {"copysign.f32|f64", copysign},
    {"testp.finite|infinite|number|notanumber|normal|subnormal.f32|f64", testp},
    {"rcp.<round>{.ftz}.f32", reciprocal},
    {"rcp.approx{.ftz}.f32", reciprocal},
    {"rcp.<round>.f64", reciprocal},
    {"rcp.approx.ftz.f64", gross_f64},
    {"sqrt.<round>{.ftz}.f32", root},
    {"sqrt.approx{.ftz}.f32", root},
    {"sqrt.<round>.f64", root},
    {"rsqrt.approx{.ftz}.f32", reciprocal_root},
    {"rsqrt.approx.f64", reciprocal_root},
    {"rsqrt.approx.ftz.f64", gross_f64},
    {"sin.approx{.ftz}.f32", approximate<sine>},
    {"cos.approx{.ftz}.f32", approximate<cosine>},
    {"lg2.approx{.ftz}.f32", approximate<logarithm>},
    {"ex2.approx{.ftz}.f32", approximate<power_of_two>},
    {"tanh.approx.f32", approximate<hyperbolic_tangent>},
    // Half precision
    {"add{.rn}{.ftz}{.sat}.f16", binary<sum>},
    {"add{.rn}{.ftz}{.sat}.f16x2", binary_halves<sum>},
    {"add{.rn}.bf16", binary<sum>},
    {"add{.rn}.bf16x2", binary_halves<sum>},
    {"sub{.rn}{.ftz}{.sat}.f16", binary<difference>},
    {"sub{.rn}{.ftz}{.sat}.f16x2", binary_halves<difference>},
    {"sub{.rn}.bf16", binary<difference>},
    {"sub{.rn}.bf16x2", binary_halves<difference>},
    {"mul{.rn}{.ftz}{.sat}.f16", binary<product>},
    {"mul{.rn}{.ftz}{.sat}.f16x2", binary_halves<product>},
    {"mul{.rn}.bf16", binary<product>},
    {"mul{.rn}.bf16x2", binary_halves<product>},
    {"fma.rn{.ftz}{.sat}.f16", ternary<multiply_add>},
    {"fma.rn{.ftz}{.sat}.f16x2", ternary_halves<multiply_add>},
    {"fma.rn{.ftz}.relu.f16", ternary<multiply_add>},
    {"fma.rn{.ftz}.relu.f16x2", ternary_halves<multiply_add>},
    {"fma.rn{.relu}.bf16", ternary<multiply_add>},
    {"fma.rn{.relu}.bf16x2", ternary_halves<multiply_add>},
    {"fma.rn.oob{.relu}.f16|bf16", fma_oob},
    {"fma.rn.oob{.relu}.f16x2|bf16x2", fma_oob_halves},
    {"abs{.ftz}.f16x2|bf16x2", sign_halves<absolute>},
    {"neg{.ftz}.f16x2|bf16x2", sign_halves<negate>},
    {"min{.ftz}{.NaN}{.xorsign}{.abs}.f16|bf16", min_max},
    {"min{.ftz}{.NaN}{.xorsign}{.abs}.f16x2|bf16x2", binary_halves<minimum_or_maximum>},
    {"max{.ftz}{.NaN}{.xorsign}{.abs}.f16|bf16", min_max},
    {"max{.ftz}{.NaN}{.xorsign}{.abs}.f16x2|bf16x2", binary_halves<minimum_or_maximum>},
    {"tanh.approx.f16|bf16", approximate<hyperbolic_tangent>},
    {"tanh.approx.f16x2|bf16x2", approximate_halves<hyperbolic_tangent>},
    {"ex2.approx.f16", approximate<power_of_two>},
    {"ex2.approx.f16x2", approximate_halves<power_of_two>},
    {"ex2.approx.ftz.bf16", approximate<power_of_two>},
    {"ex2.approx.ftz.bf16x2", approximate_halves<power_of_two>},
    // Two f32 in one register
    {"add{.<round>}{.ftz}.f32x2", binary_halves<sum>},
    {"sub{.<round>}{.ftz}.f32x2", binary_halves<difference>},
    {"mul{.<round>}{.ftz}.f32x2", binary_halves<product>},
    {"fma.<round>{.ftz}.f32x2", ternary_halves<multiply_add>},
    // Mixed precision
    {"add{.<round>}{.sat}.f32.f16|bf16", add_mixed<false>},
    {"sub{.<round>}{.sat}.f32.f16|bf16", add_mixed<true>},
    {"fma.<round>{.sat}.f32.f16|bf16", fma_mixed},
};

}  // namespace

Rows floating_point_rows() {
  return kRows;
}

}  // namespace cuda_shim::tests::interpreter
