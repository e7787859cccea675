#include "ptx/approximate/reference.h"

#include <bit>
#include <cmath>
#include <limits>

#include "ptx/interpreter/real.h"

namespace cuda_shim::tests {
namespace {

struct Shape {
  unsigned bits;
  int mantissa;           ///< bits without the hidden one
  int smallest_exponent;  /// < of a normal number
  double largest;
};

const Shape& shape_of(Number format) {
  static const Shape kShapes[] = {
      {16, 10, -14, 65504.0},
      {16, 7, -126, 0x1.fep127},
      {32, 23, -126, 0x1.fffffep127},
      {64, 52, -1022, std::numeric_limits<double>::max()},
  };
  return kShapes[static_cast<unsigned>(format)];
}

constexpr const char* kNames[] = {"f16", "bf16", "f32", "f64"};

/// The exponent of the unit in the last place of a value.
long ulp_exponent(const Exact& exact, const Shape& shape) {
  const long exponent =
      mpfr_zero_p(exact.get()) != 0 ? shape.smallest_exponent : mpfr_get_exp(exact.get()) - 1;
  return std::max<long>(exponent, shape.smallest_exponent) - shape.mantissa;
}

}  // namespace

double decode(std::uint64_t bits, Number format) {
  if (format == Number::kF64) return std::bit_cast<double>(bits);
  const interpreter::Format& named = interpreter::format_named(kNames[static_cast<int>(format)]);
  return interpreter::to_double(interpreter::decode(bits, named));
}

unsigned bits_of(Number format) {
  return shape_of(format).bits;
}

double smallest_normal(Number format) {
  return std::ldexp(1.0, shape_of(format).smallest_exponent);
}

double distance(double result, const Exact& exact, Measure measure, Number format) {
  constexpr double kFar = std::numeric_limits<double>::infinity();
  const Shape& shape = shape_of(format);
  if (mpfr_nan_p(exact.get()) != 0) return std::isnan(result) ? 0 : kFar;
  if (std::isnan(result)) return kFar;
  const bool overflows = mpfr_cmpabs_ui(exact.get(), 0) > 0 && mpfr_inf_p(exact.get()) == 0 &&
                         std::abs(mpfr_get_d(exact.get(), MPFR_RNDZ)) >= shape.largest;
  if (mpfr_inf_p(exact.get()) != 0 || (overflows && std::isinf(result)))
    return std::isinf(result) && std::signbit(result) == (mpfr_signbit(exact.get()) != 0) ? 0
                                                                                          : kFar;
  if (std::isinf(result)) return kFar;
  Exact error;
  mpfr_sub_d(error.get(), exact.get(), result, MPFR_RNDN);
  mpfr_abs(error.get(), error.get(), MPFR_RNDN);
  if (measure == Measure::kRelative) {
    // Subnormal results have no more precision than the smallest normal one.
    Exact unit;
    mpfr_abs(unit.get(), exact.get(), MPFR_RNDN);
    if (mpfr_cmp_d(unit.get(), smallest_normal(format)) < 0)
      mpfr_set_d(unit.get(), smallest_normal(format), MPFR_RNDN);
    mpfr_div(error.get(), error.get(), unit.get(), MPFR_RNDN);
  }
  if (measure == Measure::kUlp)
    mpfr_mul_2si(error.get(), error.get(), -ulp_exponent(exact, shape), MPFR_RNDN);
  return mpfr_get_d(error.get(), MPFR_RNDN);
}

}  // namespace cuda_shim::tests
