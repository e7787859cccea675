#pragma once
// How many CUDA threads a vector holds, and which: the facts that one specialised version of a
// kernel is made for.

#include <cstdint>

namespace cuda_shim::kernels::simd {

/// How the threads of a block are dealt out to groups, each of which is one vector.
enum class Grouping {
  kLinear,  ///< by linear thread index: a group is (part of) a warp
  kRows,    ///< within rows of equal y and z: x counts up, y and z are the same for all lanes
};

/// One group is `lanes` threads. With known block dimensions, group and mask follow from constants.
struct Lanes {
  unsigned count = 32;
  Grouping grouping = Grouping::kLinear;
  std::uint32_t block[3] = {};     ///< dimensions; all 0: any
  bool embedded_rounding = false;  ///< the machine has AVX-512's

  bool knows_block() const { return block[0] != 0; }
  bool one_dimensional() const { return knows_block() && block[1] * block[2] == 1; }
  /// Whether tid.x counts up by one from lane to lane, and y and z are the same for all.
  bool tid_counts_up() const {
    return grouping == Grouping::kRows || one_dimensional() ||
           (knows_block() && block[0] % count == 0);
  }
  /// Whether every group is full.
  bool always_full() const {
    if (!knows_block()) return false;
    if (grouping == Grouping::kRows) return block[0] % count == 0;
    return std::uint64_t{block[0]} * block[1] * block[2] % count == 0;
  }
};

}  // namespace cuda_shim::kernels::simd
