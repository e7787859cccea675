#pragma once
// The closed vocabulary of modifier words, as one table that both the compile-time check of rows
// and the matcher use: a word's number is its place in modifiers.def followed by types.def.
//
// The table is open-addressed and built by the compiler, so that looking up a word costs one hash
// and one comparison and no start-up.

#include <array>
#include <cstdint>
#include <iterator>
#include <string_view>

namespace cuda_shim::kernels::instructions {

enum class WordCategory : std::uint8_t {
  kType,
  kRounding,
  kComparison,
  kBoolean,
  kSpace,
  kScope,
  kSemantics,
  kCache,
  kEviction,
  kShape,
  kVector,
  kOperation,
  kOther,
};

struct Word {
  std::string_view text;  ///< without the dot
  WordCategory category;
};

inline constexpr Word kWords[] = {
#define CUDA_SHIM_PTX_MODIFIER(word, category) {word, WordCategory::category},
#include "kernels/instructions/modifiers.def"
#undef CUDA_SHIM_PTX_MODIFIER
#define CUDA_SHIM_PTX_TYPE(name, spelling, bits, kind) {spelling, WordCategory::kType},
#include "kernels/ptx/types.def"
#undef CUDA_SHIM_PTX_TYPE
};

inline constexpr unsigned kWordCount = std::size(kWords);
inline constexpr unsigned kNoWord = ~0u;

/// FNV-1a: short, and quick enough for words of ten letters.
constexpr std::uint32_t hash_word(std::string_view text) {
  std::uint32_t hash = 2166136261u;
  for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash ^ (hash >> 15);
}

namespace words_detail {

inline constexpr unsigned kSlots = 2048;
static_assert(kWordCount * 2 < kSlots);

consteval std::array<std::uint16_t, kSlots> build_table() {
  std::array<std::uint16_t, kSlots> table = {};  // 0: empty, else word + 1
  for (unsigned word = 0; word < kWordCount; ++word) {
    unsigned slot = hash_word(kWords[word].text) % kSlots;
    while (table[slot] != 0) slot = (slot + 1) % kSlots;
    table[slot] = static_cast<std::uint16_t>(word + 1);
  }
  return table;
}

inline constexpr std::array<std::uint16_t, kSlots> kTable = build_table();

}  // namespace words_detail

/// The number of a word (without dot), or kNoWord.
constexpr unsigned find_word(std::string_view text) {
  using words_detail::kSlots, words_detail::kTable;
  for (unsigned slot = hash_word(text) % kSlots; kTable[slot] != 0; slot = (slot + 1) % kSlots)
    if (kWords[kTable[slot] - 1].text == text) return kTable[slot] - 1u;
  return kNoWord;
}

}  // namespace cuda_shim::kernels::instructions
