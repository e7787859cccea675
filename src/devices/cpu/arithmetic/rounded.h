#pragma once
// Correctly rounded operations in two ways: by the processor's rounding mode (anywhere), and by
// AVX-512's rounding in the instruction (many times quicker, for no control register is written).
// host_functions.cpp picks.

#include <cstdint>

#include "devices/cpu/arithmetic/rounding_mode.h"

namespace cuda_shim::devices::cpu::arithmetic {

// name, result, parameters, arguments: the rounded functions of host_abi.def.
#define CUDA_SHIM_ROUNDED_FUNCTIONS(ROW)                          \
  ROW(add_f32, float, (float a, float b), (a, b))                 \
  ROW(mul_f32, float, (float a, float b), (a, b))                 \
  ROW(fma_f32, float, (float a, float b, float c), (a, b, c))     \
  ROW(div_f32, float, (float a, float b), (a, b))                 \
  ROW(sqrt_f32, float, (float a), (a))                            \
  ROW(add_f64, double, (double a, double b), (a, b))              \
  ROW(mul_f64, double, (double a, double b), (a, b))              \
  ROW(fma_f64, double, (double a, double b, double c), (a, b, c)) \
  ROW(div_f64, double, (double a, double b), (a, b))              \
  ROW(sqrt_f64, double, (double a), (a))                          \
  ROW(cvt_f32_f64, float, (double a), (a))                        \
  ROW(cvt_f32_s64, float, (std::int64_t a), (a))                  \
  ROW(cvt_f32_u64, float, (std::uint64_t a), (a))                 \
  ROW(cvt_f64_s64, double, (std::int64_t a), (a))                 \
  ROW(cvt_f64_u64, double, (std::uint64_t a), (a))

/// Under the rounding mode that the thread has.
namespace current_mode {
#define CUDA_SHIM_ROW(name, result, parameters, arguments) result name parameters;
CUDA_SHIM_ROUNDED_FUNCTIONS(CUDA_SHIM_ROW)
#undef CUDA_SHIM_ROW
}  // namespace current_mode

#if defined(__x86_64__)
/// With the mode in the instruction; only where the processor has AVX-512F.
template <RoundingMode mode>
struct Avx512 {
#define CUDA_SHIM_ROW(name, result, parameters, arguments) \
  [[gnu::target("avx512f")]] static result name parameters;
  CUDA_SHIM_ROUNDED_FUNCTIONS(CUDA_SHIM_ROW)
#undef CUDA_SHIM_ROW
};
extern template struct Avx512<RoundingMode::kNearestEven>;
extern template struct Avx512<RoundingMode::kZero>;
extern template struct Avx512<RoundingMode::kDown>;
extern template struct Avx512<RoundingMode::kUp>;
#endif

}  // namespace cuda_shim::devices::cpu::arithmetic
