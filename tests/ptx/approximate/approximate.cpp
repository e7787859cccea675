// The errors of the approximate instructions, measured against MPFR and held against the bounds of
// the PTX manual (section 9.7.3 and 9.7.4).
//
//   ptx_approximate [VALUES]    values for each row, 20000 if not given; forms of 16 bits take all
//
// Values are spread evenly over the bit patterns of each row's range, so over all exponents.

#include <cuda.h>
#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <random>

#include "ptx/approximate/reference.h"
#include "ptx/exhaustive/engine_form.h"
#include "ptx/first_device.h"

namespace cuda_shim::tests {
namespace {

// --- The functions

void reciprocal(mpfr_ptr result, mpfr_srcptr a, mpfr_srcptr) {
  mpfr_ui_div(result, 1, a, MPFR_RNDN);
}
void square_root(mpfr_ptr result, mpfr_srcptr a, mpfr_srcptr) {
  mpfr_sqrt(result, a, MPFR_RNDN);
}
void reciprocal_square_root(mpfr_ptr result, mpfr_srcptr a, mpfr_srcptr) {
  mpfr_rec_sqrt(result, a, MPFR_RNDN);
}
void sine(mpfr_ptr result, mpfr_srcptr a, mpfr_srcptr) {
  mpfr_sin(result, a, MPFR_RNDN);
}
void cosine(mpfr_ptr result, mpfr_srcptr a, mpfr_srcptr) {
  mpfr_cos(result, a, MPFR_RNDN);
}
void logarithm(mpfr_ptr result, mpfr_srcptr a, mpfr_srcptr) {
  mpfr_log2(result, a, MPFR_RNDN);
}
void power_of_two(mpfr_ptr result, mpfr_srcptr a, mpfr_srcptr) {
  mpfr_exp2(result, a, MPFR_RNDN);
}
void hyperbolic_tangent(mpfr_ptr result, mpfr_srcptr a, mpfr_srcptr) {
  mpfr_tanh(result, a, MPFR_RNDN);
}
void quotient(mpfr_ptr result, mpfr_srcptr a, mpfr_srcptr b) {
  mpfr_div(result, a, b, MPFR_RNDN);
}

// --- The bounds

/// Magnitudes of the operands that a bound is for.
struct Range {
  double least, most;
  bool negative;  ///< negative ones too
};

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr Range kAll = {0, kInfinity, true};
constexpr Range kPositive = {0x1p-1074, 0x1.fffffep127, false};
constexpr Range kPositiveNormal = {0x1p-126, 0x1.fffffep127, false};

struct Bound {
  const char* instruction;  ///< without operands
  Number format;
  Function exact;
  Range a;
  Measure measure;
  double most;  ///< the bound
  const char* from = "manual";
  Range b = {};  ///< of a division's divisor
};

// The manual's, of PTX ISA 9.0: div 9.7.3.8, rcp 9.7.3.13, sqrt .15, rsqrt .16, sin .18, cos .19,
// lg2 .20, ex2 .21, tanh .22; of halves tanh 9.7.4.9, ex2 9.7.4.10. It gives no bound for the three
// of f64 (9.7.3.14, .16, .17); theirs are what this engine promises: the two
// `.ftz.f64` keep the 20 bits of the mantissa that they are said to work on.
constexpr Bound kBounds[] = {
    {"rcp.approx.f32", Number::kF32, reciprocal, kAll, Measure::kUlp, 1},
    {"rcp.approx.ftz.f32", Number::kF32, reciprocal, kAll, Measure::kUlp, 1},
    {"sqrt.approx.f32", Number::kF32, square_root, kPositive, Measure::kRelative, 0x1p-23},
    {"sqrt.approx.ftz.f32", Number::kF32, square_root, kPositiveNormal, Measure::kRelative,
     0x1p-23},
    {"rsqrt.approx.f32", Number::kF32, reciprocal_square_root, kPositive, Measure::kRelative,
     0x1.125fbfp-23},  // 2^-22.9
    {"rsqrt.approx.ftz.f32", Number::kF32, reciprocal_square_root, kPositiveNormal,
     Measure::kRelative, 0x1.125fbfp-23},
    {"sin.approx.f32",
     Number::kF32,
     sine,
     {0, 6.2831853, true},
     Measure::kAbsolute,
     0x1.6a09e6p-21},
    {"sin.approx.ftz.f32",
     Number::kF32,
     sine,
     {0, 6.2831853, true},
     Measure::kAbsolute,
     0x1.6a09e6p-21},  // 2^-20.5
    {"sin.approx.f32",
     Number::kF32,
     sine,
     {0, 314.15926, true},
     Measure::kAbsolute,
     0x1.3b2c47p-15},
    {"cos.approx.f32",
     Number::kF32,
     cosine,
     {0, 6.2831853, true},
     Measure::kAbsolute,
     0x1.6a09e6p-21},
    {"cos.approx.ftz.f32",
     Number::kF32,
     cosine,
     {0, 6.2831853, true},
     Measure::kAbsolute,
     0x1.6a09e6p-21},
    {"cos.approx.f32",
     Number::kF32,
     cosine,
     {0, 314.15926, true},
     Measure::kAbsolute,
     0x1.3b2c47p-15},  // 2^-14.7
    {"lg2.approx.f32", Number::kF32, logarithm, {0.5, 2, false}, Measure::kAbsolute, 0x1p-22},
    {"lg2.approx.f32",
     Number::kF32,
     logarithm,
     {0x1p-149, 0.5, false},
     Measure::kRelative,
     0x1p-22},
    {"lg2.approx.f32",
     Number::kF32,
     logarithm,
     {2, 0x1.fffffep127, false},
     Measure::kRelative,
     0x1p-22},
    {"lg2.approx.ftz.f32", Number::kF32, logarithm, {0.5, 2, false}, Measure::kAbsolute, 0x1p-22},
    {"lg2.approx.ftz.f32",
     Number::kF32,
     logarithm,
     {0x1p-126, 0.5, false},
     Measure::kRelative,
     0x1p-22},
    {"lg2.approx.ftz.f32",
     Number::kF32,
     logarithm,
     {2, 0x1.fffffep127, false},
     Measure::kRelative,
     0x1p-22},
    {"ex2.approx.f32", Number::kF32, power_of_two, kAll, Measure::kUlp, 2},
    {"ex2.approx.ftz.f32", Number::kF32, power_of_two, kAll, Measure::kUlp, 2},
    {"tanh.approx.f32", Number::kF32, hyperbolic_tangent, kAll, Measure::kRelative, 0x1p-11},
    {"div.approx.f32",
     Number::kF32,
     quotient,
     kAll,
     Measure::kUlp,
     2,
     "manual",
     {0x1p-126, 0x1p126, true}},
    {"div.approx.ftz.f32",
     Number::kF32,
     quotient,
     kAll,
     Measure::kUlp,
     2,
     "manual",
     {0x1p-126, 0x1p126, true}},
    {"div.full.f32", Number::kF32, quotient, kAll, Measure::kUlp, 2, "manual", kAll},
    {"div.full.ftz.f32", Number::kF32, quotient, kAll, Measure::kUlp, 2, "manual", kAll},
    {"ex2.approx.f16", Number::kF16, power_of_two, kAll, Measure::kRelative, 0x1.125fbfp-10},
    {"ex2.approx.ftz.bf16", Number::kBf16, power_of_two, kAll, Measure::kRelative, 0x1p-7},
    {"tanh.approx.f16", Number::kF16, hyperbolic_tangent, kAll, Measure::kAbsolute, 0x1.025135p-11},
    {"tanh.approx.bf16", Number::kBf16, hyperbolic_tangent, kAll, Measure::kAbsolute, 0x1p-8},
    {"rsqrt.approx.f64",
     Number::kF64,
     reciprocal_square_root,
     {0x1p-1074, 0x1p1023, false},
     Measure::kUlp,
     2,
     "ours"},
    {"rcp.approx.ftz.f64",
     Number::kF64,
     reciprocal,
     {0x1p-1021, 0x1p1020, true},
     Measure::kRelative,
     0x1p-19,
     "ours"},
    {"rsqrt.approx.ftz.f64",
     Number::kF64,
     reciprocal_square_root,
     {0x1p-1022, 0x1p1023, false},
     Measure::kRelative,
     0x1p-19,
     "ours"},
};

bool is_in(const Range& range, double value) {
  const double magnitude = std::abs(value);
  return !std::isnan(value) && magnitude >= range.least && magnitude <= range.most &&
         (range.negative || !std::signbit(value));
}

// --- Measuring

ValueType value_type(Number format) {
  const unsigned bits = bits_of(format);
  return {fmt::format("b{}", bits), bits, "", bits};
}

Form form_of(const Bound& bound) {
  Form form;
  const bool two = bound.exact == quotient;
  form.text = fmt::format("{} d, a{}", bound.instruction, two ? ", b" : "");
  form.result = value_type(bound.format);
  form.operands.assign(two ? 2 : 1, form.result);
  return form;
}

/// Values of the range, spread over its bit patterns; of 16 bits all.
std::vector<std::uint64_t> values_in(const Range& range, Number format, unsigned count,
                                     std::mt19937_64& random) {
  const unsigned bits = bits_of(format);
  std::vector<std::uint64_t> values;
  if (bits == 16) {
    for (std::uint64_t value = 0; value < 1 << 16; ++value)
      if (is_in(range, decode(value, format))) values.push_back(value);
    return values;
  }
  while (values.size() < count) {
    const std::uint64_t value = random() >> (64 - bits);
    if (is_in(range, decode(value, format))) values.push_back(value);
  }
  return values;
}

struct Worst {
  double distance = -1;
  double a = 0, b = 0, result = 0;
};

class Measurement {
 public:
  Measurement(const Bound& bound, unsigned count) : bound_(bound), form_(form_of(bound)) {
    std::mt19937_64 random(1);
    values_.push_back(values_in(bound.a, bound.format, count, random));
    if (form_.operands.size() == 2)
      values_.push_back(values_in(bound.b, bound.format, count, random));
  }

  /// The largest error found; negative with a message if nothing could be measured.
  Worst run(std::string& error) {
    const auto count = static_cast<unsigned>(values_[0].size());
    const unsigned rounded = (count + kFormThreads - 1) / kFormThreads * kFormThreads;
    const unsigned size = form_.result.memory_bytes();
    EngineForm engine(form_, rounded);
    std::vector<std::vector<std::byte>> operands;
    for (const auto& values : values_) {
      auto& bytes = operands.emplace_back(std::size_t{size} * rounded);
      for (unsigned i = 0; i < count; ++i)
        std::memcpy(&bytes[std::size_t{size} * i], &values[i], size);
    }
    std::vector<std::byte> results(std::size_t{size} * rounded);
    if (engine.error().empty()) engine.run(operands, results);
    error = engine.error();
    if (!error.empty()) return {};
    for (unsigned i = 0; i < count; ++i) {
      std::uint64_t bits = 0;
      std::memcpy(&bits, &results[std::size_t{size} * i], size);
      measure(i, decode(bits, bound_.format));
    }
    return worst_;
  }

 private:
  double operand(unsigned index, unsigned i) const {
    const double value = decode(values_[index][i], bound_.format);
    return flushes() && std::abs(value) < smallest_normal(bound_.format) ? std::copysign(0, value)
                                                                         : value;
  }
  bool flushes() const { return std::string_view(bound_.instruction).contains(".ftz"); }

  void measure(unsigned i, double result) {
    const double a = operand(0, i), b = values_.size() > 1 ? operand(1, i) : 0;
    mpfr_set_d(a_.get(), a, MPFR_RNDN);
    mpfr_set_d(b_.get(), b, MPFR_RNDN);
    bound_.exact(exact_.get(), a_.get(), b_.get());
    const double least = smallest_normal(bound_.format);
    // A result that is flushed is not an error of the approximation.
    const bool tiny = mpfr_cmpabs_ui(exact_.get(), 0) > 0 && mpfr_inf_p(exact_.get()) == 0 &&
                      std::abs(mpfr_get_d(exact_.get(), MPFR_RNDA)) <= least;
    if (flushes() && tiny && std::abs(result) <= least) return;
    const double far = distance(result, exact_, bound_.measure, bound_.format);
    if (far > worst_.distance) worst_ = {far, a, b, result};
  }

  const Bound& bound_;
  Form form_;
  std::vector<std::vector<std::uint64_t>> values_;
  Exact a_, b_, exact_;
  Worst worst_;
};

std::string show(double value, Measure measure) {
  if (measure == Measure::kUlp) return fmt::format("{:.3f} ulp", value);
  return fmt::format("2^{:.2f} {}", std::log2(value),
                     measure == Measure::kAbsolute ? "absolute" : "relative");
}

bool check(const Bound& bound, unsigned count) {
  std::string error;
  const Worst worst = Measurement(bound, count).run(error);
  const bool good = error.empty() && worst.distance >= 0 && worst.distance <= bound.most;
  fmt::print("{:24} error {:>20}, bound {:>20} ({}){}\n", bound.instruction,
             show(worst.distance, bound.measure), show(bound.most, bound.measure), bound.from,
             good ? ""
                  : fmt::format("  WRONG: {} a={:a} b={:a} gives {:a}", error, worst.a, worst.b,
                                worst.result));
  return good;
}

}  // namespace
}  // namespace cuda_shim::tests

int main(int count, char** arguments) {
  using namespace cuda_shim::tests;
  const unsigned values =
      count > 1 ? static_cast<unsigned>(std::strtoul(arguments[1], nullptr, 10)) : 20'000;
  if (!open_first_device()) return 1;
  bool good = values > 0;
  for (const Bound& bound : kBounds) good &= check(bound, values);
  return good ? 0 : 1;
}
