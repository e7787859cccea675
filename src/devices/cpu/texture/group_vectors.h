#pragma once
// Vectors of 16 lanes for every instruction set: compilers split what is too wide.

#include <cstdint>

namespace cuda_shim::devices::cpu {

constexpr unsigned kWidth = 16;
using Floats [[gnu::vector_size(4 * kWidth)]] = float;
using Ints [[gnu::vector_size(4 * kWidth)]] = std::int32_t;
using Words [[gnu::vector_size(4 * kWidth)]] = std::uint32_t;

/// The first and the second of two words that follow each other.
struct WordPairs {
  Words first, second;
};

#define CUDA_SHIM_APART(low, high)                                                                \
  {__builtin_shufflevector(low, high, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30), \
   __builtin_shufflevector(low, high, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31)}

}  // namespace cuda_shim::devices::cpu
