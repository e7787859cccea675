#pragma once
// The exact values that approximate instructions stand for, by MPFR, and the distance of a result
// from them.

#include <mpfr.h>

#include <cstdint>

namespace cuda_shim::tests {

/// A number of so many bits that its own error does not matter beside those that are measured.
class Exact {
 public:
  Exact() { mpfr_init2(value_, kPrecision); }
  ~Exact() { mpfr_clear(value_); }
  Exact(const Exact&) = delete;

  mpfr_ptr get() { return value_; }
  mpfr_srcptr get() const { return value_; }

 private:
  static constexpr mpfr_prec_t kPrecision = 200;
  mpfr_t value_;
};

using Function = void (*)(mpfr_ptr result, mpfr_srcptr a, mpfr_srcptr b);

/// How the manual bounds an error.
enum class Measure {
  kAbsolute,
  kRelative,
  kUlp  ///< units in the last place of the exact value in the result's format
};

/// The formats of operands and results.
enum class Number { kF16, kBf16, kF32, kF64 };

double decode(std::uint64_t bits, Number format);
unsigned bits_of(Number format);
/// The smallest positive normal number.
double smallest_normal(Number format);

/// The distance between a result and the exact value. A finite result for an exact value beyond the
/// largest number is infinitely far, an infinite one exact.
double distance(double result, const Exact& exact, Measure measure, Number format);

}  // namespace cuda_shim::tests
