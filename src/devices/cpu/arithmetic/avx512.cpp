// Arithmetic with the rounding mode in the instruction.

#include "devices/cpu/arithmetic/rounded.h"

#if defined(__x86_64__)

#define CUDA_SHIM_AVX512 [[gnu::target("avx512f")]]

namespace cuda_shim::devices::cpu::arithmetic {
namespace {

constexpr int embedded(RoundingMode mode) {
  constexpr int kControl[] = {_MM_FROUND_TO_NEAREST_INT, _MM_FROUND_TO_ZERO, _MM_FROUND_TO_NEG_INF,
                              _MM_FROUND_TO_POS_INF};
  return kControl[static_cast<std::uint32_t>(mode)] | _MM_FROUND_NO_EXC;
}

CUDA_SHIM_AVX512 inline __m128 vec(float a) {
  return _mm_set_ss(a);
}
CUDA_SHIM_AVX512 inline __m128d vec(double a) {
  return _mm_set_sd(a);
}
CUDA_SHIM_AVX512 inline float first(__m128 a) {
  return _mm_cvtss_f32(a);
}
CUDA_SHIM_AVX512 inline double first(__m128d a) {
  return _mm_cvtsd_f64(a);
}

}  // namespace

template <RoundingMode mode>
CUDA_SHIM_AVX512 float Avx512<mode>::add_f32(float a, float b) {
  return first(_mm_add_round_ss(vec(a), vec(b), embedded(mode)));
}
template <RoundingMode mode>
CUDA_SHIM_AVX512 float Avx512<mode>::mul_f32(float a, float b) {
  return first(_mm_mul_round_ss(vec(a), vec(b), embedded(mode)));
}
template <RoundingMode mode>
CUDA_SHIM_AVX512 float Avx512<mode>::fma_f32(float a, float b, float c) {
  return first(_mm_fmadd_round_ss(vec(a), vec(b), vec(c), embedded(mode)));
}
template <RoundingMode mode>
CUDA_SHIM_AVX512 float Avx512<mode>::div_f32(float a, float b) {
  return first(_mm_div_round_ss(vec(a), vec(b), embedded(mode)));
}
template <RoundingMode mode>
CUDA_SHIM_AVX512 float Avx512<mode>::sqrt_f32(float a) {
  return first(_mm_sqrt_round_ss(vec(a), vec(a), embedded(mode)));
}
template <RoundingMode mode>
CUDA_SHIM_AVX512 double Avx512<mode>::add_f64(double a, double b) {
  return first(_mm_add_round_sd(vec(a), vec(b), embedded(mode)));
}
template <RoundingMode mode>
CUDA_SHIM_AVX512 double Avx512<mode>::mul_f64(double a, double b) {
  return first(_mm_mul_round_sd(vec(a), vec(b), embedded(mode)));
}
template <RoundingMode mode>
CUDA_SHIM_AVX512 double Avx512<mode>::fma_f64(double a, double b, double c) {
  return first(_mm_fmadd_round_sd(vec(a), vec(b), vec(c), embedded(mode)));
}
template <RoundingMode mode>
CUDA_SHIM_AVX512 double Avx512<mode>::div_f64(double a, double b) {
  return first(_mm_div_round_sd(vec(a), vec(b), embedded(mode)));
}
template <RoundingMode mode>
CUDA_SHIM_AVX512 double Avx512<mode>::sqrt_f64(double a) {
  return first(_mm_sqrt_round_sd(vec(a), vec(a), embedded(mode)));
}
template <RoundingMode mode>
CUDA_SHIM_AVX512 float Avx512<mode>::cvt_f32_f64(double a) {
  return first(_mm_cvt_roundsd_ss(_mm_setzero_ps(), vec(a), embedded(mode)));
}
template <RoundingMode mode>
CUDA_SHIM_AVX512 float Avx512<mode>::cvt_f32_s64(std::int64_t a) {
  return first(_mm_cvt_roundi64_ss(_mm_setzero_ps(), a, embedded(mode)));
}
template <RoundingMode mode>
CUDA_SHIM_AVX512 float Avx512<mode>::cvt_f32_u64(std::uint64_t a) {
  return first(_mm_cvt_roundu64_ss(_mm_setzero_ps(), a, embedded(mode)));
}
template <RoundingMode mode>
CUDA_SHIM_AVX512 double Avx512<mode>::cvt_f64_s64(std::int64_t a) {
  return first(_mm_cvt_roundi64_sd(_mm_setzero_pd(), a, embedded(mode)));
}
template <RoundingMode mode>
CUDA_SHIM_AVX512 double Avx512<mode>::cvt_f64_u64(std::uint64_t a) {
  return first(_mm_cvt_roundu64_sd(_mm_setzero_pd(), a, embedded(mode)));
}

template struct Avx512<RoundingMode::kNearestEven>;
template struct Avx512<RoundingMode::kZero>;
template struct Avx512<RoundingMode::kDown>;
template struct Avx512<RoundingMode::kUp>;

}  // namespace cuda_shim::devices::cpu::arithmetic

#endif
