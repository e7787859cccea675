#pragma once
// Registers and places of the random kernels.

#include <cstddef>

namespace cuda_shim::tests::structured {

struct RegisterClass {
  const char* prefix;
  const char* type;
};

/// Variables, which any statement may read and write, and temporaries of one statement.
inline constexpr RegisterClass kTemporaries[] = {
    {"p", "pred"}, {"a", "b32"}, {"l", "b64"}, {"h", "b16"}, {"f", "f32"}, {"d", "f64"},
    {"u", "b32"},  // the same for all threads of a block
    {"q", "pred"}, {"t", "b32"}, {"x", "b64"}, {"s", "b16"}, {"e", "f32"}, {"g", "f64"},
};

inline constexpr unsigned kWords = 5, kLongs = 2, kHalves = 2, kFloats = 3, kDoubles = 2,
                          kPredicates = 3, kUniform = 3;

// The kernel's memory: random input; arrays that all threads add to; then the columns, where each
// thread has places of its own; and last the variables at the end.
inline constexpr unsigned kInputBytes = 8192;
inline constexpr unsigned kSums = 6;  ///< arrays, one for each operation
inline constexpr unsigned kSumElements = 16;
inline constexpr unsigned kSumBytes = kSums * kSumElements * 8;
inline constexpr unsigned kLocalBytes = 64;

}  // namespace cuda_shim::tests::structured
