#pragma once
// How many CUDA threads a vector holds, and which: the facts that one specialised version of a
// kernel is made for.

#include <cstdint>

#include "cuda_shim/host_abi.h"

namespace cuda_shim::kernels::simd {

/// Lanes whose texels the device fetches at once: their mask is one number.
constexpr unsigned kMostLanesOfTexture = 64;

/// How the threads of a block are dealt out to groups, each of which is one vector.
enum class Grouping {
  kLinear,  ///< by linear thread index: a group is (part of) a warp
  kRows,    ///< within rows of equal y and z: x counts up, y and z are the same for all lanes
};

/// One group is `lanes` threads. With known block dimensions, group and mask follow from constants.
struct Lanes {
  unsigned count = 32;
  Grouping grouping = Grouping::kLinear;
  /// Lanes of a row, a power of two that divides the count: x counts up within it. What holds only
  /// within rows is known of each. 0: there are no rows.
  unsigned row = 0;
  std::uint32_t block[3] = {};     ///< dimensions; all 0: any
  bool embedded_rounding = false;  ///< the machine has AVX-512's

  bool has_rows() const { return row != 0 && row < count; }
  unsigned rows() const { return has_rows() ? count / row : 1; }
  /// As if each row were a group.
  Lanes of_row() const {
    Lanes lanes = *this;
    lanes.count = row;
    return lanes;
  }
  /// Whether all lanes belong to one warp, whatever the block.
  bool within_warp() const { return grouping == Grouping::kLinear && count <= CUDA_SHIM_WARP_SIZE; }
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
