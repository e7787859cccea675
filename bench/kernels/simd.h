// Vectors for the solutions by hand: one register of this machine, in the compilers' own vector
// types, so that the same text uses AVX-512, AVX2 or NEON.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <utility>

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

/// Lane i of the result is lane kFrom(i) of a, or of b where kFrom(i) is beyond a's lanes. As a
/// constant, since compilers would build what is computed lane by lane at run time.
template <auto kFrom, class T>
[[gnu::always_inline]] inline Vector<T> shuffle(Vector<T> a, Vector<T> b) {
  return [&]<std::size_t... lane>(std::index_sequence<lane...>) __attribute__((always_inline)) {
    return __builtin_shufflevector(a, b, kFrom(int(lane))...);
  }(std::make_index_sequence<kLanes<T>>());
}

/// base[index], lane by lane.
[[gnu::always_inline]] inline Vector<float> gather(const float* base, Vector<std::int32_t> index) {
#if defined(__AVX512F__)
  return (Vector<float>)_mm512_i32gather_ps((__m512i)index, base, 4);
#else
  Vector<float> values;
  for (int lane = 0; lane < kLanes<float>; ++lane) values[lane] = base[index[lane]];
  return values;
#endif
}

/// The transposed of a square of kLanes<float> rows, in place: rows that are `kApart` apart
/// exchange the elements whose place has another bit there than the row's, for one bit after the
/// other.
template <int kApart = 1>
[[gnu::always_inline]] inline void transpose_in_registers(Vector<float>* rows) {
  constexpr int kSide = kLanes<float>;
#pragma GCC unroll 16
  for (int row = 0; row < kSide; ++row) {
    if (row & kApart) continue;
    const Vector<float> a = rows[row], b = rows[row + kApart];
    rows[row] =
        shuffle<[](int lane) { return lane & kApart ? kSide + lane - kApart : lane; }, float>(a, b);
    rows[row + kApart] =
        shuffle<[](int lane) { return lane & kApart ? kSide + lane : lane + kApart; }, float>(a, b);
  }
  if constexpr (kApart * 2 < kSide) transpose_in_registers<kApart * 2>(rows);
}

}  // namespace bench
