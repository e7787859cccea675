#pragma once
// Sample floats, and host arithmetic under a rounding mode for comparison.

#include <cfenv>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "kernels/instructions/arithmetic/instruction_runner.h"

namespace cuda_shim::kernels::instructions::testing {

struct Mode {
  const char* word;
  int host;
};

inline constexpr Mode kModes[] = {
    {"rn", FE_TONEAREST}, {"rz", FE_TOWARDZERO}, {"rm", FE_DOWNWARD}, {"rp", FE_UPWARD}};

/// Evaluates a function of volatile-loaded operands under the mode.
template <class F>
auto under(int mode, F function) {
  std::fesetround(mode);
  const volatile auto result = function();
  std::fesetround(FE_TONEAREST);
  return static_cast<decltype(function())>(result);
}

/// Edge values, neighbours of powers of two, and random patterns. No NaN: those are tested by
/// themselves.
template <class T, class Bits>
std::vector<T> float_samples(int count) {
  std::vector<T> values = {T(0),
                           T(-0.0),
                           T(1),
                           T(-1),
                           T(1.5),
                           T(3),
                           T(0.1),
                           INFINITY,
                           -T(INFINITY),
                           std::numeric_limits<T>::max(),
                           std::numeric_limits<T>::min(),
                           std::numeric_limits<T>::denorm_min(),
                           -std::numeric_limits<T>::denorm_min()};
  std::mt19937_64 random(3);
  while (static_cast<int>(values.size()) < count) {
    const T value = std::bit_cast<T>(static_cast<Bits>(random()));
    if (!std::isnan(value)) values.push_back(value);
    values.push_back(static_cast<T>(static_cast<std::int64_t>(random() % 2000) - 1000) / 8);
  }
  return values;
}

inline std::vector<float> singles(int count) {
  return float_samples<float, std::uint32_t>(count);
}
inline std::vector<double> doubles(int count) {
  return float_samples<double, std::uint64_t>(count);
}

inline float flushed(float value) {
  return std::fpclassify(value) == FP_SUBNORMAL ? std::copysign(0.0f, value) : value;
}

/// What an f32 instruction writes: NaN is 0x7fffffff.
inline std::uint64_t canonical(float value) {
  return std::isnan(value) ? 0x7fffffffu : to_bits(value);
}

}  // namespace cuda_shim::kernels::instructions::testing
