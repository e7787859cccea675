#include "devices/cpu/texture/cube.h"

#include <bit>
#include <cmath>

namespace cuda_shim::devices::cpu {
namespace {

/// Which components of a direction count on a face, and by which sign (the programming guide's
/// table).
struct FaceAxes {
  std::uint8_t major, s, t;
  float major_sign, s_sign, t_sign;
};
constexpr FaceAxes kFaces[kCubeFaces] = {{0, 2, 1, 1, -1, -1}, {0, 2, 1, -1, 1, -1},
                                         {1, 0, 2, 1, 1, 1},   {1, 0, 2, -1, 1, -1},
                                         {2, 0, 1, 1, 1, -1},  {2, 0, 1, -1, -1, -1}};

float as_float(std::uint32_t bits) {
  return std::bit_cast<float>(bits);
}

template <class T>
unsigned face_of_direction(T x, T y, T z) {
  const T ax = std::fabs(x), ay = std::fabs(y), az = std::fabs(z);
  if (ax >= ay && ax >= az) return std::signbit(x) ? 1 : 0;
  if (ay >= az) return std::signbit(y) ? 3 : 2;
  return std::signbit(z) ? 5 : 4;
}

/// From -1 to 1 along a face: the middle of a texel.
double middle(std::int64_t index, std::uint32_t extent) {
  return (2.0 * static_cast<double>(index) + 1.0) / extent - 1.0;
}
std::int64_t texel_of(double place, std::uint32_t extent) {
  return static_cast<std::int64_t>((place + 1.0) / 2.0 * extent);
}

}  // namespace

OnFace on_face(unsigned face, const std::uint32_t* words) {
  const FaceAxes& axes = kFaces[face];
  return {axes.major_sign * as_float(words[axes.major]), axes.s_sign * as_float(words[axes.s]),
          axes.t_sign * as_float(words[axes.t])};
}

unsigned face_of(const std::uint32_t* direction) {
  return face_of_direction(as_float(direction[0]), as_float(direction[1]), as_float(direction[2]));
}

// The direction to the middle of the place leaves the face, and meets the one beside within the
// texel wanted: it is off by less than half of one.
FacePlace across_edge(unsigned face, std::int64_t s, std::int64_t t, std::uint32_t extent) {
  const FaceAxes& from = kFaces[face];
  double direction[3];
  direction[from.major] = from.major_sign;
  direction[from.s] = from.s_sign * middle(s, extent);
  direction[from.t] = from.t_sign * middle(t, extent);
  const unsigned beside = face_of_direction(direction[0], direction[1], direction[2]);
  const FaceAxes& to = kFaces[beside];
  const double major = to.major_sign * direction[to.major];
  return {beside, texel_of(to.s_sign * direction[to.s] / major, extent),
          texel_of(to.t_sign * direction[to.t] / major, extent)};
}

}  // namespace cuda_shim::devices::cpu
