// Vectors for the solutions by hand: one register of this machine, in the compilers' own vector
// types, so that the same text uses AVX-512, AVX2 or NEON.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace bench {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
constexpr int kRegisters = 32;
#elif defined(__AVX__)
constexpr int kVectorBytes = 32;
constexpr int kRegisters = 16;
#else
constexpr int kVectorBytes = 16;
constexpr int kRegisters = 32;
#endif

template <class T>
constexpr int kLanes = kVectorBytes / int(sizeof(T));

template <class T>
struct VectorOf {
  typedef T Type __attribute__((vector_size(kVectorBytes), may_alias));
};
template <class T>
using Vector = typename VectorOf<T>::Type;

template <class T>
[[gnu::always_inline]] inline Vector<T> load(const T* place) {
  Vector<T> value;
  std::memcpy(&value, place, sizeof(value));
  return value;
}

template <class T>
[[gnu::always_inline]] inline void store(T* place, Vector<T> value) {
  std::memcpy(place, &value, sizeof(value));
}

template <class T>
[[gnu::always_inline]] inline Vector<T> broadcast(T value) {
  return Vector<T>{} + value;
}

template <class T>
[[gnu::always_inline]] inline T sum(Vector<T> value) {
  T total = 0;
  for (int lane = 0; lane < kLanes<T>; ++lane) total += value[lane];
  return total;
}

/// Past the caches, for results larger than these: saves reading what is overwritten. The place
/// must be aligned to the vector; stream_fence() makes the stores visible to others.
[[gnu::always_inline]] inline void stream(float* place, Vector<float> value) {
#if defined(__AVX512F__)
  _mm512_stream_ps(place, (__m512)value);
#elif defined(__AVX__)
  _mm256_stream_ps(place, (__m256)value);
#else
  store(place, value);
#endif
}

[[gnu::always_inline]] inline void stream_fence() {
#if defined(__x86_64__)
  _mm_sfence();
#endif
}

/// 1 / sqrt(x) to 23 bits or so: an estimate and one step of Newton's.
[[gnu::always_inline]] inline Vector<float> reciprocal_root(Vector<float> x) {
#if defined(__AVX512F__)
  const Vector<float> estimate = (Vector<float>)_mm512_rsqrt14_ps((__m512)x);
#elif defined(__AVX__)
  const Vector<float> estimate = (Vector<float>)_mm256_rsqrt_ps((__m256)x);
#else
  Vector<float> estimate;
  for (int lane = 0; lane < kLanes<float>; ++lane) estimate[lane] = 1 / std::sqrt(x[lane]);
#endif
  return estimate * (1.5f - 0.5f * x * estimate * estimate);
}

/// e^x for x in [-87, 88], relative error below 3e-7: x = k ln 2 + r, a polynomial for e^r, and k
/// into the exponent.
[[gnu::always_inline]] inline Vector<float> exponential(Vector<float> x) {
  using Ints = Vector<std::int32_t>;
#if defined(__AVX512F__)
  const Vector<float> k = (Vector<float>)_mm512_roundscale_ps((__m512)(x * 1.44269504f), 0);
#elif defined(__AVX__)
  const Vector<float> k = (Vector<float>)_mm256_round_ps(
      (__m256)(x * 1.44269504f), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
#else
  Vector<float> k;
  for (int lane = 0; lane < kLanes<float>; ++lane) k[lane] = std::nearbyint(x[lane] * 1.44269504f);
#endif
  const Vector<float> r = x - k * 0.693145752f - k * 1.42860677e-6f;
  Vector<float> p = broadcast(1.3888889e-3f);
  p = p * r + 8.3333333e-3f;
  p = p * r + 4.1666667e-2f;
  p = p * r + 1.6666667e-1f;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const Ints exponent = (__builtin_convertvector(k, Ints) + 127) << 23;
  return p * (Vector<float>)exponent;
}

/// The transposed of a square of kLanes<float> rows, in place: at stage s, rows that are 2^s apart
/// exchange the elements whose place has bit s unlike the row's.
[[gnu::always_inline]] inline void transpose_in_registers(Vector<float>* rows) {
  constexpr int kSide = kLanes<float>;
#pragma GCC unroll 4
  for (int apart = 1; apart < kSide; apart *= 2) {
    Vector<std::int32_t> low, high;
    for (int lane = 0; lane < kSide; ++lane) {
      low[lane] = lane & apart ? kSide + lane - apart : lane;
      high[lane] = lane & apart ? kSide + lane : lane + apart;
    }
#pragma GCC unroll 16
    for (int row = 0; row < kSide; ++row) {
      if (row & apart) continue;
      const Vector<float> a = rows[row], b = rows[row + apart];
      rows[row] = __builtin_shuffle(a, b, low);
      rows[row + apart] = __builtin_shuffle(a, b, high);
    }
  }
}

}  // namespace bench
