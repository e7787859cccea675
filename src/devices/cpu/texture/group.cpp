#include "devices/cpu/texture/group.h"

#include <bit>

#include "devices/cpu/texture/fetch.h"
#include "devices/cpu/texture/group_plan.h"
#include "devices/cpu/texture/group_vectors.h"
#include "devices/cpu/texture/texel.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace cuda_shim::devices::cpu {

#if defined(__x86_64__)

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
namespace avx2 {
[[gnu::always_inline]] inline Words gather_words(const char* base, Ints place) {
  union {
    Words all;
    __m256i half[2];
  } words;
  union {
    Ints all;
    __m256i half[2];
  } places = {place};
  const int* from = reinterpret_cast<const int*>(base);
  for (unsigned i = 0; i < 2; ++i) words.half[i] = _mm256_i32gather_epi32(from, places.half[i], 1);
  return words.all;
}
[[gnu::always_inline]] inline WordPairs gather_pairs(const char* base, Ints place) {
  union {
    Words half[2];
    __m256i quarter[4];
  } words;
  union {
    Ints all;
    __m128i quarter[4];
  } places = {place};
  const auto* from = reinterpret_cast<const long long*>(base);
  for (unsigned i = 0; i < 4; ++i)
    words.quarter[i] = _mm256_i32gather_epi64(from, places.quarter[i], 1);
  return CUDA_SHIM_APART(words.half[0], words.half[1]);
}
#include "devices/cpu/texture/group_body.h"
}  // namespace avx2
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl"))), \
                             apply_to = function)
namespace avx512 {
[[gnu::always_inline]] inline Words gather_words(const char* base, Ints place) {
  return reinterpret_cast<Words>(_mm512_i32gather_epi32(reinterpret_cast<__m512i>(place), base, 1));
}
[[gnu::always_inline]] inline WordPairs gather_pairs(const char* base, Ints place) {
  union {
    Ints all;
    __m256i half[2];
  } places = {place};
  const Words low = reinterpret_cast<Words>(_mm512_i32gather_epi64(places.half[0], base, 1));
  const Words high = reinterpret_cast<Words>(_mm512_i32gather_epi64(places.half[1], base, 1));
  return CUDA_SHIM_APART(low, high);
}
#include "devices/cpu/texture/group_body.h"
}  // namespace avx512
#pragma clang attribute pop

VectorCodes vector_codes() {
  VectorCodes found = {};
  unsigned count = 0;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
    found[count++] = &avx512::kFetches;
  if (__builtin_cpu_supports("avx2")) found[count++] = &avx2::kFetches;
  return found;
}

#else

namespace any {
[[gnu::always_inline]] inline Words gather_words(const char* base, Ints place) {
  Words all;
  for (unsigned i = 0; i < kWidth; ++i) {
    std::uint32_t word;
    __builtin_memcpy(&word, base + place[i], sizeof word);
    all[i] = word;
  }
  return all;
}
[[gnu::always_inline]] inline WordPairs gather_pairs(const char* base, Ints place) {
  return {gather_words(base, place), gather_words(base + 4, place)};
}
#include "devices/cpu/texture/group_body.h"
}  // namespace any

VectorCodes vector_codes() {
  return {&any::kFetches};
}

#endif

namespace {

void fetch_lanes(const cuda_shim_texture& texture, std::uint32_t operation, const LaneGroup& group,
                 std::uint64_t which) {
  for (; which != 0; which &= which - 1) {
    const auto lane = static_cast<unsigned>(std::countr_zero(which));
    std::uint32_t words[CUDA_SHIM_TEXTURE_WORDS], result[4];
    for (unsigned k = 0; k < CUDA_SHIM_TEXTURE_WORDS; ++k)
      words[k] = group.words[k * group.lanes + lane];
    fetch_texture(texture, operation, words, result);
    for (unsigned c = 0; c < 4; ++c) group.results[c * group.lanes + lane] = result[c];
  }
}

}  // namespace

void fetch_texture_group(const cuda_shim_texture& texture, std::uint32_t operation,
                         const LaneGroup& group) {
  fetch_by(vector_codes()[0], texture, operation, group);
}

void fetch_by(const GroupFetches* code, const cuda_shim_texture& texture, std::uint32_t operation,
              const LaneGroup& group) {
  GroupPlan plan;
  if (code == nullptr || !plan_group(texture, operation, plan))
    return fetch_lanes(texture, operation, group, group.active);
  const std::uint64_t left =
      code->fetch[static_cast<unsigned>(plan.bits)][plan.channels](plan, group);
  fetch_lanes(texture, operation, group, left & group.active);
}

}  // namespace cuda_shim::devices::cpu
