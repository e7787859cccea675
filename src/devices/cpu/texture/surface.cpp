#include "devices/cpu/texture/surface.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "devices/cpu/texture/texel.h"

namespace cuda_shim::devices::cpu {
namespace {

cuda_shim_boundary boundary_of(std::uint32_t operation) {
  return static_cast<cuda_shim_boundary>(operation >> CUDA_SHIM_SURFACE_BOUNDARY_SHIFT & 3);
}
unsigned element_bytes(std::uint32_t operation) {
  return 1u << (operation >> CUDA_SHIM_SURFACE_BYTES_SHIFT & 3);
}
unsigned access_bytes(std::uint32_t operation) {
  return element_bytes(operation) << (operation >> CUDA_SHIM_SURFACE_VECTOR_SHIFT & 3);
}

/// The place of an access; no address: outside, where nothing happens and noughts are read.
struct Place {
  std::uint64_t address = 0;
  SurfaceAccess access = SurfaceAccess::kDone;
};

// Which of layer, y and z the geometry has.
struct Shape {
  bool layered, rows, slices;
};
constexpr Shape kShapes[] = {{false, false, false}, {false, true, false}, {false, true, true},
                             {true, false, false},  {true, true, false},  {true, true, false},
                             {true, true, false}};

/// Coordinates are signed; false outside, unless they are clamped. `most` is the last one inside.
bool put_inside(std::int64_t& coordinate, std::int64_t most, bool clamp) {
  if (coordinate >= 0 && coordinate <= most) return true;
  coordinate = std::clamp<std::int64_t>(coordinate, 0, std::max<std::int64_t>(most, 0));
  return clamp && most >= 0;
}

Place find_place(const cuda_shim_texture& surface, std::uint32_t operation,
                 const std::uint32_t* words) {
  const cuda_shim_texture_level& level = surface.level[0];
  const Shape& shape = kShapes[operation & CUDA_SHIM_TEXTURE_GEOMETRY_MASK];
  const cuda_shim_boundary boundary = boundary_of(operation);
  const auto word = [&](unsigned index) {
    return std::int64_t{static_cast<std::int32_t>(words[index])};
  };
  const bool formatted = (operation & CUDA_SHIM_SURFACE_FORMATTED) != 0;
  const std::int64_t bytes = formatted ? texel_bytes(surface) : access_bytes(operation);
  const std::int64_t row = std::int64_t{level.width} * texel_bytes(surface);
  std::int64_t x = word(CUDA_SHIM_TEXTURE_WORD_COORDINATES) * (formatted ? bytes : 1);
  std::int64_t y = shape.rows ? word(CUDA_SHIM_TEXTURE_WORD_COORDINATES + 1) : 0;
  std::int64_t z = shape.layered  ? word(CUDA_SHIM_TEXTURE_WORD_LAYER)
                   : shape.slices ? word(CUDA_SHIM_TEXTURE_WORD_COORDINATES + 2)
                                  : 0;
  const bool clamp = boundary == CUDA_SHIM_BOUNDARY_CLAMP;
  const bool inside = put_inside(x, row - bytes, clamp) && put_inside(y, level.height - 1, clamp) &&
                      put_inside(z, level.depth - 1, clamp);
  if (!inside)
    return {0,
            boundary == CUDA_SHIM_BOUNDARY_ZERO ? SurfaceAccess::kDone : SurfaceAccess::kOutside};
  if (x % bytes != 0) return {0, SurfaceAccess::kMisaligned};
  return {level.address + static_cast<std::uint64_t>(z) * level.slice +
          static_cast<std::uint64_t>(y) * level.pitch + static_cast<std::uint64_t>(x)};
}

// --- Reductions

template <class T>
T reduced(cuda_shim_surface_reduction kind, T old, T operand) {
  using Signed = std::make_signed_t<T>;
  const auto a = static_cast<Signed>(old), b = static_cast<Signed>(operand);
  switch (kind) {
    case CUDA_SHIM_SURFACE_ADD:
      return old + operand;
    case CUDA_SHIM_SURFACE_MIN_U:
      return std::min(old, operand);
    case CUDA_SHIM_SURFACE_MAX_U:
      return std::max(old, operand);
    case CUDA_SHIM_SURFACE_MIN_S:
      return static_cast<T>(std::min(a, b));
    case CUDA_SHIM_SURFACE_MAX_S:
      return static_cast<T>(std::max(a, b));
    case CUDA_SHIM_SURFACE_AND:
      return old & operand;
    case CUDA_SHIM_SURFACE_OR:
      return old | operand;
  }
  return old;
}

/// Of a formatted reduction, the format says whether numbers have a sign.
cuda_shim_surface_reduction reduction_of(const cuda_shim_texture& surface,
                                         std::uint32_t operation) {
  const auto kind =
      static_cast<cuda_shim_surface_reduction>(operation >> CUDA_SHIM_SURFACE_REDUCE_SHIFT & 7);
  const bool formatted = (operation & CUDA_SHIM_SURFACE_FORMATTED) != 0;
  if (!formatted || surface.texel != CUDA_SHIM_TEXEL_S32) return kind;
  return kind == CUDA_SHIM_SURFACE_MIN_U   ? CUDA_SHIM_SURFACE_MIN_S
         : kind == CUDA_SHIM_SURFACE_MAX_U ? CUDA_SHIM_SURFACE_MAX_S
                                           : kind;
}

template <class T>
void reduce(cuda_shim_surface_reduction kind, std::uint64_t address, const void* data) {
  T operand;
  std::memcpy(&operand, data, sizeof operand);
  std::atomic_ref<T> place(*reinterpret_cast<T*>(address));
  T old = place.load(std::memory_order_relaxed);
  while (
      !place.compare_exchange_weak(old, reduced(kind, old, operand), std::memory_order_relaxed)) {
  }
}

}  // namespace

SurfaceAccess load_surface(const cuda_shim_texture& surface, std::uint32_t operation,
                           const std::uint32_t* words, void* data) {
  const Place place = find_place(surface, operation, words);
  if (place.address != 0)
    std::memcpy(data, reinterpret_cast<const void*>(place.address), access_bytes(operation));
  else
    std::memset(data, 0, access_bytes(operation));
  return place.access;
}

SurfaceAccess store_surface(const cuda_shim_texture& surface, std::uint32_t operation,
                            const std::uint32_t* words, const void* data) {
  const Place place = find_place(surface, operation, words);
  if (place.address == 0) return place.access;
  if (operation & CUDA_SHIM_SURFACE_FORMATTED)
    write_texel(surface, place.address, static_cast<const std::uint32_t*>(data),
                1u << (operation >> CUDA_SHIM_SURFACE_VECTOR_SHIFT & 3));
  else
    std::memcpy(reinterpret_cast<void*>(place.address), data, access_bytes(operation));
  return place.access;
}

SurfaceAccess reduce_surface(const cuda_shim_texture& surface, std::uint32_t operation,
                             const std::uint32_t* words, const void* data) {
  const Place place = find_place(surface, operation, words);
  if (place.address == 0) return place.access;
  // What is wider than a texel reaches out of the last one.
  if ((operation & CUDA_SHIM_SURFACE_FORMATTED) != 0 &&
      element_bytes(operation) > texel_bytes(surface))
    return SurfaceAccess::kOutside;
  const cuda_shim_surface_reduction kind = reduction_of(surface, operation);
  if (element_bytes(operation) == 8)
    reduce<std::uint64_t>(kind, place.address, data);
  else
    reduce<std::uint32_t>(kind, place.address, data);
  return place.access;
}

}  // namespace cuda_shim::devices::cpu
