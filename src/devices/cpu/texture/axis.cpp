#include "devices/cpu/texture/axis.h"

#include <algorithm>
#include <cmath>

namespace cuda_shim::devices::cpu {
namespace {

// Farther out than any texel, and exact in a float and in an index.
constexpr float kFar = 0x1p40f;

// The coordinate in texels. Repetition is taken off before the multiplication, which would round
// the fraction away.
float position(const Axis& axis, float coordinate) {
  if (std::isnan(coordinate)) return 0;
  if (!axis.normalized) return std::clamp(coordinate, -kFar, kFar);
  float turn = coordinate;
  if (std::isinf(coordinate)) {
    turn = coordinate < 0 ? -kFar : kFar;
  } else if (axis.mode == CUDA_SHIM_ADDRESS_WRAP) {
    turn = coordinate - std::floor(coordinate);
  } else if (axis.mode == CUDA_SHIM_ADDRESS_MIRROR) {
    const float half = coordinate * 0.5f;
    turn = (half - std::floor(half)) * 2;
    if (turn > 1) turn = 2 - turn;
  }
  return std::clamp(turn * static_cast<float>(axis.extent), -kFar, kFar);
}

// Without a call of the C library, which the oldest x86-64 needs. `value` is at most kFar.
std::int64_t floor_of(float value) {
  const auto truncated = static_cast<std::int64_t>(value);
  return truncated - (static_cast<float>(truncated) > value ? 1 : 0);
}

// Most fetches are inside: there the texel is the whole part. A float tells all texels of so many
// apart.
constexpr std::uint32_t kExactExtent = 1u << 24;

bool is_inside(const Axis& axis, float coordinate) {
  return !axis.normalized && axis.offset == 0 && axis.extent <= kExactExtent && coordinate >= 0 &&
         coordinate < static_cast<float>(axis.extent);
}

std::int64_t modulo(std::int64_t index, std::int64_t count) {
  const std::int64_t rest = index % count;
  return rest < 0 ? rest + count : rest;
}

}  // namespace

std::int64_t texel_at(const Axis& axis, std::int64_t index) {
  const std::int64_t count = axis.extent;
  index += axis.offset;
  if (index >= 0 && index < count) return index;
  switch (axis.mode) {
    case CUDA_SHIM_ADDRESS_WRAP:
      return modulo(index, count);
    case CUDA_SHIM_ADDRESS_CLAMP:
      return index < 0 ? 0 : count - 1;
    case CUDA_SHIM_ADDRESS_MIRROR: {
      const std::int64_t there = modulo(index, 2 * count);
      return there < count ? there : 2 * count - 1 - there;
    }
    case CUDA_SHIM_ADDRESS_BORDER:
      return kOutside;
  }
  return kOutside;
}

std::int64_t nearest(const Axis& axis, float coordinate) {
  if (is_inside(axis, coordinate)) return static_cast<std::int64_t>(coordinate);
  return texel_at(axis, floor_of(position(axis, coordinate)));
}

Footprint between(const Axis& axis, float coordinate) {
  const float centre = position(axis, coordinate) - 0.5f;
  const std::int64_t index = floor_of(centre);
  const float weight = rounded_weight(centre - static_cast<float>(index));
  return {texel_at(axis, index), texel_at(axis, index + 1), weight};
}

}  // namespace cuda_shim::devices::cpu
