#include "difference.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace bench {
namespace {

template <class T>
double difference_of(const T* got, const T* expected, std::size_t count) {
  double squares = 0;
  for (std::size_t i = 0; i < count; ++i) squares += double(expected[i]) * double(expected[i]);
  const double scale = std::sqrt(squares / double(count));
  double largest = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double apart = std::abs(double(got[i]) - double(expected[i]));
    if (!std::isfinite(apart)) return std::numeric_limits<double>::infinity();
    if (apart != 0) largest = std::max(largest, apart / (std::abs(double(expected[i])) + scale));
  }
  return largest;
}

}  // namespace

double largest_difference(const float* got, const float* expected, std::size_t count) {
  return difference_of(got, expected, count);
}

double largest_difference(const double* got, const double* expected, std::size_t count) {
  return difference_of(got, expected, count);
}

double share_that_differs(const void* got, const void* expected, std::size_t size,
                          std::size_t count) {
  const auto* a = static_cast<const std::byte*>(got);
  const auto* b = static_cast<const std::byte*>(expected);
  std::size_t differing = 0;
  for (std::size_t i = 0; i < count; ++i)
    differing += std::memcmp(a + i * size, b + i * size, size) != 0;
  return double(differing) / double(count);
}

}  // namespace bench
