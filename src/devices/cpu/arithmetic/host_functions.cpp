// The last section of host_abi.def: arithmetic that translated code cannot do by itself.

#include "cuda_shim/host_abi.h"
#include "devices/cpu/arithmetic/rounded.h"

namespace cuda_shim::devices::cpu::arithmetic {
namespace {

#if defined(__x86_64__)

bool has_avx512() {
  return __builtin_cpu_supports("avx512f") != 0;
}

#define CUDA_SHIM_ROW(name, result, parameters, arguments)       \
  result dispatch_##name(RoundingMode mode, auto... a) {         \
    if (has_avx512()) switch (mode) {                            \
        case RoundingMode::kNearestEven:                         \
          return Avx512<RoundingMode::kNearestEven>::name(a...); \
        case RoundingMode::kZero:                                \
          return Avx512<RoundingMode::kZero>::name(a...);        \
        case RoundingMode::kDown:                                \
          return Avx512<RoundingMode::kDown>::name(a...);        \
        case RoundingMode::kUp:                                  \
          return Avx512<RoundingMode::kUp>::name(a...);          \
      }                                                          \
    const RoundingScope scope(mode);                             \
    return current_mode::name(a...);                             \
  }

#else

#define CUDA_SHIM_ROW(name, result, parameters, arguments) \
  result dispatch_##name(RoundingMode mode, auto... a) {   \
    const RoundingScope scope(mode);                       \
    return current_mode::name(a...);                       \
  }

#endif

CUDA_SHIM_ROUNDED_FUNCTIONS(CUDA_SHIM_ROW)
#undef CUDA_SHIM_ROW

/// Only the low two bits of a mode count, so that no value is out of range.
RoundingMode mode_of(std::uint32_t rounding) {
  return static_cast<RoundingMode>(rounding & 3);
}

}  // namespace
}  // namespace cuda_shim::devices::cpu::arithmetic

namespace arithmetic = cuda_shim::devices::cpu::arithmetic;

#define CUDA_SHIM_UNPACK(...) __VA_ARGS__
#define CUDA_SHIM_ROW(name, result, parameters, arguments)                                         \
  extern "C" result cuda_shim_host_##name(CUDA_SHIM_UNPACK parameters, std::uint32_t rounding) {   \
    return arithmetic::dispatch_##name(arithmetic::mode_of(rounding), CUDA_SHIM_UNPACK arguments); \
  }
CUDA_SHIM_ROUNDED_FUNCTIONS(CUDA_SHIM_ROW)
#undef CUDA_SHIM_ROW
#undef CUDA_SHIM_UNPACK
