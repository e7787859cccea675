#pragma once
// The faces of a cube: where a direction meets them, and what lies beyond their edges.

#include <cstdint>

namespace cuda_shim::devices::cpu {

constexpr unsigned kCubeFaces = 6;

/// A direction, or a change of one, along the axes of a face.
struct OnFace {
  float major, s, t;
};
OnFace on_face(unsigned face, const std::uint32_t* words);
/// The face that a direction of three floats meets.
unsigned face_of(const std::uint32_t* direction);

/// A texel of a face.
struct FacePlace {
  unsigned face;
  std::int64_t s, t;
};
/// The texel of the face beside, for a place one texel beyond one edge: s or t is -1 or `extent`.
FacePlace across_edge(unsigned face, std::int64_t s, std::int64_t t, std::uint32_t extent);

}  // namespace cuda_shim::devices::cpu
