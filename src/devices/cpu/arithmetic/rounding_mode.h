#pragma once
// Rounding modes as the device operations number them, set on the processor for the length of a
// scope.

#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#else
#include <cfenv>
#endif

namespace cuda_shim::devices::cpu::arithmetic {

enum class RoundingMode : std::uint32_t { kNearestEven = 0, kZero = 1, kDown = 2, kUp = 3 };

/// Sets the mode of the calling thread; the destructor puts the former one back. Arithmetic inside
/// must be in a function compiled with FENV_ACCESS, or the compiler may move it out.
class RoundingScope {
 public:
#if defined(__x86_64__)
  explicit RoundingScope(RoundingMode mode) : saved_(_mm_getcsr()) {
    // MXCSR.RC, bits 14:13: 0 nearest, 1 down, 2 up, 3 zero.
    constexpr std::uint32_t kControl[] = {0u << 13, 3u << 13, 1u << 13, 2u << 13};
    _mm_setcsr((saved_ & ~(3u << 13)) | kControl[static_cast<std::uint32_t>(mode) & 3]);
  }
  ~RoundingScope() { _mm_setcsr(saved_); }
#else
  explicit RoundingScope(RoundingMode mode)
      : saved_(static_cast<std::uint32_t>(std::fegetround())) {
    constexpr int kModes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD};
    std::fesetround(kModes[static_cast<std::uint32_t>(mode) & 3]);
  }
  ~RoundingScope() { std::fesetround(static_cast<int>(saved_)); }
#endif
  RoundingScope(const RoundingScope&) = delete;
  RoundingScope& operator=(const RoundingScope&) = delete;

 private:
  std::uint32_t saved_;
};

}  // namespace cuda_shim::devices::cpu::arithmetic
