// How far apart two results are. Compiled without -ffast-math, so that a NaN is seen.
#pragma once

#include <cstddef>

namespace bench {

/// The largest |got - expected| / (|expected| + root mean square of expected); infinity if a value
/// is no number.
double largest_difference(const float* got, const float* expected, std::size_t count);
double largest_difference(const double* got, const double* expected, std::size_t count);

/// The share of elements of `size` bytes that differ at all.
double share_that_differs(const void* got, const void* expected, std::size_t size,
                          std::size_t count);

}  // namespace bench
