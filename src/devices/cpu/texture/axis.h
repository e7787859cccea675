#pragma once
// One axis of a fetch: which texels a coordinate means (CUDA C++ programming guide, appendix
// "Texture Fetching").

#include <cstdint>

#include "cuda_shim/texture.h"

namespace cuda_shim::devices::cpu {

/// Outside, where the border's colour is returned.
constexpr std::int64_t kOutside = -1;

/// The texels to the left and to the right of a coordinate, and the weight of the right one.
struct Footprint {
  std::int64_t left, right;
  float weight;  ///< a multiple of 1/256
};

/// What a coordinate is read by.
struct Axis {
  std::uint32_t extent;  ///< texels
  cuda_shim_address_mode mode;
  bool normalized;
  std::int32_t offset;  ///< texels to go on
};

/// A weight of 8 bits behind the point, from one in [0, 1]: ties go to even. As a sum, because the
/// oldest x86-64 has no instruction for it.
inline float rounded_weight(float weight) {
  constexpr float kNoFraction = 0x1.8p23f;
  return (weight * 256.0f + kNoFraction - kNoFraction) / 256.0f;
}

/// The texel that `index` means.
std::int64_t texel_at(const Axis& axis, std::int64_t index);
/// The texel that the coordinate lies in.
std::int64_t nearest(const Axis& axis, float coordinate);
/// The texels whose centres the coordinate lies between. The weight has 8 bits behind the point.
Footprint between(const Axis& axis, float coordinate);

}  // namespace cuda_shim::devices::cpu
