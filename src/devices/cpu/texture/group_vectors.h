#pragma once
// Vectors of 16 lanes for every instruction set: compilers split what is too wide.

#include <cstdint>

namespace cuda_shim::devices::cpu {

constexpr unsigned kWidth = 16;
using Floats [[gnu::vector_size(4 * kWidth)]] = float;
using Ints [[gnu::vector_size(4 * kWidth)]] = std::int32_t;
using Words [[gnu::vector_size(4 * kWidth)]] = std::uint32_t;

}  // namespace cuda_shim::devices::cpu
